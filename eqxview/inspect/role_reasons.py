"""Why each node plays the part that it plays: a reason in words, once for all nodes alike."""

import operator
from array import array

from eqxview.inspect.hash_classes import HashClass, hash_class
from eqxview.inspect.masks import (
    MANY_ROWS,
    Mask,
    all_rows,
    as_numpy,
    at_or_below,
    both,
    childless,
    compared,
    directly_above,
    directly_below,
    looked_up,
    size,
    taken,
    with_role,
)
from eqxview.inspect.tallies import grouped
from eqxview.tree.columns import NOTHING, Tree
from eqxview.tree.kinds import Flag, Kind, Role

_TELLING = int(Flag.NUMPY | Flag.TRACER | Flag.DELETED | Flag.UNREGISTERED | Flag.PROBLEM)
"""Flags that a reason depends on."""


def reasons(tree: Tree) -> tuple[array, list[str], list[int]]:
    """For each row the number of its reason; the reasons; for each one the first row with it.

    A container has the empty reason: it is one because JAX looks at its children.
    """
    evidence = _Evidence(tree)
    parent_type = taken(tree.type, tree.parent, missing=NOTHING)
    codes, firsts = grouped(
        [
            tree.role,
            tree.kind,
            tree.type,
            parent_type,
            tree.hashing,
            evidence.flags,
            evidence.names,
            evidence.use,
            evidence.elsewhere,
            evidence.below_static,
            evidence.shared,
            evidence.childless,
        ]
    )
    texts = [_reason(tree, row, evidence) for row in firsts]
    # Nodes that differ in what a reason depends on may still have the same one.
    numbers: dict[str, int] = {}
    first_rows: list[int] = []
    for text, row in zip(texts, firsts, strict=True):
        if text not in numbers:
            numbers[text] = len(numbers)
            first_rows.append(row)
    renumbered = array("i", (numbers[text] for text in texts))
    return taken(renumbered, codes, missing=NOTHING), list(numbers), first_rows


class _Evidence:
    """What tells nodes apart, beside the columns of the tree: a small number for each row."""

    def __init__(self, tree: Tree) -> None:
        missing = with_role(tree, Role.NONE)
        self.flags = _masked_flags(tree)
        self.names = _names_where(tree, missing)
        self.use = _declared_use(tree, missing) if size(missing) else missing
        self.elsewhere = _held_elsewhere(tree, missing) if size(missing) else missing
        self.below_static: Mask = at_or_below(tree, with_role(tree, Role.STATIC_FIELD))
        shared = bytearray(len(tree))
        for row in tree.ties:
            shared[row] = 1
        self.shared = bytes(shared)
        self.childless = childless(tree)


def _masked_flags(tree: Tree) -> array:
    if len(tree) <= MANY_ROWS:
        return array("H", [flags & _TELLING for flags in tree.flags])
    return array("H", (as_numpy(tree.flags) & _TELLING).tobytes())


def _names_where(tree: Tree, mask: Mask) -> array:
    """The name of the rows in the set, `-1` for other rows and for items of sequences."""
    if len(tree) <= MANY_ROWS:
        return array(
            "i",
            [max(name, -1) if wanted else -1 for name, wanted in zip(tree.name, mask, strict=True)],
        )
    import numpy as np

    wanted = np.frombuffer(mask, np.bool_)
    names = np.where(wanted, np.maximum(as_numpy(tree.name), -1), -1)
    return array("i", names.astype(np.int32).tobytes())


IN_USE, OUT_OF_USE = 1, 2
"""What a switch says; 0 where there is none."""


def _declared_use(tree: Tree, missing: Mask) -> bytes:
    """For each `None` at `.bias` what a static field `.use_bias` beside it says."""
    everywhere = all_rows(tree)
    static = with_role(tree, Role.STATIC_FIELD)
    index = {name: number for number, name in enumerate(tree.names)}
    said = {IN_USE: 0, OUT_OF_USE: 0}
    for name, number in index.items():
        switch = index.get(f".use_{name[1:]}") if name.startswith(".") else None
        if switch is None:
            continue
        here = both(missing, compared(tree.name, operator.eq, number, everywhere))
        switches = compared(tree.name, operator.eq, switch, static)
        for answer, word in ((IN_USE, "True"), (OUT_OF_USE, "False")):
            worded = looked_up(tree.text, [text == word for text in tree.texts] + [False])
            owners = directly_above(tree, both(switches, worded))
            said[answer] |= int.from_bytes(both(here, directly_below(tree, owners)), "little")
    # No byte has both: a node has one field of a name.
    return sum(answer * rows for answer, rows in said.items()).to_bytes(len(tree), "little")


def _held_elsewhere(tree: Tree, missing: Mask) -> Mask:
    """The `None`s in a field that another node of the same class has something in."""
    parent_type = taken(tree.type, tree.parent, missing=NOTHING)
    names = _names_where(tree, b"\1" * len(tree))
    fields, firsts = grouped([parent_type, names])
    named = [tree.name[row] >= 0 for row in firsts]
    filled = bytearray(len(firsts))
    if len(tree) <= MANY_ROWS:
        for row, field in enumerate(fields):
            if not missing[row]:
                filled[field] = 1
    else:
        import numpy as np

        filled_view = np.frombuffer(filled, np.uint8)
        filled_view[as_numpy(fields)[np.frombuffer(missing, np.uint8) == 0]] = 1
    passing = [bool(full and name) for full, name in zip(filled, named, strict=True)]
    return both(missing, looked_up(fields, passing))


def _reason(tree: Tree, row: int, evidence: _Evidence) -> str:
    role, kind, flags = tree.role[row], tree.kind[row], tree.flags[row]
    match role:
        case Role.NODE:
            return ""
        case Role.DYNAMIC:
            return (
                _ARRAYS[next((flag for flag in _ARRAYS if flag and flags & flag), 0)]
                + ", shared" * evidence.shared[row]
            )
        case Role.STATIC_FIELD:
            return _static_field(tree, row)
        case Role.STATIC_LEAF:
            return _static_leaf(tree, row)
        case Role.NONE:
            return _none(tree, row, evidence)
        case Role.INSIDE:
            what = "a static field" if evidence.below_static[row] else "a leaf"
            return f"inside {what}: JAX does not look"
        case _:
            if kind == Kind.ARRAY:
                return "an array below a class that is not known"
            if tree.end[row] > row + 1:
                return f"the class {tree.type_name(row)} is not known: its fields may be static"
            return "a field that may be static, or a leaf: its class is not known"


_ARRAYS = {
    int(Flag.TRACER): "an array that is being traced",
    int(Flag.DELETED): "an array whose buffer is gone",
    int(Flag.NUMPY): "a NumPy array",
    0: "a JAX array",
}


def _static_field(tree: Tree, row: int) -> str:
    parent = tree.parent[row]
    owner = tree.type_name(parent)
    kind = tree.kind[parent]
    if kind == Kind.MODULE:
        reason = f"field(static=True) in class {owner}"
    elif kind == Kind.PARTIAL:
        reason = "the function of a Partial: in the treedef"
    else:
        reason = f"a meta field of {owner}: in the treedef"
    return f"{reason}, an array all the same" if tree.kind[row] == Kind.ARRAY else reason


def _static_leaf(tree: Tree, row: int) -> str:
    kind = Kind(tree.kind[row])
    if tree.flags[row] & Flag.UNREGISTERED:
        return f"not an array: {tree.type_name(row)} is no registered pytree"
    if hash_class(tree, row) == HashClass.BY_CODE:
        return f"not an array: {_KINDS.get(kind, kind.word)} made by code"
    if kind in (Kind.OPAQUE, Kind.DATACLASS, Kind.ENUM):
        return f"not an array: an object of class {tree.type_name(row)}"
    if kind == Kind.NUMBER:
        return f"not an array: a Python number ({tree.type_name(row)})"
    return f"not an array: {_KINDS.get(kind, f'a {kind.word}')}"


_KINDS = {
    Kind.BOOL: "a Python bool",
    Kind.TEXT: "a string",
    Kind.BYTES: "a bytes object",
    Kind.FUNCTION: "a function",
    Kind.METHOD: "a method",
    Kind.CLASS: "a class",
    Kind.PARTIAL: "a functools.partial",
    Kind.SET: "a set",
}


def _none(tree: Tree, row: int, evidence: _Evidence) -> str:
    if row == 0:
        return "None: a pytree without leaves"
    name = tree.entry(row)[1:]
    if evidence.use[row] == IN_USE:
        return f"a hole: use_{name}=True, so a filter took what was here"
    if evidence.use[row] == OUT_OF_USE:
        return f"left out: use_{name}=False"
    if evidence.elsewhere[row]:
        owner = tree.type_name(tree.parent[row])
        return f"a hole, or left out: another {owner} has something at {tree.entry(row)}"
    return "a hole, or left out: None is no leaf"
