"""Where two pytrees that should have one structure differ: two columns, by key path and field.

For errors only: nothing here runs while all is well.
"""

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax.tree_util as jtu

from eqxcore._pytree import PyTree

from ._pretty import tree_pformat

# An error is read in a terminal: what differs first is mostly what is wrong.
_MOST_ROWS = 6
_WIDEST_PATH = 44
_WIDEST_VALUE = 32
_INDENT = "  "


class Difference(NamedTuple):
    """One place at which two pytrees differ."""

    path: str
    """The key path down to the field, as `jax.tree_util.keystr` prints it."""
    one: str
    """What the first pytree has there."""
    other: str
    """What the second pytree has there."""


class Comparison(NamedTuple):
    """All that differs between two pytrees."""

    differences: list[Difference]
    equal: int
    """How many siblings of what differs are equal; a subtree counts as one."""


def is_same_leaf(one: Any, other: Any) -> bool:
    """That any two leaves are alike, which is so as far as structures go."""
    return True


def compare_structures(
    one: PyTree,
    other: PyTree,
    *,
    is_prefix: bool = False,
    is_leaf: Callable[[Any], bool] | None = None,
    same_leaf: Callable[[Any, Any], bool] = is_same_leaf,
    name_path: Callable[[tuple[Any, ...]], str] = jtu.keystr,
) -> Comparison:
    """What differs between the structures of two pytrees, in order.

    With `is_prefix=True`, a leaf of `one` goes with any subtree of `other`. `is_leaf` is
    as of `jax.tree_util`. `same_leaf(a, b)` says whether two leaves at one place are alike.
    `name_path` writes a key path.
    """
    walk = _Walk(is_prefix, is_leaf, same_leaf, name_path)
    walk.compare((), one, other)
    return Comparison(walk.differences, walk.equal)


def mismatch_table(
    names: tuple[str, str],
    one: PyTree,
    other: PyTree,
    *,
    is_prefix: bool = False,
    is_leaf: Callable[[Any], bool] | None = None,
    same_leaf: Callable[[Any, Any], bool] = is_same_leaf,
    name_path: Callable[[tuple[Any, ...]], str] = jtu.keystr,
) -> str | None:
    """The lines that show what differs, `names` heading the two columns; `None` if nothing does.

    For the rest see `compare_structures`.
    """
    differences, equal = compare_structures(
        one, other, is_prefix=is_prefix, is_leaf=is_leaf, same_leaf=same_leaf, name_path=name_path
    )
    return table_of(names, differences, equal) if differences else None


def table_of(names: tuple[str, str], differences: list[Difference], equal: int = 0) -> str:
    """The lines that show these differences, the first few of them."""
    rows = [("", *names)]
    for path, left, right in differences[:_MOST_ROWS]:
        place = _cut(path or "(root)", _WIDEST_PATH, from_left=True)
        rows.append((place, left, right))
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    lines = [f"{_INDENT}{a:<{first}}  {b:<{second}}  {c}".rstrip() for a, b, c in rows]
    more = len(differences) - _MOST_ROWS
    folded = [f"{more} more differ"] if more > 0 else []
    folded += [f"{equal} equal"] if equal else []
    if folded:
        lines.append(f"{_INDENT}… {', '.join(folded)}")
    return "\n".join(lines)


def describe(node: Any) -> str:
    """The node in a few words: an array as `f32[2,3]`, a container by its length."""
    if node is None or _is_leaf(node):
        return _short(node)
    cls = type(node)
    if isinstance(node, (tuple, list, dict)):
        return f"{cls.__name__} of {len(node)}"
    return cls.__qualname__


_MISSING: Any = object()


class _Walk:
    """One walk through two pytrees side by side."""

    def __init__(
        self,
        is_prefix: bool,
        is_leaf: Callable[[Any], bool] | None,
        same_leaf: Callable[[Any, Any], bool],
        name_path: Callable[[tuple[Any, ...]], str],
    ) -> None:
        self.differences: list[Difference] = []
        self.equal = 0
        self._is_prefix = is_prefix
        self._stops_at = is_leaf
        self._same_leaf = same_leaf
        self._name_path = name_path

    def compare(self, path: tuple[Any, ...], one: Any, other: Any) -> None:
        """Notes what differs from here on down."""
        if self._is_leaf(one) and (self._is_prefix or self._is_leaf(other)):
            if self._is_leaf(other) and not self._same_leaf(one, other):
                self._differ(path, one, other)
            else:
                self.equal += 1
            return
        if self._is_leaf(one) or self._is_leaf(other) or type(one) is not type(other):
            self._differ(path, one, other)
            return
        ones, one_data = _one_level(one)
        others, other_data = _one_level(other)
        if isinstance(one, (tuple, list)) and len(ones) != len(others):
            self._differ(path, one, other)
            return
        if hasattr(one_data, "items") and hasattr(other_data, "items"):
            self._compare_fields(path, dict(one_data.items()), dict(other_data.items()))
        elif ones.keys() == others.keys() and not _is_equal_data(one_data, other_data):
            self._differ(path, one_data, other_data)
        for key in _in_both_orders(ones, others):
            below = (*path, key)
            if key not in ones or key not in others:
                self._differ(below, ones.get(key, _MISSING), others.get(key, _MISSING))
            else:
                self._compare_child(below, ones[key], others[key])

    def _compare_child(self, path: tuple[Any, ...], one: Any, other: Any) -> None:
        found = _Walk(self._is_prefix, self._stops_at, self._same_leaf, self._name_path)
        found.compare(path, one, other)
        self.differences += found.differences
        # Equal siblings are folded: a whole subtree without a difference counts as one.
        self.equal += found.equal if found.differences else 1

    def _compare_fields(
        self, path: tuple[Any, ...], ones: dict[str, Any], others: dict[str, Any]
    ) -> None:
        """Compares static fields."""
        for name in _in_both_orders(ones, others):
            left, right = ones.get(name, _MISSING), others.get(name, _MISSING)
            if _is_equal_data(left, right):
                self.equal += 1
            else:
                self._differ((*path, jtu.GetAttrKey(name)), left, right)

    def _differ(self, path: tuple[Any, ...], one: Any, other: Any) -> None:
        left, right = ("(missing)" if node is _MISSING else describe(node) for node in (one, other))
        if left == right:
            left, right = _tell_apart(one, left), _tell_apart(other, right)
        if left == right:
            right = f"{right} (another one)"
        self.differences.append(Difference(self._name_path(path), left, right))

    def _is_leaf(self, node: Any) -> bool:
        return (self._stops_at is not None and self._stops_at(node)) or _is_leaf(node)


def _is_leaf(node: Any) -> bool:
    return node is not None and jtu.all_leaves([node])


def _one_level(node: Any) -> tuple[dict[Any, Any], Any]:
    """The children by key, and the metadata."""
    pairs, treedef = jtu.tree_flatten_with_path(node, is_leaf=lambda below: below is not node)
    data = treedef.node_data()
    children = {path[0]: child for path, child in pairs}
    # The keys of a dict are the keys of its children.
    return children, None if data is None or isinstance(node, dict) else data[1]


def _in_both_orders(ones: dict[Any, Any], others: dict[Any, Any]) -> Iterator[Any]:
    yield from ones
    yield from (key for key in others if key not in ones)


def is_equal(one: Any, other: Any) -> bool:
    """Whether two values are equal and of one type, where comparing them works at all."""
    return type(one) is type(other) and _is_equal_data(one, other)


def _is_equal_data(one: Any, other: Any) -> bool:
    """Whether JAX takes two values of metadata for equal: 1 and 1.0 are."""
    try:
        return one is other or bool(one == other)
    except Exception:  # noqa: BLE001  of whoever wrote `__eq__`; an array does it in a static field
        return False


def _tell_apart(node: Any, text: str) -> str:
    """`text`, with more of where it comes from: two classes may have one name."""
    cls = type(node)
    if isinstance(node, (bool, int, float, complex, str)):
        return f"{text} ({cls.__name__})"
    if _is_leaf(node):
        return text
    return f"{cls.__module__}.{cls.__qualname__}"


_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def _short(leaf: Any) -> str:
    if isinstance(leaf, functools.partial):
        return f"partial({_short(leaf.func)})"
    return _ADDRESS.sub("", " ".join(tree_pformat(leaf, width=10**6).split()))


def _cut(text: str, width: int, from_left: bool = False) -> str:
    if len(text) <= width:
        return text
    return f"…{text[1 - width :]}" if from_left else f"{text[: width - 1]}…"
