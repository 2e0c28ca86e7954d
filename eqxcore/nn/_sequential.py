"""Layers called one after the other."""

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, SupportsIndex, overload

import jax
from jaxtyping import PRNGKeyArray

from eqxcore._module import Module
from eqxcore.nn._stateful_layer import StatefulLayer

_NO_STATE: Any = object()


class Sequential(StatefulLayer):
    """Calls its layers in order, each on the output of the one before.

    It is indexed, iterated and measured like a tuple; a slice is a `Sequential` again.
    """

    layers: tuple[Callable[..., Any], ...]

    def __init__(self, layers: Sequence[Callable[..., Any]]) -> None:
        """Each layer is called as `layer(x, key=key)`: wrap plain functions in `Lambda`."""
        self.layers = tuple(layers)

    @jax.named_scope("eqx.nn.Sequential")
    def __call__(self, x: Any, state: Any = _NO_STATE, *, key: PRNGKeyArray | None = None) -> Any:
        """The output of the last layer; with `state`, a pair of it and the new state.

        `key` is split into one key for each layer, whether the layer needs it or not. The state
        goes through the layers that are stateful, one after the other.

        Raises `TypeError` when a layer needs a state and none is given.
        """
        keys: Sequence[PRNGKeyArray | None]
        if key is None:
            keys = [None] * len(self.layers)
        else:
            keys = list(jax.random.split(key, len(self.layers)))
        new_state = state
        for place, (layer, subkey) in enumerate(zip(self.layers, keys, strict=True)):
            if isinstance(layer, StatefulLayer) and layer.is_stateful():
                if state is _NO_STATE:
                    raise TypeError(
                        f"`.layers[{place}]`, a `{type(layer).__name__}`, needs a state, and this "
                        "`Sequential` was called without one. Make both with `model, state = "
                        "eqx.nn.make_with_state(make)(...)` and call `model(x, state)`."
                    )
                x, new_state = layer(x, state=new_state, key=subkey)
            else:
                try:
                    x = layer(x, key=subkey)
                except TypeError as error:
                    if not isinstance(layer, Module) and "key" in str(error):
                        error.add_note(
                            f"`.layers[{place}]` of this `Sequential` was called with `key=`, as "
                            "all its layers are. A plain function wants `eqx.nn.Lambda(...)`."
                        )
                    raise
        return x if state is _NO_STATE else (x, new_state)

    @overload
    def __getitem__(self, i: SupportsIndex) -> Callable[..., Any]: ...
    @overload
    def __getitem__(self, i: slice) -> "Sequential": ...
    def __getitem__(self, i: SupportsIndex | slice) -> Any:
        if isinstance(i, slice):
            return Sequential(self.layers[i])
        try:
            return self.layers[operator.index(i)]
        except TypeError:
            raise TypeError(
                f"Indexing a `Sequential` with {i!r}, of type {type(i).__name__}, is not "
                "supported; expected an integer or a slice, as for a tuple of layers."
            ) from None

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def is_stateful(self) -> bool:
        """Whether any layer is."""
        return any(
            isinstance(layer, StatefulLayer) and layer.is_stateful() for layer in self.layers
        )
