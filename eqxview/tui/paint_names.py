"""Which paint says what: for the roles of nodes, and for the tones of documents."""

from eqxview.document import Level, Tone
from eqxview.tree.kinds import Role

PAINT_OF_ROLE = [
    {
        Role.NODE: "container",
        Role.DYNAMIC: "dynamic",
        Role.STATIC_LEAF: "static",
        Role.STATIC_FIELD: "static",
        Role.NONE: "faint",
        Role.INSIDE: "faint",
        Role.UNKNOWN: "unknown",
    }[role]
    for role in Role
]
"""By the number of the role."""

PAINT_OF_TONE: dict[Tone, str] = {
    "plain": "",
    "dynamic": "dynamic",
    "static": "static",
    "faint": "faint",
    "good": "dynamic",
    "warning": "unknown",
    "error": "wrong",
}

PAINT_OF_LEVEL: dict[Level, str] = {"info": "faint", "warning": "unknown", "error": "wrong"}
MARK_OF_LEVEL: dict[Level, str] = {"info": "·", "warning": "!", "error": "!"}
"""What stands before a note, so that it is not said by colour alone."""
