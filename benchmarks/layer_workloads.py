"""One way to use each layer, of a size as in practice: what `layers.py` measures."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

Call = Callable[..., Any]
"""Takes the layer, its state (`None` without one) and the inputs; returns an array."""


@dataclass(frozen=True)
class Workload:
    """A layer, made by either library, and a call of it."""

    name: str
    make: Callable[[Any], Any]
    """From the library's `nn`: a layer, or a layer and a state."""
    call: Call
    shapes: tuple[tuple[int, ...], ...]
    """Of the inputs: normally distributed numbers."""
    peer: Callable[[Any], Call] | None = None
    """From `flax.nnx`: the same work, on a module it makes."""

    def inputs(self) -> list[jax.Array]:
        keys = jax.random.split(jax.random.key(1), len(self.shapes))
        return [jax.random.normal(key, shape) for key, shape in zip(keys, self.shapes, strict=True)]


_KEY = jax.random.key(0)


def _mapped(layer: Any, state: Any, *xs: Any) -> Any:
    return jax.vmap(layer)(*xs)


def _mapped_with_state(axis_name: str | None, **kwargs: Any) -> Call:
    def call(layer: Any, state: Any, x: Any) -> Any:
        def one(x: Any, state: Any) -> Any:
            return layer(x, state, **kwargs)

        axes: dict[str, Any] = {"in_axes": (0, None), "out_axes": (0, None)}
        return jax.vmap(one, axis_name=axis_name, **axes)(x, state)

    return call


def _steps(layer: Any, state: Any, xs: Any) -> Any:
    """A cell along a sequence, the hidden state (one vector or two) starting at zeros."""
    zeros = jnp.zeros(layer.hidden_size)
    is_gru = type(layer).__name__ == "GRUCell"

    def step(hidden: Any, x: Any) -> Any:
        hidden = layer(x, hidden)
        return hidden, hidden if is_gru else hidden[0]

    return jax.lax.scan(step, zeros if is_gru else (zeros, zeros), xs)[1]


def _attend(**kwargs: Any) -> Call:
    return lambda layer, state, x: layer(x, x, x, **kwargs)


def _causal(layer: Any, state: Any, x: Any) -> Any:
    return layer(x, x, x, mask=jnp.tril(jnp.ones((len(x), len(x)), bool)))


def _with_dropout(layer: Any, state: Any, x: Any) -> Any:
    return layer(x, x, x, key=_KEY)


def _with_rotation(nn: Any) -> Call:
    def call(layer: Any, state: Any, x: Any) -> Any:
        turn = jax.vmap(nn.RotaryPositionalEmbedding(layer.qk_size), in_axes=1, out_axes=1)
        return layer(x, x, x, process_heads=lambda q, k, v: (turn(q), turn(k), v))

    return call


def _looked_up(layer: Any, state: Any, x: Any) -> Any:
    return jax.vmap(layer)((jnp.abs(x) * 1000).astype(int) % 1000)


def _shared(nn: Any) -> Any:
    pair = [nn.Linear(256, 256, key=key) for key in jax.random.split(_KEY)]
    return nn.Shared(pair, lambda pair: pair[1].weight, lambda pair: pair[0].weight)


def _through_shared(layer: Any, state: Any, x: Any) -> Any:
    first, second = layer()
    return jax.vmap(lambda x: second(first(x)))(x)


def _nnx(make: Callable[[Any, Any], Any], call: Callable[..., Any] | None = None) -> Any:
    def peer(nnx: Any) -> Call:
        graph, arrays = nnx.split(make(nnx, nnx.Rngs(0)))

        def run(arrays: Any, state: Any, *xs: Any) -> Any:
            module = nnx.merge(graph, arrays)
            return (call or (lambda module, *xs: module(*xs)))(module, *xs)

        run.arrays = arrays  # type: ignore[attr-defined]
        return run

    return peer


def _pool(name: str, *args: Any, shape: tuple[int, ...], **kwargs: Any) -> Workload:
    told = ", ".join([*map(str, args), *[f"{key}={value}" for key, value in kwargs.items()]])
    make = _named(name, *args, **kwargs)
    return Workload(f"{name}({told})", make, _mapped, (shape,))


def _named(name: str, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
    def make(nn: Any) -> Any:
        layer = getattr(nn, name)
        takes_key = "key" in inspect.signature(layer.__init__).parameters
        return layer(*args, **kwargs, **({"key": _KEY} if takes_key else {}))

    return make


def _stateful(name: str, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
    return lambda nn: nn.make_with_state(getattr(nn, name))(*args, **kwargs)


def _spectral(inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda nn: nn.make_with_state(nn.SpectralNorm)(inner(nn), "weight", key=_KEY)


_LINEAR = _named("Linear", 512, 512)
_CONV = _named("Conv2d", 32, 32, 3, padding=1)
_ATTENTION = _named("MultiheadAttention", 4, 128)
_IMAGES = (8, 32, 32, 32)

WORKLOADS = [
    Workload(
        "Linear",
        _LINEAR,
        _mapped,
        ((256, 512),),
        _nnx(lambda nnx, rngs: nnx.Linear(512, 512, rngs=rngs)),
    ),
    Workload("Linear, one vector", _LINEAR, lambda layer, state, x: layer(x), ((512,),)),
    Workload("MLP", _named("MLP", 64, 64, 128, 3), _mapped, ((256, 64),)),
    Workload("MLP(scan=True)", _named("MLP", 64, 64, 128, 6, scan=True), _mapped, ((256, 64),)),
    Workload("Conv1d", _named("Conv1d", 32, 32, 3), _mapped, ((8, 32, 256),)),
    Workload(
        "Conv2d",
        _CONV,
        _mapped,
        ((8, 32, 16, 16),),
    ),
    Workload(
        "Conv2d(groups=32)", _named("Conv2d", 32, 32, 3, groups=32), _mapped, ((4, 32, 16, 16),)
    ),
    Workload(
        "Conv2d(padding_mode='REFLECT')",
        _named("Conv2d", 16, 16, 3, padding=1, padding_mode="REFLECT"),
        _mapped,
        ((8, 16, 16, 16),),
    ),
    Workload("Conv3d", _named("Conv3d", 8, 8, 3), _mapped, ((2, 8, 12, 12, 12),)),
    Workload(
        "ConvTranspose1d", _named("ConvTranspose1d", 32, 32, 3, stride=2), _mapped, ((8, 32, 128),)
    ),
    Workload(
        "ConvTranspose2d",
        _named("ConvTranspose2d", 16, 16, 3, stride=2),
        _mapped,
        ((8, 16, 8, 8),),
    ),
    Workload(
        "ConvTranspose3d", _named("ConvTranspose3d", 8, 8, 2, stride=2), _mapped, ((2, 8, 6, 6, 6),)
    ),
    Workload(
        "LayerNorm",
        _named("LayerNorm", 512),
        _mapped,
        ((2048, 512),),
        _nnx(lambda nnx, rngs: nnx.LayerNorm(512, rngs=rngs)),
    ),
    Workload(
        "RMSNorm",
        _named("RMSNorm", 512),
        _mapped,
        ((2048, 512),),
        _nnx(lambda nnx, rngs: nnx.RMSNorm(512, rngs=rngs)),
    ),
    Workload(
        "GroupNorm",
        _named("GroupNorm", 8, 32),
        _mapped,
        (_IMAGES,),
    ),
    Workload(
        "BatchNorm(mode='batch')",
        _stateful("BatchNorm", 32, "batch", mode="batch"),
        _mapped_with_state("batch"),
        (_IMAGES,),
    ),
    Workload(
        "BatchNorm(mode='ema')",
        _stateful("BatchNorm", 32, "batch", mode="ema"),
        _mapped_with_state("batch"),
        (_IMAGES,),
    ),
    Workload(
        "BatchNorm, inference",
        _stateful("BatchNorm", 32, "batch", mode="batch"),
        _mapped_with_state("batch", inference=True),
        (_IMAGES,),
    ),
    Workload(
        "BatchNorm, vectors",
        _stateful("BatchNorm", 512, "batch", mode="batch"),
        _mapped_with_state("batch"),
        ((1024, 512),),
    ),
    Workload("SpectralNorm(Linear)", _spectral(_LINEAR), _mapped_with_state("batch"), ((64, 512),)),
    Workload(
        "SpectralNorm(Conv2d)", _spectral(_CONV), _mapped_with_state("batch"), ((2, 32, 8, 8),)
    ),
    Workload(
        "WeightNorm(Linear)",
        lambda nn: nn.WeightNorm(_LINEAR(nn)),
        _mapped,
        ((64, 512),),
    ),
    Workload("WeightNorm(Conv2d)", lambda nn: nn.WeightNorm(_CONV(nn)), _mapped, ((2, 32, 8, 8),)),
    Workload(
        "Dropout", _named("Dropout", 0.1), lambda layer, state, x: layer(x, key=_KEY), ((512, 512),)
    ),
    Workload("Embedding", _named("Embedding", 1000, 256), _looked_up, ((2048,),)),
    Workload("GRUCell", _named("GRUCell", 64, 128), _steps, ((128, 64),)),
    Workload("LSTMCell", _named("LSTMCell", 64, 128), _steps, ((128, 64),)),
    Workload(
        "MultiheadAttention",
        _ATTENTION,
        _attend(),
        ((128, 128),),
        _nnx(
            lambda nnx, rngs: nnx.MultiHeadAttention(
                4, 128, rngs=rngs, decode=False, use_bias=False
            )
        ),
    ),
    Workload(
        "MultiheadAttention, batch",
        _ATTENTION,
        lambda layer, state, x: jax.vmap(lambda x: layer(x, x, x))(x),
        ((8, 64, 128),),
    ),
    Workload("MultiheadAttention, causal", _ATTENTION, _causal, ((512, 128),)),
    Workload("MultiheadAttention, long", _ATTENTION, _attend(), ((2048, 128),)),
    Workload("MultiheadAttention, long, causal", _ATTENTION, _causal, ((2048, 128),)),
    Workload(
        "MultiheadAttention, dropout",
        _named("MultiheadAttention", 4, 128, dropout_p=0.1),
        _with_dropout,
        ((256, 128),),
    ),
    Workload(
        "RotaryPositionalEmbedding",
        _named("RotaryPositionalEmbedding", 64),
        lambda layer, state, x: layer(x),
        ((1024, 64),),
    ),
    Workload("PReLU", _named("PReLU"), _mapped, ((512, 512),)),
    Workload(
        "Sequential",
        lambda nn: nn.Sequential(
            [
                nn.Linear(128, 256, key=_KEY),
                nn.Lambda(jax.nn.gelu),
                nn.Identity(),
                nn.Linear(256, 128, key=_KEY),
            ]
        ),
        _mapped,
        ((256, 128),),
    ),
    Workload("Shared", _shared, _through_shared, ((128, 256),)),
    _pool("MaxPool1d", 2, 2, shape=(8, 32, 1024)),
    _pool("MaxPool2d", 2, 2, shape=_IMAGES),
    _pool("MaxPool2d", 3, 2, padding=1, shape=_IMAGES),
    _pool("MaxPool2d", 3, 1, padding=1, shape=_IMAGES),
    _pool("MaxPool2d", 3, 2, use_ceil=True, shape=_IMAGES),
    _pool("MaxPool2d", 7, 1, padding=3, shape=_IMAGES),
    _pool("MaxPool3d", 2, 2, shape=(4, 8, 16, 16, 16)),
    _pool("AvgPool1d", 2, 2, shape=(8, 32, 1024)),
    _pool("AvgPool2d", 2, 2, shape=_IMAGES),
    _pool("AvgPool2d", 3, 2, padding=1, shape=_IMAGES),
    _pool("AvgPool2d", 3, 1, padding=1, shape=_IMAGES),
    _pool("AvgPool2d", 3, 2, use_ceil=True, shape=_IMAGES),
    _pool("AvgPool2d", 12, 4, shape=_IMAGES),
    _pool("AvgPool3d", 2, 2, shape=(4, 8, 16, 16, 16)),
    _pool("AdaptiveAvgPool1d", 128, shape=(8, 32, 1024)),
    _pool("AdaptiveAvgPool2d", 8, shape=_IMAGES),
    _pool("AdaptiveAvgPool2d", 1, shape=_IMAGES),
    _pool("AdaptiveAvgPool2d", 7, shape=_IMAGES),
    _pool("AdaptiveAvgPool3d", 4, shape=(4, 8, 16, 16, 16)),
    _pool("AdaptiveMaxPool1d", 128, shape=(8, 32, 1024)),
    _pool("AdaptiveMaxPool2d", 8, shape=_IMAGES),
    _pool("AdaptiveMaxPool2d", 7, shape=_IMAGES),
    _pool("AdaptiveMaxPool3d", 4, shape=(4, 8, 16, 16, 16)),
]
