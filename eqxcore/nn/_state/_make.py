"""Take the state out of a model."""

import copy
import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import jax.tree_util as jtu

from ._state import State
from ._state_index import InitDeleted, StateIndex, is_index

_P = ParamSpec("_P")
_T = TypeVar("_T")


def make_with_state(make_model: Callable[_P, _T]) -> Callable[_P, tuple[_T, State]]:
    """`make_model`, returning a pair: the model without its first state, and that state.

        model, state = eqx.nn.make_with_state(Model)(3, key=key)
        x, state = model(x, state)

    Each `StateIndex` is named by where it is, `Model.layers[0].count`. One that stands in two
    places of the model becomes two, as everything in a pytree does.
    """

    # Not what is in `__dict__`: of a class, that would be its methods.
    @functools.wraps(make_model, updated=())
    def make(*args: _P.args, **kwargs: _P.kwargs) -> tuple[_T, State]:
        model = make_model(*args, **kwargs)
        leaves, treedef = jtu.tree_flatten_with_path(model, is_leaf=is_index)
        named = [
            _named(leaf, type(model).__name__ + jtu.keystr(path)) if is_index(leaf) else leaf
            for path, leaf in leaves
        ]
        model = treedef.unflatten(named)
        return delete_init_state(model), State(model)

    return make


def delete_init_state(model: _T) -> _T:
    """`model`, without the first values of its state.

    They are no use once `State(model)` has copied them, and are leaves of the model as long as
    they are there: they take up memory, and have gradients.
    """
    return jtu.tree_map(
        lambda leaf: _with(leaf, init=InitDeleted()) if is_index(leaf) else leaf,
        model,
        is_leaf=is_index,
    )


def _named(index: StateIndex[Any], name: str) -> StateIndex[Any]:
    return _with(index, marker=name)


def _with(index: StateIndex[Any], **fields: Any) -> StateIndex[Any]:
    changed = copy.copy(index)
    for name, value in fields.items():
        # A copy that nobody else has seen yet, so that nothing is known about it either.
        object.__setattr__(changed, name, value)
    return changed
