"""`tree_at`: a copy of a pytree with something in it replaced."""

from collections.abc import Callable, Sequence
from itertools import islice, repeat
from typing import Any

import jax.tree_util as jtu

from eqxcore._pytree import PyTree

from ._key_path import follow
from ._static_places import static_places

_MISSING: Any = object()

# Static fields that a message names: a size often stands in many layers.
_MOST_PLACES = 3


def tree_at(
    where: Callable[[PyTree], Any] | str | Sequence[str],
    pytree: PyTree,
    replace: Any = _MISSING,
    replace_fn: Callable[[Any], Any] = _MISSING,
    is_leaf: Callable[[Any], bool] | None = None,
) -> PyTree:
    """A copy of `pytree` in which what `where(pytree)` returns is replaced.

    `where` returns a node of the pytree, or a sequence of them; a node may be a leaf, a subtree,
    or the whole. `replace` is what is put there: one value, or a sequence of as many; or
    `replace_fn` is called on each node. Everything else is shared with the original, and no
    `__init__` or converter runs. To replace a `None` where there are several, make them leaves:
    `is_leaf=lambda node: node is None`.

        eqx.tree_at(lambda m: m.layers[1].weight, model, jnp.zeros((3, 3)))

    `where` is called twice, the second time with a placeholder for each leaf: that is how the
    place is known even if the same array stands in several.

    `where` may also be the key path of a node, as `jax.tree_util.keystr` prints it, or a
    sequence of them. Each `None` has a path of its own: it needs no `is_leaf`.

        eqx.tree_at(".layers[1].weight", model, jnp.zeros((3, 3)))
        eqx.tree_at([".encoder", ".decoder.bias"], model, (encoder, bias))

    Raises `TypeError` when what `where` returns is not in the pytree (a static field is not),
    and `ValueError` when it depends on the values of leaves, is nested more deeply, is not
    unique, is a path that leads nowhere, or does not match `replace`.
    """
    if (replace is _MISSING) == (replace_fn is _MISSING):
        raise ValueError(
            "Precisely one of `replace` and `replace_fn` must be specified. Expected "
            "`tree_at(where, pytree, value)`, or `tree_at(where, pytree, replace_fn=function)`."
        )
    if not callable(where):
        where = _by_path(where)
        if is_leaf is None and _has_none(where(pytree)):
            is_leaf = _is_none
    chosen = where(pytree)
    leaves, treedef = jtu.tree_flatten(pytree, is_leaf=is_leaf)
    # As `_Slot()` for each, in half the time.
    slots: list[Any] = list(map(object.__new__, repeat(_Slot, len(leaves))))
    probe = treedef.unflatten(slots)
    picked = _call_on_placeholders(where, probe)
    if type(picked) is _Slot:
        # The usual case, one leaf: its place among the leaves is all there is to know.
        place = slots.index(picked)
        if chosen is not leaves[place]:
            _check_same(where, pytree, leaves, treedef, slots, [chosen], [picked])
        leaves[place] = replace if replace_fn is _MISSING else replace_fn(chosen)
        return treedef.unflatten(leaves)

    if _has_empty_tuple(picked):
        # All empty tuples are one object to Python: here each becomes its own.
        leaves, treedef = jtu.tree_flatten(
            pytree,
            is_leaf=lambda node: _is_empty_tuple(node) or (is_leaf is not None and is_leaf(node)),
        )
        slots = [_EmptyTuple() if _is_empty_tuple(leaf) else _Slot() for leaf in leaves]
        probe = treedef.unflatten(slots)
        picked = _call_on_placeholders(where, probe)
    single = _find(probe, [picked])
    if single is not None:
        chosen, picked, found = [chosen], [picked], single
        values = [replace] if replace_fn is _MISSING else [replace_fn(chosen[0])]
    elif isinstance(picked, (list, tuple)) and not isinstance(picked, _EmptyTuple):
        picked = list(picked)
        found = _find(probe, picked)
        if found is None:
            raise _not_found(probe, picked)
        if not isinstance(chosen, (list, tuple)) or len(chosen) != len(picked):
            raise _depends_on_leaves()
        chosen = list(chosen)
        if replace_fn is _MISSING:
            values = _as_many(replace, len(picked))
        else:
            values = [replace_fn(node) for node in chosen]
    else:
        raise _not_found(probe, [picked])
    _check_same(where, pytree, leaves, treedef, slots, chosen, picked)
    parts, outer = found
    originals = dict(zip(map(id, slots), leaves, strict=True))
    # Of a node that was given twice, the last replacement counts.
    replacements = dict(zip(map(id, picked), values, strict=True))
    return outer.unflatten(
        [
            replacements[id(part)] if id(part) in replacements else originals[id(part)]
            for part in parts
        ]
    )


def _by_path(where: str | Sequence[str]) -> Callable[[PyTree], Any]:
    """The function that goes where the key paths lead."""
    if isinstance(where, str):
        return lambda pytree: follow(pytree, where)
    if not isinstance(where, Sequence) or not all(isinstance(path, str) for path in where):
        raise TypeError(
            f"`where` is {where!r}. Expected a function from the pytree to a node in it, such as "
            "`lambda m: m.layers[1].weight`, the key path of one, such as '.layers[1].weight', or "
            "a sequence of key paths."
        )
    return lambda pytree: [follow(pytree, path) for path in where]


def _is_none(node: Any) -> bool:
    return node is None


def _has_none(chosen: Any) -> bool:
    return chosen is None or (type(chosen) is list and any(map(_is_none, chosen)))


class _Slot:
    """Stands for one leaf. It has nothing that a `where` could depend on."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<placeholder for a leaf>"


class _EmptyTuple(tuple[()]):
    """Stands for one empty tuple."""

    __slots__ = ()


def _call_on_placeholders(where: Callable[[PyTree], Any], probe: PyTree) -> Any:
    try:
        return where(probe)
    except Exception as error:
        error.add_note(
            "`where` was called on the pytree itself, which worked, and then with a placeholder "
            "for each leaf, which did not: it may only follow the structure of the pytree, and "
            "not look at its leaves."
        )
        raise


def _is_empty_tuple(node: Any) -> bool:
    return type(node) is tuple and not node


def _has_empty_tuple(picked: Any) -> bool:
    if isinstance(picked, (list, tuple)) and picked:
        return any(map(_is_empty_tuple, picked))
    return _is_empty_tuple(picked)


def _find(probe: PyTree, nodes: list[Any]) -> tuple[list[Any], Any] | None:
    """The probe flattened down to `nodes`; `None` when not all of them are in it.

    Raises `ValueError` when one of them is in it more than once.
    """
    wanted = set(map(id, nodes))
    parts, outer = jtu.tree_flatten(probe, is_leaf=lambda node: id(node) in wanted)
    seen = [id(part) for part in parts if id(part) in wanted]
    if len(seen) != len(set(seen)):
        raise ValueError(
            "`where` does not uniquely identify a single element of `pytree`. This usually occurs "
            "when replacing a `None`, since all of them are one object. Make them leaves: "
            "`eqx.tree_at(where, pytree, value, is_leaf=lambda node: node is None)`."
        )
    return (parts, outer) if len(seen) == len(wanted) else None


def _not_found(probe: PyTree, picked: list[Any]) -> Exception:
    alone = next((node for node in picked if _find(probe, [node]) is None), _MISSING)
    if alone is _MISSING:
        return ValueError(
            "`where` does not specify an element or elements of `pytree`: it returned a node "
            "together with something inside it. Expected nodes of which none contains another, "
            "since it would be replaced twice."
        )
    if isinstance(alone, (list, tuple, dict)):
        return ValueError(
            "`where` does not specify an element or elements of `pytree`: it returned a "
            f"{type(alone).__name__} that it made itself, as a whole or in a sequence. Expected a "
            "node, or a flat list or tuple of nodes: `lambda m: (m.a, m.b)`."
        )
    static = list(islice(static_places(probe, alone), _MOST_PLACES))
    if static:
        name = static[0].rpartition(".")[2]
        return TypeError(
            f"Operation undefined, {alone!r} is not a leaf of the pytree: it is the value of a "
            f"static field, {' or '.join(f'`{place}`' for place in static)}. Expected a node of "
            "the pytree, since static fields are part of the structure. Make the Module anew: "
            f"`dataclasses.replace(module, {name}=value)`."
        )
    return TypeError(
        f"Operation undefined, {alone!r} is not a leaf of the pytree, and no node of it. "
        "Expected `where` to return something that it found in the pytree, as "
        "`lambda m: m.layers[1].weight` does."
    )


def _as_many(replace: Any, count: int) -> list[Any]:
    if not isinstance(replace, Sequence) and not hasattr(replace, "__len__"):
        raise TypeError(
            f"`where` returned a sequence of {count}, and `replace` is {type(replace).__name__}, "
            f"which has no len(). Expected a sequence of {count} values."
        )
    if len(replace) != count:
        raise ValueError(
            "`where` must return a sequence of leaves of the same length as `replace`: it "
            f"returned {count}, and `replace` has {len(replace)}."
        )
    return list(replace)


def _check_same(
    where: Callable[[PyTree], Any],
    pytree: PyTree,
    leaves: list[Any],
    treedef: Any,
    slots: list[Any],
    chosen: list[Any],
    picked: list[Any],
) -> None:
    """Raises `ValueError` unless `where` went to the same place for leaves and placeholders."""
    originals = dict(zip(map(id, slots), leaves, strict=True))
    if _is_same(originals, chosen, picked):
        return
    # A class may make its children anew whenever it is flattened. Then they are the same only in
    # a pytree that was built from these very leaves.
    again = where(treedef.unflatten(leaves))
    again = list(again) if len(picked) > 1 and isinstance(again, (list, tuple)) else [again]
    if not _is_same(originals, again, picked):
        raise _depends_on_leaves()


def _is_same(originals: dict[int, Any], chosen: list[Any], picked: list[Any]) -> bool:
    if len(chosen) != len(picked):
        return False
    for node, placeholder in zip(chosen, picked, strict=True):
        inside = jtu.tree_leaves(placeholder)
        try:
            below = jtu.tree_structure(placeholder).flatten_up_to(node)
        except ValueError:
            return False
        if any(originals[id(slot)] is not leaf for slot, leaf in zip(inside, below, strict=True)):
            return False
    return True


def _depends_on_leaves() -> ValueError:
    return ValueError(
        "`where` must use just the PyTree structure of `pytree`. `where` must not depend on the "
        "leaves in `pytree`: it returned something else when each leaf was a placeholder."
    )
