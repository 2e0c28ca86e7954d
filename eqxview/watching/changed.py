"""One thing that is not in a call as it was in another."""

from dataclasses import dataclass

from eqxview.watching.site import Site


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was."""

    path: str
    """Rooted at a parameter's name, or at `<function>`, `<config>`, `<mesh>`, `<cache>`, …"""
    cause: str
    """One of the words of `causes.CAUSES`."""
    before: str = ""
    after: str = ""
    source: Site | None = None
    """The line that makes the thing, where one does."""
