"""Colour for text: the terminal's own palette, so that light and dark themes both read well."""

from typing import NamedTuple

from eqxview.document import Tone
from eqxview.tree.kinds import Role


class Palette(NamedTuple):
    """What to write before and after a coloured piece of text; all empty for no colour."""

    guide: str
    label: str
    container: str
    dynamic: str
    static: str
    faint: str
    good: str
    warning: str
    error: str
    reset: str

    def of_role(self, role: int) -> str:
        """The colour of what a node with this role says."""
        return getattr(self, _ROLE_COLOURS[role])

    def of_tone(self, tone: Tone) -> str:
        """The colour of a tone; empty for a plain one."""
        return "" if tone == "plain" else getattr(self, tone)


_ROLE_COLOURS: dict[int, str] = {
    Role.NODE: "container",
    Role.DYNAMIC: "dynamic",
    Role.STATIC_LEAF: "static",
    Role.STATIC_FIELD: "static",
    Role.NONE: "faint",
    Role.INSIDE: "faint",
    Role.UNKNOWN: "warning",
}

COLOURED = Palette(
    guide="\x1b[2m",
    label="",
    container="\x1b[34m",
    dynamic="\x1b[32m",
    static="\x1b[35m",
    faint="\x1b[2m",
    good="\x1b[32m",
    warning="\x1b[33m",
    error="\x1b[31m",
    reset="\x1b[0m",
)
PLAIN = Palette(*[""] * len(Palette._fields))
