"""A multilayer perceptron."""

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Inexact, PRNGKeyArray

from eqxcore._filters import combine, partition
from eqxcore._mapping._vmap import filter_vmap
from eqxcore._module import Module, field
from eqxcore._predicates import is_array
from eqxcore.nn._elementwise import identity, is_elementwise
from eqxcore.nn._linear import Linear
from eqxcore.nn._parameters import split_keys


class MLP(Module):
    """A feed-forward network: `depth` hidden layers of `width_size`, and one to the output.

    Works on one vector; for a batch, `jax.vmap(mlp)(batch)`.
    """

    layers: tuple[Linear, ...]
    activation: Callable
    final_activation: Callable
    use_bias: bool = field(static=True)
    use_final_bias: bool = field(static=True)
    in_size: int | Literal["scalar"] = field(static=True)
    out_size: int | Literal["scalar"] = field(static=True)
    width_size: int = field(static=True)
    depth: int = field(static=True)
    scan: bool = field(static=True, default=False)

    def __init__(
        self,
        in_size: int | Literal["scalar"],
        out_size: int | Literal["scalar"],
        width_size: int,
        depth: int,
        activation: Callable = jax.nn.relu,
        final_activation: Callable = identity,
        use_bias: bool = True,
        use_final_bias: bool = True,
        dtype: DTypeLike | None = None,
        *,
        scan: bool = False,
        key: PRNGKeyArray,
    ) -> None:
        """`depth` counts the hidden layers: 2 makes three `Linear`s, 0 a single one.

        `activation` and `final_activation` are applied to each neuron on its own. Arrays in
        them, as in a `PReLU`, become one for each neuron: of shape `(depth, width_size, ...)`,
        and `(out_size, ...)` for the final one.

        With `scan=True`, the hidden layers but the first are a single `Linear` whose arrays have
        a leading axis of `depth - 1`, run by `jax.lax.scan`: it compiles in constant time.
        """
        if depth == 0:
            sizes = [(in_size, out_size, use_final_bias)]
        else:
            hidden = (width_size, width_size, use_bias)
            sizes = [
                (in_size, width_size, use_bias),
                *[hidden] * (depth - 1),
                (width_size, out_size, use_final_bias),
            ]
        keys = split_keys(key, num=depth + 1)

        def make(place: int) -> Linear:
            return Linear(*sizes[place], dtype=dtype, key=keys[place])

        if scan and depth > 0:
            stack = filter_vmap(
                lambda key: Linear(width_size, width_size, use_bias, dtype, key=key)
            )(jax.random.split(key, depth + 1)[1:-1])
            self.layers = (make(0), stack, make(depth))
        else:
            self.layers = tuple(make(place) for place in range(depth + 1))
        self.activation = _one_each(activation, (depth, width_size))
        self.final_activation = (
            final_activation if out_size == "scalar" else _one_each(final_activation, (out_size,))
        )
        self.use_bias = use_bias
        self.use_final_bias = use_final_bias
        self.in_size = in_size
        self.out_size = out_size
        self.width_size = width_size
        self.depth = depth
        self.scan = scan

    @jax.named_scope("eqx.nn.MLP")
    def __call__(
        self, x: Inexact[Array, " in"], *, key: PRNGKeyArray | None = None
    ) -> Inexact[Array, " out"]:
        """The output, of shape `(out_size,)`, or `()` for `"scalar"`. `key` is ignored.

        Raises `ValueError` when `x` is not of shape `(in_size,)`.
        """
        activations, static = partition(self.activation, is_array)

        def activation_of(layer: Any) -> Callable:
            # Indexing would be spelled out in the trace; most activations hold no array at all.
            return combine(jax.tree_util.tree_map(lambda array: array[layer], activations), static)

        if self.scan and self.depth > 0:
            first, stack, last = self.layers
            x = _each(activation_of(0), first(x))
            arrays, rest = partition(stack, is_array)

            def step(x: Array, inputs: tuple[Any, Any]) -> tuple[Array, None]:
                layer, arrays = inputs
                return _each(activation_of(layer), combine(arrays, rest)(x)), None

            x, _ = jax.lax.scan(step, x, (jnp.arange(1, self.depth), arrays))
        else:
            *hidden, last = self.layers
            for place, layer in enumerate(hidden):
                x = _each(activation_of(place), layer(x))
        x = last(x)
        if self.out_size == "scalar":
            return self.final_activation(x)
        return _each(self.final_activation, x)


def _one_each(activation: Callable, shape: tuple[int, ...]) -> Callable:
    """`activation`, with its arrays repeated for each of the neurons in `shape`."""
    if is_elementwise(activation):
        return activation

    def repeat(leaf: Any) -> Any:
        return jnp.broadcast_to(leaf, shape + jnp.shape(leaf)) if is_array(leaf) else leaf

    return jax.tree_util.tree_map(repeat, activation)


def _each(activation: Callable, x: Inexact[Array, " n"]) -> Inexact[Array, " n"]:
    """`activation`, applied to each element of `x`, with its own part of `activation`'s arrays."""
    if is_elementwise(activation):
        return activation(x)
    return filter_vmap(_call)(activation, x)


def _call(fn: Callable, x: Any) -> Any:
    return fn(x)
