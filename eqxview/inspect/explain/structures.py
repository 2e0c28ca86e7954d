"""Trees that should have had one structure: what differs, by the names of fields."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eqxview.document import Note, Part
from eqxview.inspect.diff.changes import Change, ChangeKind
from eqxview.inspect.diff.compare import compare
from eqxview.inspect.diff.merged_tree import merged_outline
from eqxview.inspect.diff.report import DiffReport
from eqxview.inspect.explain.explanation import MAX_FINDINGS, Explanation, Finding
from eqxview.inspect.explain.naming import name_of
from eqxview.inspect.explain.scene import Scene
from eqxview.inspect.explain.seen_call import SeenCall
from eqxview.inspect.explain.static_value import UNKNOWN
from eqxview.inspect.explain.steps import Step
from eqxview.tree.columns import NOTHING, Tree
from eqxview.tree.kinds import Kind, Role
from eqxview.tree.live import tree_of

_MESSAGES = re.compile(
    r"pytree structure error|Mismatch custom node data|Dict key mismatch|[Tt]uple arity mismatch"
    r"|List arity mismatch|Expected (?:dict|list|tuple|named ?tuple|None|custom)[^\n]*, got"
    r"|[Cc]ustom node type mismatch|[Nn]amed tuple type mismatch|must be a tree prefix"
    r"|got pytrees of different structures|tree structures? (?:do|must|mismatch)"
    r"|Custom dict type mismatch|tree prefix of"
)
_MAP_NAMES = frozenset({"map", "tree_map", "tree_multimap", "map_with_path", "tree_map_with_path"})
_AT = re.compile(r"at key path\s+(?P<path>\S[^\n]*)")
_META = re.compile(r"with metadata\s+(?P<data>[^\n]+)")


@dataclass(slots=True)
class _Pair:
    """Two objects that should have had one structure. Refers to them: not to be kept."""

    first: Any
    second: Any
    first_text: str
    second_text: str
    is_none_leaf: bool = False
    what: str = ""
    """What compared them."""


def structure_mismatch(scene: Scene) -> Explanation | None:
    """Explains two trees of different structures."""
    if not _MESSAGES.search(scene.text):
        return None
    for pair in _pairs(scene):
        explanation = _explained(scene, pair)
        if explanation is not None:
            return explanation
    return _from_message(scene)


def _pairs(scene: Scene) -> Iterator[_Pair]:
    """The objects in question, as far as they can be had; the likeliest first."""
    for step in reversed(scene.steps):
        if step.owner == "jax" and step.name == "tree_map":
            yield from _mapped(scene, step)
        elif step.owner == "eqxcore" and step.name == "combine":
            yield from _combined(scene, step)
    for step, call in scene.calls:
        if call.name in _MAP_NAMES and len(call.arguments) > 2:
            yield from _several(scene, [a.value for a in call.positional()[1:]], "tree.map")
        elif call.name == "combine":
            values = [argument.value for argument in call.positional()]
            yield from _several(scene, values, "combine", is_none_leaf=True)
        elif call.transform in ("vmap", "filter_vmap", "pmap"):
            yield from _axes(scene, call, "in_axes")
        elif call.transform in ("jit", "pjit"):
            yield from _axes(scene, call, "in_shardings")
        elif not step.owner and call.name == "update":
            yield from _optimiser(call)


def _mapped(scene: Scene, step: Step) -> Iterator[_Pair]:
    values = [step.local("tree"), *(step.local("rest") or ())]
    is_leaf = step.local("is_leaf")
    # The two libraries' own: it takes `None` for a leaf. A user's cannot be asked without
    # running it.
    module = getattr(is_leaf, "__module__", None) or ""
    is_none_leaf = module.partition(".")[0] in ("equinox", "eqxcore")
    yield from _several(scene, values, "tree.map", is_none_leaf=is_none_leaf)


def _combined(scene: Scene, step: Step) -> Iterator[_Pair]:
    trees = step.local("pytrees")
    if isinstance(trees, tuple):
        yield from _several(scene, list(trees), "combine", is_none_leaf=True)


_MAX_NAME = 40
_ORDINALS = ("the first", "the second", "the third")


def _several(
    scene: Scene, values: list[Any], what: str, *, is_none_leaf: bool = False
) -> Iterator[_Pair]:
    texts = [_text(scene, value, at, len(values)) for at, value in enumerate(values)]
    for at, other in enumerate(values[1:], 1):
        if values[0] is not UNKNOWN and other is not UNKNOWN:
            yield _Pair(values[0], other, texts[0], texts[at], is_none_leaf, what)


def _text(scene: Scene, value: Any, at: int, count: int) -> str:
    """What the user calls the tree at place `at` of `count`."""
    if value is UNKNOWN:
        return ""
    name = name_of(value, scene.steps)
    call = scene.user_call
    if not name and call is not None and len(call.positional()) >= count:
        # As it is written, where that is short: the functions that take trees take them last.
        name = call.positional()[at - count].text
        name = name if len(name) <= _MAX_NAME else ""
    return name or (_ORDINALS[at] if at < len(_ORDINALS) else f"number {at + 1}")


def _axes(scene: Scene, call: SeenCall, option: str) -> Iterator[_Pair]:
    """A prefix that was given to a transformation, and what it was then called with."""
    spec = call.options.get(option, UNKNOWN)
    arguments = call.positional()
    if spec is UNKNOWN or not isinstance(spec, tuple) or len(spec) != len(arguments):
        return
    for at, (part, argument) in enumerate(zip(spec, arguments, strict=True)):
        if argument.is_known:
            text = f"{option}[{at}]"
            yield _Pair(part, argument.value, text, argument.label, option == "in_axes", option)


def _optimiser(call: SeenCall) -> Iterator[_Pair]:
    """Gradients, and the parameters that they should be like."""
    given = call.positional()
    if len(given) > 2 and given[0].is_known and given[2].is_known:
        yield _Pair(given[0].value, given[2].value, given[0].label, given[2].label, what="update")


def _explained(scene: Scene, pair: _Pair) -> Explanation | None:
    first, second = tree_of(pair.first), tree_of(pair.second)
    report = compare(first, second, values=False, moves=False)
    changes = tuple(c for c in report.changes if _is_structural(c, report, pair.is_none_leaf))
    if not changes:
        return None
    names = (pair.first_text, pair.second_text)
    findings = [_finding(change, first, second) for change in changes]
    is_static = all(change.kind == ChangeKind.STATIC for change in changes)
    called = " and ".join(names)
    summary = f"{called} do not have one structure: they differ in {_places(len(changes))}"
    outline = merged_outline(
        first,
        second,
        changes[:MAX_FINDINGS],
        report.partner,
        f"{names[1]}, against {names[0]}: only what differs",
    )
    details: tuple[Part, ...] = (outline,)
    half = _half(scene, first, second, names)
    if half is not None:
        details = (half, outline)
    return scene.explained(
        "tree-structure",
        summary,
        _fix(scene, pair, is_static=is_static),
        findings=findings,
        sides=_sides(names),
        details=details,
    )


def _sides(names: tuple[str, str]) -> tuple[str, str]:
    return names if names[0] != names[1] else ("first", "second")


def _places(count: int) -> str:
    return "1 place" if count == 1 else f"{count:,} places"


def _is_structural(change: Change, report: DiffReport, is_none_leaf: bool) -> bool:
    """Whether JAX, comparing structures, would see this difference.

    It sees containers, keys and static fields; not what the leaves are. A leaf of the first tree
    stands for any subtree of the second.
    """
    a, b = report.a, report.b
    if change.kind in (ChangeKind.SHAPE, ChangeKind.DTYPE, ChangeKind.VALUE, ChangeKind.TIE):
        return False
    if change.row_a != NOTHING:
        # A leaf that is not there at all is a key less; one that is there may be anything.
        is_gone = change.kind == ChangeKind.REMOVED
        if _is_in_leaf(a, a.parent[change.row_a] if is_gone else change.row_a, is_none_leaf):
            return False
    if change.row_b != NOTHING and change.row_a == NOTHING:
        parent = b.parent[change.row_b]
        if parent != NOTHING and _is_in_leaf(b, parent, is_none_leaf):
            return False
    if change.kind in (ChangeKind.STATIC, ChangeKind.ROLE):
        return a.role[change.row_a] not in (Role.DYNAMIC, Role.STATIC_LEAF)
    return True


def _is_in_leaf(tree: Tree, row: int, is_none_leaf: bool) -> bool:
    while row != NOTHING:
        if tree.is_leaf(row) or (is_none_leaf and tree.role[row] == Role.NONE):
            return True
        row = tree.parent[row]
    return False


def _finding(change: Change, first: Tree, second: Tree) -> Finding:
    tree, row = (first, change.row_a) if change.row_a != NOTHING else (second, change.row_b)
    return Finding(
        tree.path(row) or "the root", change.before or "not there", change.after or "not there"
    )


def _half(scene: Scene, first: Tree, second: Tree, names: tuple[str, str]) -> Note | None:
    """Whether one of the two is the half of a partition, and the other is whole."""
    holes = [_has_holes(first), _has_holes(second)]
    if holes[0] == holes[1]:
        return None
    name = names[holes.index(True)]
    return Note(
        f"{name} has None where the other has leaves: it may be one half of a partition",
        hint=f"compare halves with halves: {scene.library}.filter(..., {scene.library}.is_array)",
    )


def _has_holes(tree: Tree) -> bool:
    return any(
        kind == Kind.NONE and role == Role.NONE
        for kind, role in zip(tree.kind, tree.role, strict=True)
    )


def _fix(scene: Scene, pair: _Pair, *, is_static: bool) -> str:
    library = scene.library
    if any(step.owner == "optax" for step in scene.steps) or pair.what == "update":
        return (
            "the optimiser's state is of another model: make it from this one, "
            f"state = optimiser.init({library}.filter(model, {library}.is_array))"
        )
    if pair.what in ("in_axes", "in_shardings"):
        return (
            f"write {pair.what} with the structure of the argument, down to where one value "
            "serves all that is below it"
        )
    if pair.what == "combine" or any(step.name == "combine" for step in scene.steps):
        return (
            f"combine the two halves of one pytree: {library}.partition(model, {library}.is_array)"
        )
    if is_static:
        return (
            "static fields are part of a pytree's structure: make both with the same values, or "
            "make one from the other (jax.tree.map, dataclasses.replace)"
        )
    return "make both in the same way: one from the other, or both by the same code"


def _from_message(scene: Scene) -> Explanation:
    """What JAX says itself, where the values cannot be had any more."""
    text = scene.text
    at = _AT.search(text)
    sides = _META.findall(text)
    path = at["path"].strip() if at else "the root"
    path = path.removeprefix("tree_map tree") or "the root"
    findings = [Finding(path, sides[0], sides[1])] if len(sides) > 1 else []
    return scene.explained(
        "tree-structure",
        f"two pytrees do not have one structure, at {path}",
        "compare them: eqxview.diff(a, b, values=False)",
        findings=findings,
        sides=("first", "second"),
        notes=(
            "the values are not on the way to the error, or finding them would run code: "
            "this is from what JAX says",
        ),
    )
