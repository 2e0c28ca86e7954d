"""The part that each node plays for JAX, with the reason, and what each part adds up to."""

from array import array
from dataclasses import dataclass
from heapq import nlargest
from typing import Any, NamedTuple

from eqxview.document import (
    Column,
    Document,
    Fact,
    Facts,
    Mark,
    MarkColumn,
    Note,
    Outline,
    Part,
    Table,
    Tone,
)
from eqxview.inspect.any_tree import any_tree
from eqxview.inspect.hash_classes import HashClass, hash_class
from eqxview.inspect.masks import (
    both,
    childless,
    labelled,
    leaf_rows,
    looked_up,
    members,
    with_role,
)
from eqxview.inspect.node_detail import elided_path
from eqxview.inspect.report import Question
from eqxview.inspect.role_reasons import reasons
from eqxview.inspect.tallies import Tally, crossed, grouped, tally
from eqxview.tree.columns import Totals, Tree
from eqxview.tree.kinds import ROLE_MARKS, Kind, Role
from eqxview.tree.wording import counted, short_dtype

_MAX_ROWS = 30
_MAX_PATH = 80


class ReasonSums(NamedTuple):
    """The nodes that play a part for one reason."""

    role: Role
    reason: str
    first: str
    """Path of the first of them."""
    sums: Tally


class HashSums(NamedTuple):
    """The static nodes of one hash class."""

    hash_class: HashClass
    nodes: int
    first: str
    """Path of the first of them, with its value."""


class SubtreeSums(NamedTuple):
    """What there is below one node near the root."""

    path: str
    what: str
    """Its class."""
    sums: Totals


@dataclass(frozen=True, slots=True)
class Roles:
    """Every node's role, and sums by role, reason, dtype and subtree."""

    tree: Tree
    reasons: tuple[str, ...]
    """The distinct reasons; the empty one is that of containers."""
    reason_codes: array
    """For each row the index of its reason."""
    reason_roles: tuple[Role, ...]
    """The role that goes with each reason."""
    by_role: tuple[tuple[Role, Tally], ...]
    """The roles there are."""
    by_reason: tuple[ReasonSums, ...]
    """The most frequent first."""
    by_dtype: tuple[tuple[str, Tally], ...]
    """Dtypes of the arrays that JAX sees, the most bytes first."""
    subtrees: int
    """How many nodes with leaves there are below the first one with several children."""
    by_subtree: tuple[SubtreeSums, ...]
    """The largest of these, in the order of the tree."""
    by_hash: tuple[HashSums, ...]
    """Hash classes of static leaves and fields."""
    static_arrays: tuple[str, ...]
    """Paths of arrays in static fields."""

    def document(self) -> Document:
        """Sums, what is remarkable, and the tree with a reason for each node."""
        totals = self.tree.totals()
        parts: list[Part] = [
            Facts(
                (
                    Fact("leaves", totals.leaves, "count"),
                    Fact("arrays", totals.arrays, "count"),
                    Fact("elements", totals.parameters, "count"),
                    Fact("bytes", totals.nbytes, "bytes"),
                )
            ),
            self._roles_table(),
            self._reasons_table(),
            self._dtypes_table(),
            self._subtrees_table(),
            self._hashes_table(),
            *self._notes(),
        ]
        marks = tuple(
            Mark(reason, _TONES[role])
            for reason, role in zip(self.reasons, self.reason_roles, strict=True)
        )
        parts.append(Outline(self.tree, (MarkColumn("why", marks, self.reason_codes),)))
        return Document("Roles", tuple(parts))

    def _roles_table(self) -> Table:
        return Table(
            (
                Column("role"),
                Column("nodes", "count"),
                Column("arrays", "count"),
                Column("elements", "count"),
                Column("bytes", "bytes"),
            ),
            tuple(
                (
                    f"{ROLE_MARKS[role].glyph or ' '} {_word(role)}",
                    sums.nodes,
                    sums.arrays,
                    sums.parameters,
                    sums.nbytes,
                )
                for role, sums in self.by_role
            ),
            title="by role",
            tones=tuple(_TONES[role] for role, _ in self.by_role),
        )

    def _reasons_table(self) -> Table:
        shown = self.by_reason[:_MAX_ROWS]
        return Table(
            (
                Column("why"),
                Column("nodes", "count"),
                Column("elements", "count"),
                Column("bytes", "bytes"),
                Column("first", "path"),
            ),
            tuple(
                (one.reason, one.sums.nodes, one.sums.parameters, one.sums.nbytes, one.first)
                for one in shown
            ),
            title=_cut_title("by reason, the most frequent", len(shown), len(self.by_reason)),
            tones=tuple(_TONES[one.role] for one in shown),
        )

    def _dtypes_table(self) -> Table:
        return Table(
            (
                Column("dtype"),
                Column("arrays", "count"),
                Column("elements", "count"),
                Column("bytes", "bytes"),
            ),
            tuple(
                (short_dtype(dtype), sums.arrays, sums.parameters, sums.nbytes)
                for dtype, sums in self.by_dtype
            ),
            title="by dtype" if self.by_dtype else "",
        )

    def _subtrees_table(self) -> Table:
        whole = self.tree.totals().nbytes
        return Table(
            (
                Column("subtree", "path"),
                Column("what"),
                Column("leaves", "count"),
                Column("elements", "count"),
                Column("bytes", "bytes"),
                Column("share", "ratio"),
            ),
            tuple(
                (
                    one.path,
                    one.what,
                    one.sums.leaves,
                    one.sums.parameters,
                    one.sums.nbytes,
                    one.sums.nbytes / whole if whole else None,
                )
                for one in self.by_subtree
            ),
            title=_cut_title("by subtree, the largest", len(self.by_subtree), self.subtrees),
        )

    def _hashes_table(self) -> Table:
        return Table(
            (
                Column("static values"),
                Column("nodes", "count"),
                Column("first"),
                Column("which means"),
            ),
            tuple(
                (one.hash_class.value.word, one.nodes, one.first, one.hash_class.value.meaning)
                for one in self.by_hash
            ),
            title="by hash" if self.by_hash else "",
        )

    def _notes(self) -> list[Note]:
        notes = []
        if self.static_arrays:
            notes.append(
                Note(
                    f"{counted(len(self.static_arrays), 'array')} in static fields, the first at "
                    f"{self.static_arrays[0]}: it is no leaf, and cannot be hashed",
                    level="warning",
                    hint="take static=True away, and keep the array out of the gradient by a "
                    "filter or jax.lax.stop_gradient",
                )
            )
        for one in self.by_hash:
            if one.hash_class is HashClass.UNHASHABLE:
                notes.append(
                    Note(
                        f"{counted(one.nodes, 'static value')} cannot be hashed, the first at "
                        f"{one.first}",
                        level="warning",
                        hint="a tuple for a list, a frozenset for a set; or make it a pytree",
                    )
                )
        shared = len(set(self.tree.ties.values()))
        if shared:
            notes.append(
                Note(f"{counted(shared, 'array')} at several places (~1, ~2 ...): counted once")
            )
        return notes


def answer(question: Question) -> Roles:
    """The roles of the question's tree."""
    return roles_of(question.tree)


def roles(pytree: Any) -> Roles:
    """The part that every node of a pytree plays for JAX, and why.

    `pytree` is any live object, a `Tree`, or a file or its path.
    No array is copied, moved, or kept alive.
    """
    return roles_of(any_tree(pytree))


def roles_of(tree: Tree) -> Roles:
    """The roles of all nodes of `tree`."""
    codes, texts, firsts = reasons(tree)
    known = [Role(tree.role[row]) for row in firsts]
    leaves = leaf_rows(tree)
    by_reason = [
        ReasonSums(role, text, elided_path(tree, row, _MAX_PATH), sums)
        for role, text, row, sums in zip(
            known, texts, firsts, tally(tree, codes, len(texts)), strict=True
        )
        if text
    ]
    arrays = both(leaves, looked_up(tree.kind, [kind == Kind.ARRAY for kind in Kind]))
    dtype_codes = crossed(labelled(len(tree), [arrays]), tree.dtype, len(tree.dtypes))
    by_dtype = [
        (dtype, sums)
        for dtype, sums in zip(tree.dtypes, tally(tree, dtype_codes, len(tree.dtypes)), strict=True)
        if sums.arrays
    ]
    static_arrays = both(
        with_role(tree, Role.STATIC_FIELD),
        looked_up(tree.kind, [kind == Kind.ARRAY for kind in Kind]),
    )
    subtrees, by_subtree = _subtrees(tree)
    return Roles(
        tree=tree,
        reasons=tuple(texts),
        reason_codes=codes,
        reason_roles=tuple(known),
        by_role=tuple(
            (role, sums)
            for role, sums in zip(Role, tally(tree, bytes(tree.role), len(Role)), strict=True)
            if sums.nodes
        ),
        by_reason=tuple(sorted(by_reason, key=lambda one: -one.sums.nodes)),
        by_dtype=tuple(sorted(by_dtype, key=lambda one: (-one[1].nbytes, one[0]))),
        subtrees=subtrees,
        by_subtree=tuple(by_subtree),
        by_hash=tuple(_hashes(tree)),
        static_arrays=tuple(elided_path(tree, row, _MAX_PATH) for row in members(static_arrays)),
    )


def _subtrees(tree: Tree) -> tuple[int, list[SubtreeSums]]:
    """How many there are, and the largest of them in the order of the tree."""
    top = 0
    while len(children := list(tree.children(top))) == 1:
        top = children[0]
    leaves = leaf_rows(tree)
    children = [row for row in children if leaves.find(1, row, tree.end[row]) >= 0]
    shown = children
    if len(children) > _MAX_ROWS:
        before = tree.running_bytes()
        shown = sorted(
            nlargest(_MAX_ROWS, children, lambda row: before[tree.end[row]] - before[row])
        )
    return len(children), [
        SubtreeSums(elided_path(tree, row, _MAX_PATH), tree.type_name(row), tree.totals(row))
        for row in shown
    ]


def _hashes(tree: Tree) -> list[HashSums]:
    static = with_role(tree, Role.STATIC_LEAF, Role.STATIC_FIELD)
    codes, firsts = grouped([static, tree.hashing, tree.kind, tree.type, childless(tree)])
    sums = tally(tree, codes, len(firsts))
    found: dict[HashClass, HashSums] = {}
    for row, group in zip(firsts, sums, strict=True):
        if not static[row] or (which := hash_class(tree, row)) is None:
            continue
        before = found.get(which)
        value = tree.value_text(row)
        first = f"{elided_path(tree, row, _MAX_PATH)} {value}".strip()
        nodes = group.nodes + (before.nodes if before else 0)
        found[which] = HashSums(which, nodes, before.first if before else first)
    return [found[which] for which in HashClass if which in found]


def _word(role: Role) -> str:
    return _WORDS.get(role, ROLE_MARKS[role].word)


def _cut_title(title: str, shown: int, there_are: int) -> str:
    if not there_are:
        return ""
    if shown == there_are:
        return title.partition(",")[0]
    return f"{title}: {shown} of {there_are:,}"


_TONES: dict[Role, Tone] = {
    Role.NODE: "plain",
    Role.DYNAMIC: "dynamic",
    Role.STATIC_LEAF: "static",
    Role.STATIC_FIELD: "static",
    Role.NONE: "faint",
    Role.INSIDE: "faint",
    Role.UNKNOWN: "warning",
}
_WORDS = {Role.NODE: "container", Role.NONE: "None"}
