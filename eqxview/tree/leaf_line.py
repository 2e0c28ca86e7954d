"""One node in one line: the same words in the terminal app, in text and in reports.

A line has columns that a face lays out and colours as it likes:

    ● .weight   D f32[4,2]            8     32 B   cpu:0* ~1
    ○ .stride   S (2, 2)                           by value
    ◆ .act      S <function relu>                  by identity
"""

from typing import NamedTuple

from eqxview.tree.columns import NOTHING, Tree
from eqxview.tree.kinds import ROLE_MARKS, Flag, Hashing, Kind, Role
from eqxview.tree.wording import array_type, byte_size, short_count


class LeafLine(NamedTuple):
    """The columns of one line; an empty string where a node has nothing to say."""

    glyph: str
    """The role's glyph: `●` dynamic, `○` static field, `◆` static leaf, `·` none."""
    letter: str
    """`D` dynamic, `S` static, `?` not known; empty for the rest."""
    label: str
    """The last step of the key path; for the root its class."""
    what: str
    """An array's type, a static value, or a container's class."""
    elements: str
    """Elements of the arrays here and below, e.g. `25.6M`."""
    size: str
    """Bytes of the arrays here and below, e.g. `97.5 MB`."""
    remarks: str
    """Device (`*`: committed), hash class, `~1` tie, `!` problem."""


def leaf_line(tree: Tree, row: int) -> LeafLine:
    """The line of the node at `row`."""
    shape = tree.array_shape(row)
    text_index = tree.text[row]
    if shape is not None and tree.kind[row] == Kind.ARRAY:
        dtype = tree.dtypes[tree.dtype[row]]
        what = array_type(dtype, shape, weak=tree.flags[row] & _WEAK != 0)
        count, size = short_count(tree.size[row]), byte_size(tree.nbytes[row])
    elif text_index >= 0:
        what, count, size = tree.texts[text_index], "", ""
    else:
        what = container_text(tree, row)
        totals = tree.totals(row)
        count = short_count(totals.parameters) if totals.arrays else ""
        size = byte_size(totals.nbytes) if totals.arrays else ""
    label = tree.entry(row)
    if row == 0 and tree.end[0] > 1:
        # The root has no entry: it is called by what it is.
        label, what = what, ""
    mark = _MARKS[tree.role[row]]
    return LeafLine(
        mark.glyph,
        mark.letter,
        label,
        what,
        count,
        size,
        remarks(tree, row),
    )


def container_text(tree: Tree, row: int) -> str:
    """A container by its class, a sequence or dict with its length: `Linear`, `list of 3`."""
    name = tree.type_name(row)
    if tree.kind[row] in _COUNTED_KINDS:
        count = tree.child_count(row)
        return f"{name} of {count:,}" if count else f"empty {name}"
    return name


def remarks(tree: Tree, row: int) -> str:
    """What a node's line ends with."""
    key = (tree.place[row], tree.flags[row], tree.hashing[row])
    text = tree.remarks.get(key)
    if text is None:
        text = tree.remarks[key] = _remarks(tree, *key)
    if tree.ties and (tie := tree.ties.get(row)):
        return f"{text} ~{tie}".lstrip()
    return text


def _remarks(tree: Tree, place: int, flags: int, hashing: int) -> str:
    words: list[str] = []
    if place != NOTHING:
        words.append(tree.places[place].device + ("*" if flags & Flag.COMMITTED else ""))
    words += (word for flag, word in _FLAG_WORDS if flags & flag)
    words.append(Hashing(hashing).word)
    return " ".join(filter(None, words))


_MARKS = [ROLE_MARKS[role] for role in Role]
# Plain integers: `&` on members of an enumeration takes a microsecond.
_WEAK = int(Flag.WEAK)
_COUNTED_KINDS = frozenset({Kind.LIST, Kind.TUPLE, Kind.DICT})
_FLAG_WORDS = (
    (Flag.NUMPY, "numpy"),
    (Flag.FORTRAN, "column-major"),
    (Flag.DELETED, "deleted"),
    (Flag.TRACER, "tracer"),
    (Flag.UNREGISTERED, "not a pytree: one leaf for JAX"),
    (Flag.PROBLEM, "!"),
)
