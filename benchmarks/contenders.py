"""The same models in each library, for `compare.py`."""

import types
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def arrays_of(tree: Any) -> list[Any]:
    """The arrays among the leaves."""
    return [leaf for leaf in jax.tree_util.tree_leaves(tree) if isinstance(leaf, jax.Array)]


def stack_of_layers(library: Any) -> types.SimpleNamespace:
    """Classes of a library like Equinox; `build(count)` makes a model of `2 * count` arrays."""

    class Layer(library.Module):
        weight: jax.Array
        bias: jax.Array
        activation: Callable
        in_features: int = library.field(static=True)
        out_features: int = library.field(static=True)
        use_bias: bool = library.field(static=True)

        def __call__(self, x: jax.Array) -> jax.Array:
            return self.activation(self.weight @ x + self.bias)

        def method(self, x: jax.Array) -> jax.Array:
            return x

    class Written(library.Module):
        weight: jax.Array
        bias: jax.Array
        in_features: int = library.field(static=True)
        out_features: int = library.field(static=True)
        use_bias: bool = library.field(static=True)

        def __init__(self, weight: jax.Array, bias: jax.Array) -> None:
            self.weight = weight
            self.bias = bias
            self.in_features = 4
            self.out_features = 4
            self.use_bias = True

    class Block(library.Module):
        layers: Any
        name: str

    class Model(library.Module):
        blocks: Any
        depth: int = library.field(static=True)

    def build(count: int, sequence: type = tuple) -> Any:
        layers = [Layer(jnp.zeros(4), jnp.zeros(4), jax.nn.relu, 4, 4, True) for _ in range(count)]
        blocks = [
            Block(sequence(layers[start : start + 3]), f"block{start}")
            for start in range(0, count, 3)
        ]
        return Model(sequence(blocks), count)

    return types.SimpleNamespace(Layer=Layer, Written=Written, build=build)


class PlainLayer:
    """A class that does nothing but hold its attributes: what Python itself costs."""

    def __init__(
        self, weight: Any, bias: Any, in_features: int, out_features: int, use_bias: bool
    ) -> None:
        self.weight = weight
        self.bias = bias
        self.in_features = in_features
        self.out_features = out_features
        self.use_bias = use_bias

    def method(self, x: Any) -> Any:
        return x


def nnx_stack(count: int) -> Any:
    """The same arrays in a model of `flax.nnx`."""
    from flax import nnx

    class Layer(nnx.Module):
        def __init__(self) -> None:
            self.weight = nnx.Param(jnp.zeros(4))
            self.bias = nnx.Param(jnp.zeros(4))
            self.activation = jax.nn.relu

    class Model(nnx.Module):
        def __init__(self) -> None:
            self.layers = nnx.List([Layer() for _ in range(count)])

    return Model()


# A transformer without a causal mask: what it computes does not matter, for it is only traced.

WIDTH, HEADS, HIDDEN, LENGTH = 16, 2, 32, 8


def transformer(library: Any, depth: int) -> Callable[[jax.Array], jax.Array]:
    """A transformer of `library.nn` as its users write it, as a pytree that is a function."""
    nn = library.nn
    keys = iter(jax.random.split(jax.random.key(0), 3 * depth))

    class Block(library.Module):
        attention: Any
        up: Any
        down: Any
        norm1: Any
        norm2: Any

        def __init__(self) -> None:
            self.attention = nn.MultiheadAttention(HEADS, WIDTH, key=next(keys))
            self.up = nn.Linear(WIDTH, HIDDEN, key=next(keys))
            self.down = nn.Linear(HIDDEN, WIDTH, key=next(keys))
            self.norm1 = nn.LayerNorm(WIDTH)
            self.norm2 = nn.LayerNorm(WIDTH)

        def __call__(self, x: jax.Array) -> jax.Array:
            y = jax.vmap(self.norm1)(x)
            x = x + self.attention(y, y, y)
            y = jax.vmap(self.norm2)(x)
            return x + jax.vmap(self.down)(jax.nn.gelu(jax.vmap(self.up)(y)))

    class Transformer(library.Module):
        blocks: tuple[Block, ...]

        def __call__(self, batch: jax.Array) -> jax.Array:
            def one(x: jax.Array) -> jax.Array:
                for block in self.blocks:
                    x = block(x)
                return x

            return jax.vmap(one)(batch)

    return Transformer(tuple(Block() for _ in range(depth)))


def transformer_by_hand(depth: int) -> tuple[list[dict[str, jax.Array]], Callable[..., jax.Array]]:
    """(parameters, function of parameters and batch): the same operations, written for batches."""
    ones, zeros = jnp.ones, jnp.zeros
    block = {
        **{name: zeros((WIDTH, WIDTH)) for name in ("q", "k", "v", "o")},
        **{name: ones(WIDTH) for name in ("scale1", "shift1", "scale2", "shift2")},
        "up": zeros((WIDTH, HIDDEN)),
        "up_bias": zeros(HIDDEN),
        "down": zeros((HIDDEN, WIDTH)),
        "down_bias": zeros(WIDTH),
    }

    def norm(x: jax.Array, scale: jax.Array, shift: jax.Array) -> jax.Array:
        centred = x - x.mean(-1, keepdims=True)
        variance = jnp.square(centred).mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt(variance + 1e-5) * scale + shift

    def attention(p: dict[str, jax.Array], x: jax.Array) -> jax.Array:
        def split(y: jax.Array) -> jax.Array:
            return y.reshape(*y.shape[:-1], HEADS, WIDTH // HEADS)

        q, k, v = split(x @ p["q"]), split(x @ p["k"]), split(x @ p["v"])
        logits = jnp.einsum("bshd,bthd->bhst", q, k) / (WIDTH // HEADS) ** 0.5
        mixed = jnp.einsum("bhst,bthd->bshd", jax.nn.softmax(logits), v)
        return mixed.reshape(x.shape) @ p["o"]

    def forward(parameters: list[dict[str, jax.Array]], x: jax.Array) -> jax.Array:
        for p in parameters:
            x = x + attention(p, norm(x, p["scale1"], p["shift1"]))
            y = norm(x, p["scale2"], p["shift2"])
            x = x + (jax.nn.gelu(y @ p["up"] + p["up_bias"]) @ p["down"] + p["down_bias"])
        return x

    return [dict(block) for _ in range(depth)], forward


def nnx_transformer(depth: int) -> Any:
    """The same in `flax.nnx`, whose layers take batches."""
    from flax import nnx

    rngs = nnx.Rngs(0)

    class Block(nnx.Module):
        def __init__(self) -> None:
            self.attention = nnx.MultiHeadAttention(HEADS, WIDTH, decode=False, rngs=rngs)
            self.up = nnx.Linear(WIDTH, HIDDEN, rngs=rngs)
            self.down = nnx.Linear(HIDDEN, WIDTH, rngs=rngs)
            self.norm1 = nnx.LayerNorm(WIDTH, rngs=rngs)
            self.norm2 = nnx.LayerNorm(WIDTH, rngs=rngs)

        def __call__(self, x: jax.Array) -> jax.Array:
            x = x + self.attention(self.norm1(x))
            return x + self.down(jax.nn.gelu(self.up(self.norm2(x))))

    class Transformer(nnx.Module):
        def __init__(self) -> None:
            self.blocks = nnx.List([Block() for _ in range(depth)])

        def __call__(self, x: jax.Array) -> jax.Array:
            for block in self.blocks:
                x = block(x)
            return x

    return Transformer()
