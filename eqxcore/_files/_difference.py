"""How a checkpoint and a model differ, by name."""

import dataclasses

from ._manifest import Node
from ._trailer import CheckpointError

# Lines of each sort that a message shows.
_SHOWN = 20


@dataclasses.dataclass(frozen=True)
class Place:
    """Something that only one of the two has."""

    path: str
    """Its key path, with everything below it."""
    what: str
    """What it is: `float32[3]`, `Linear with 2 leaves`."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """Something that is another thing in the file than in the model."""

    path: str
    saved: str
    """What the file has: `float32[3]`, `jax.nn.gelu`."""
    wanted: str
    """What the model has."""


@dataclasses.dataclass(frozen=True)
class CheckpointDiff:
    """How a checkpoint and a model differ; false if they do not. As text, a line for each."""

    missing: tuple[Place, ...] = ()
    """What the model has, and the file has not."""
    extra: tuple[Place, ...] = ()
    """What the file has, and the model has not."""
    different: tuple[Difference, ...] = ()
    """What both have, of another shape, dtype, type or static value."""
    renamed: tuple[tuple[str, str], ...] = ()
    """(path in the file, path in the model) of what may have been given another name: it is
    missing there, extra here, of the same shapes, and nothing else is."""

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra or self.different)

    def __str__(self) -> str:
        lines = _cut(
            [
                f"  {item.path or 'the root'}: the file has {item.saved}, the model {item.wanted}"
                for item in self.different
            ]
        )
        for places, where in (
            (self.missing, "in the model, not in the file"),
            (self.extra, "in the file, not in the model"),
        ):
            lines += _cut([f"  {p.path or 'the root'} ({p.what}): {where}" for p in places])
        lines += _cut([f"  {old} in the file may be {new}" for old, new in self.renamed])
        # Of a file that may come from anyone.
        return "\n".join(map(_printable, lines)) or "  no difference"


class CheckpointMismatch(CheckpointError):
    """A checkpoint of another model than the one that it was to be loaded into.

    `diff` says what differs.
    """

    __module__ = "eqxcore"

    def __init__(self, message: str, diff: CheckpointDiff) -> None:
        super().__init__(message)
        self.diff = diff

    def __reduce__(self) -> tuple[type, tuple[str, CheckpointDiff]]:
        return type(self), (str(self), self.diff)


def _cut(lines: list[str]) -> list[str]:
    if len(lines) <= _SHOWN:
        return lines
    return [*lines[:_SHOWN], f"  ... and {len(lines) - _SHOWN:,} more such lines"]


def difference(path: str, saved: Node, wanted: Node) -> Difference | None:
    """How two nodes of the same key path differ, without what is below them."""
    if _essence(saved) == _essence(wanted):
        return None
    shown = shown_node(saved), shown_node(wanted)
    if saved["kind"] != wanted["kind"]:
        # A number that has become a static field, say.
        shown = (f"{shown[0]} ({_WORDS[saved['kind']]})", f"{shown[1]} ({_WORDS[wanted['kind']]})")
    elif saved["kind"] == "key" and saved["impl"] != wanted["impl"]:
        shown = (f"{shown[0]} of {saved['impl']}", f"{shown[1]} of {wanted['impl']}")
    return Difference(path, *shown)


_WORDS = {
    "array": "an array",
    "key": "random keys",
    "number": "a number",
    "leaf": "a leaf that is not saved",
    "static": "a static field",
    "none": "no leaf",
    "list": "a list",
    "tuple": "a tuple",
    "namedtuple": "a named tuple",
    "dict": "a dict",
    "module": "a module",
    "node": "a node",
}


def _essence(node: Node) -> tuple[object, ...]:
    """What must be the same of two nodes."""
    kind = node["kind"]
    if kind in ("array", "key"):
        # Not the class: the same arrays may be NumPy's here and JAX's there.
        return kind, node["dtype"], tuple(node["shape"]), node["impl"] if kind == "key" else ""
    if kind == "number":
        return kind, node["class"]
    if kind in ("leaf", "static"):
        # Not the class: that of a function is another one in each version of JAX.
        return kind, node["text"]
    if kind in ("module", "namedtuple", "node"):
        # A class that was moved to another file is the same one.
        return kind, _short(node)
    return (kind,)


def _printable(text: str) -> str:
    """The text as it may go to a terminal: that of a file may hold anything."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


def shown_node(node: Node) -> str:
    """One node in a few words."""
    kind = node["kind"]
    if kind in ("array", "key"):
        return f"{node['dtype']}[{','.join(map(str, node['shape']))}]"
    if kind == "number":
        return f"{_short(node)} {node['text']}"
    if kind in ("leaf", "static"):
        return str(node["text"])
    if kind == "none":
        return "None"
    return _short(node)


def _short(node: Node) -> str:
    return str(node["class"]).rpartition(".")[2]
