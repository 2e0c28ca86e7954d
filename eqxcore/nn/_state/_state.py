"""The values of a model's state, which are used once."""

import copy
import copyreg
import difflib
from collections.abc import Iterable
from typing import Any, TypeVar

import jax.tree_util as jtu
import wadler_lindig as wl

from eqxcore._pytree import PyTree
from eqxcore._trees._pretty import call_document, tree_pformat

from ._fit import as_arrays, check_fit
from ._marker import Marker, told
from ._state_index import InitDeleted, StateIndex, is_index

_Value = TypeVar("_Value")


class State:
    """The current value of each `StateIndex` of a model.

    A pytree like any other, made by `make_with_state` and handed from call to call. `set` and
    `update` return a new `State` and use up the old one, so that forgetting to take the new one
    is an error, and not a model that quietly does not learn.
    """

    __slots__ = ("__weakref__", "_used_by", "_values")

    _values: dict[object, Any] | None
    """By marker; `None` once the state has been used up."""
    _used_by: str
    """What used it up, for the message."""

    def __init__(self, model: PyTree) -> None:
        """The first values of all indices in `model`, which keeps its copy of them.

        Raises `ValueError` if they have been taken out already: `make_with_state` does both.
        """
        self._values = {}
        self._used_by = ""
        for path, leaf in jtu.tree_flatten_with_path(model, is_leaf=is_index)[0]:
            if not is_index(leaf):
                continue
            name = type(model).__name__ + jtu.keystr(path)
            if isinstance(leaf.init, InitDeleted):
                raise ValueError(
                    f"`eqx.nn.State(model)` found no first value in `{name}`: it was taken out of "
                    "the model already. Do not call `eqx.nn.State(model)` directly. You should "
                    "call `model, state = eqx.nn.make_with_state(ModelClass)(...)` instead, and "
                    "keep both; a fresh state is `make_with_state` called again."
                )
            if leaf.marker in self._values:
                continue
            if isinstance(leaf.marker, Marker):
                leaf.marker.path = name
            self._values[leaf.marker] = as_arrays(leaf.init, leaf.marker)

    def get(self, item: StateIndex[_Value]) -> _Value:
        """The current value of `item`.

        Raises `ValueError` if this state was used up, or for anything but a `StateIndex`;
        `KeyError` for one of another model.
        """
        return self._current()[self._key(item)]

    def set(self, item: StateIndex[_Value], value: _Value) -> "State":
        """A new state, with `value` for `item`. This one is used up.

        Raises `ValueError` unless `value` has the structure, and each array the shape, dtype and
        weak type, of the value before; and whenever `get` raises.
        """
        values = self._current()
        marker = self._key(item)
        new: Any = as_arrays(value, marker)
        check_fit(values[marker], new, marker)
        changed = _state({**values, marker: new})
        self._use_up(f"state.set({_bare(marker)}, ...)")
        return changed

    def update(self, substate: "State") -> "State":
        """A new state, with all the values of `substate`. This one is used up; `substate` is not.

        Raises `ValueError` unless `substate` holds values of indices that are in this one, of the
        same structures, shapes and dtypes.
        """
        values = self._current()
        if type(substate) is not State:
            raise ValueError(
                f"`state.update` got {_article(substate)}. Can only use `eqx.nn.State`s in "
                "`update`: what `state.substate(part_of_the_model)` returned, changed since."
            )
        new = substate._current()
        foreign = [told(marker) for marker in new if marker not in values]
        if foreign:
            raise ValueError(
                f"`state1.update(state2)` got values of {', '.join(foreign)}, which `state1` does "
                "not hold. Cannot call `state1.update(state2)` unless `state2` is a substate of "
                "`state1`: make it with `state1.substate(part_of_the_model)`."
            )
        for marker, value in new.items():
            check_fit(values[marker], value, marker)
        changed = _state({**values, **new})
        self._use_up("state.update(...)")
        return changed

    def substate(self, pytree: PyTree) -> "State":
        """A smaller state, of the indices in `pytree` only: of some layers of the model.

        Both can be used from then on; `update` brings them together again. Raises `KeyError` when
        `pytree` holds an index that this state does not.
        """
        values = self._current()
        leaves = jtu.tree_leaves(pytree, is_leaf=is_index)
        keys = [self._key(leaf) for leaf in leaves if is_index(leaf)]
        return _state({key: values[key] for key in keys})

    def _current(self) -> dict[object, Any]:
        if self._values is None:
            raise ValueError(
                f"Attempted to use old state: this one was used up by `{self._used_by}`, which "
                "returned a new one. Probably you have done something like:\n"
                "```\n"
                "x, state2 = layer1(x, state1)\n"
                "x, state3 = layer2(x, state1)  # bug! Re-used state1 instead of using state2.\n"
                "```\n"
                "Hand on the state that each call returns. If an old state is wanted on purpose, "
                "copy it before it is used: `old = copy.copy(state)`."
            )
        return self._values

    def _key(self, item: Any) -> object:
        values = self._current()
        if not is_index(item):
            raise ValueError(
                f"Got {_article(item)} to look up in a `State`. Can only use `eqx.nn.StateIndex`s "
                "as state keys: `state.get(layer.index)`, with the field that holds the index."
            )
        if item.marker not in values:
            raise KeyError(_absent(item, values))
        return item.marker

    def _use_up(self, call: str) -> None:
        self._values = None
        self._used_by = call

    def __copy__(self) -> "State":
        return _state(dict(self._current()))

    def __deepcopy__(self, memo: dict[int, Any]) -> "State":
        return _state(copy.deepcopy(self._current(), memo))

    def __reduce__(self) -> Any:
        # As an object with a state of its own, which can be read without running anything.
        return copyreg.__newobj__, (State,), self._current()  # type: ignore[attr-defined]

    def __setstate__(self, values: dict[object, Any]) -> None:
        self._values = values
        self._used_by = ""

    def __repr__(self) -> str:
        return tree_pformat(self)

    def __pdoc__(self, **kwargs: Any) -> Any:
        if self._values is None:
            return wl.TextDoc("State(~old~)")
        named = {_bare(marker): value for marker, value in self._values.items()}
        return call_document("State", named, kwargs)


def _state(values: dict[object, Any]) -> State:
    """A `State` of these values, by marker; they are taken as they are."""
    made = object.__new__(State)
    made._values = values
    made._used_by = ""
    return made


def _flatten(state: State) -> tuple[Iterable[Any], tuple[object, ...]]:
    values = state._current()
    return tuple(values.values()), tuple(values)


def _flatten_with_keys(state: State) -> tuple[Iterable[Any], tuple[object, ...]]:
    values = state._current()
    return [(jtu.DictKey(key), value) for key, value in values.items()], tuple(values)


def _unflatten(markers: tuple[object, ...], values: Iterable[Any]) -> State:
    return _state(dict(zip(markers, values, strict=True)))


jtu.register_pytree_with_keys(State, _flatten_with_keys, _unflatten, _flatten)


def _bare(marker: object) -> str:
    if isinstance(marker, Marker):
        return "<unnamed>" if marker.path is None else marker.path
    return str(marker)


def _article(value: Any) -> str:
    return f"{value!r}, of type {type(value).__name__}" if value is not None else "`None`"


def _absent(item: StateIndex[Any], values: dict[object, Any]) -> str:
    names = [_bare(marker) for marker in values]
    near = difflib.get_close_matches(_bare(item.marker), names, n=3, cutoff=0.0)
    held = f"it holds {len(names)}, such as {', '.join(near)}" if near else "it is empty"
    if isinstance(item.marker, Marker):
        why = (
            "That index belongs to a model that was made without `make_with_state`, or to another "
            "one"
        )
    else:
        why = "A state belongs to the model that it was made with"
    return (
        f"This `State` has no value of {told(item.marker)}; {held}. {why}: make both with "
        "`model, state = eqx.nn.make_with_state(ModelClass)(...)`."
    )
