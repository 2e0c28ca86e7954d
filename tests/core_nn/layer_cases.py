"""Every layer with a few ways to make and call it, for both libraries."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import numpy as np

import eqxcore


@dataclasses.dataclass(frozen=True)
class Case:
    """One way to make and call a layer."""

    name: str
    args: tuple = ()
    kwargs: dict = dataclasses.field(default_factory=dict)
    shapes: tuple = ()
    """Of the arrays it is called on."""
    keyed: bool = False
    """Made from a key."""
    called_with_key: bool = False
    index: bool = False
    """Called on an integer."""
    stateful: bool = False
    """Made with a state."""
    batch_axis: str | None = None
    """Mapped over a batch whose axis has this name."""

    @property
    def takes_dtype(self) -> bool:
        """Whether there is a dtype to choose, here or in a layer that this one wraps."""
        if any(isinstance(value, InLibrary) and value.takes_dtype for value in self.args):
            return True
        return "dtype" in inspect.signature(getattr(equinox.nn, self.name).__init__).parameters

    def make(self, library: Any, **more: Any) -> tuple[Any, Any]:
        """The layer and its state, `None` if it has none."""
        kwargs = {name: _of(library, value) for name, value in self.kwargs.items()}
        if self.keyed:
            kwargs["key"] = jax.random.key(7)
        args = [_of(library, value, **more) for value in self.args]
        if any(isinstance(value, InLibrary) and value.takes_dtype for value in self.args):
            more = {}
        make = getattr(library.nn, self.name)
        if self.stateful:
            return library.nn.make_with_state(make)(*args, **kwargs, **more)
        return make(*args, **kwargs, **more), None

    def inputs(self, dtype: Any = jnp.float32) -> list[Any]:
        if self.index:
            return [jnp.asarray(2)]
        rng = np.random.default_rng(3)
        return jax.tree.map(
            lambda shape: jnp.asarray(rng.normal(size=shape), dtype),
            list(self.shapes),
            is_leaf=lambda node: isinstance(node, tuple) and all(type(n) is int for n in node),
        )

    def call(self, layer: Any, state: Any, inputs: list[Any]) -> Any:
        kwargs = {"key": jax.random.key(11)} if self.called_with_key else {}
        if not self.stateful:
            return layer(*inputs, **kwargs)
        if self.batch_axis is None:
            return layer(*inputs, state, **kwargs)
        mapped = jax.vmap(
            lambda x: layer(x, state, **kwargs), axis_name=self.batch_axis, out_axes=(0, None)
        )
        return mapped(*inputs)

    def __str__(self) -> str:
        parts = [_told(a) for a in self.args] + [f"{n}={_told(v)}" for n, v in self.kwargs.items()]
        return f"{self.name}({', '.join(parts)})"


def _told(value: Any) -> str:
    # By name: an address would give a test another name in each process that collects it.
    return getattr(value, "__name__", None) or repr(value)


@dataclasses.dataclass(frozen=True)
class InLibrary:
    """A value that each library makes its own of."""

    make: Callable[..., Any]
    name: str
    takes_dtype: bool = False

    def __repr__(self) -> str:
        return self.name


def _of(library: Any, value: Any, **more: Any) -> Any:
    if isinstance(value, InLibrary):
        return value.make(library, **(more if value.takes_dtype else {}))
    return value


prelu = InLibrary(lambda library: library.nn.PReLU(), "PReLU()")
linear = InLibrary(
    lambda library, **more: library.nn.Linear(3, 4, key=jax.random.key(1), **more),
    "Linear(3, 4)",
    takes_dtype=True,
)
conv = InLibrary(
    lambda library, **more: library.nn.Conv2d(2, 3, 2, key=jax.random.key(1), **more),
    "Conv2d(2, 3, 2)",
    takes_dtype=True,
)
two_linears = InLibrary(
    lambda library, **more: [
        library.nn.Linear(3, 4, key=key, **more) for key in jax.random.split(jax.random.key(1))
    ],
    "[Linear(3, 4), Linear(3, 4)]",
    takes_dtype=True,
)


def _second_weight(pair: Any) -> Any:
    return pair[1].weight


def _first_weight_negated(pair: Any) -> Any:
    return -pair[0].weight


def _keyed(name: str, *args: Any, shapes: Any, **kwargs: Any) -> Case:
    return Case(name, args, kwargs, shapes, keyed=True)


def _plain(name: str, *args: Any, shapes: Any, **kwargs: Any) -> Case:
    return Case(name, args, kwargs, shapes)


def _batch_norm(*args: Any, shape: tuple[int, ...], **kwargs: Any) -> Case:
    return Case("BatchNorm", args, kwargs, (shape,), stateful=True, batch_axis="batch")


def _spectral_norm(*args: Any, shape: tuple[int, ...], **kwargs: Any) -> Case:
    return Case("SpectralNorm", args, kwargs, (shape,), keyed=True, stateful=True)


CASES = [
    _keyed("Linear", 3, 4, shapes=((3,),)),
    _keyed("Linear", 3, 4, use_bias=False, shapes=((3,),)),
    _keyed("Linear", "scalar", 4, shapes=((),)),
    _keyed("Linear", 3, "scalar", shapes=((3,),)),
    _keyed("Linear", 0, 4, shapes=((0,),)),
    _keyed("MLP", 3, 2, 5, 2, shapes=((3,),)),
    _keyed("MLP", 3, 2, 5, 0, shapes=((3,),)),
    _keyed("MLP", "scalar", "scalar", 5, 1, use_final_bias=False, shapes=((),)),
    _keyed("MLP", 3, 2, 5, 2, activation=prelu, final_activation=prelu, shapes=((3,),)),
    _keyed("MLP", 3, 2, 5, 2, activation=jnp.sin, final_activation=jax.nn.gelu, shapes=((3,),)),
    _keyed("MLP", 3, 2, 5, 4, scan=True, shapes=((3,),)),
    _keyed("MLP", 3, 2, 5, 1, scan=True, shapes=((3,),)),
    _keyed("MLP", 3, 2, 5, 4, scan=True, activation=prelu, shapes=((3,),)),
    _keyed("Conv1d", 2, 4, 3, shapes=((2, 9),)),
    _keyed("Conv1d", 2, 4, 3, padding="same", padding_mode="reflect", shapes=((2, 9),)),
    _keyed("Conv2d", 2, 4, (3, 2), stride=2, padding=1, shapes=((2, 7, 8),)),
    _keyed("Conv2d", 4, 6, 3, groups=2, dilation=(1, 2), shapes=((4, 7, 8),)),
    _keyed("Conv2d", 2, 4, 3, padding="SAME_LOWER", use_bias=False, shapes=((2, 7, 8),)),
    _keyed("Conv2d", 2, 4, 3, padding=1, padding_mode="replicate", stride=2, shapes=((2, 7, 8),)),
    _keyed("Conv2d", 2, 4, 3, padding=((1, 2), (0, 1)), shapes=((2, 7, 8),)),
    _keyed("Conv2d", 2, 4, 3, padding="SAME", padding_mode="CIRCULAR", shapes=((2, 7, 8),)),
    _keyed("Conv3d", 2, 3, 2, padding=(1, 0, 1), shapes=((2, 4, 5, 3),)),
    _keyed("Conv", 2, 2, 4, 3, shapes=((2, 7, 8),)),
    _keyed("ConvTranspose1d", 2, 4, 3, stride=2, output_padding=1, shapes=((2, 5),)),
    _keyed("ConvTranspose1d", 2, 4, 2, stride=5, padding="SAME", shapes=((2, 5),)),
    _keyed("ConvTranspose1d", 2, 4, 1, stride=4, padding="SAME_LOWER", shapes=((2, 5),)),
    _keyed("ConvTranspose2d", 4, 6, 3, groups=2, dilation=2, padding=(1, 2), shapes=((4, 5, 4),)),
    _keyed("ConvTranspose2d", 2, 4, (4, 3), stride=(3, 2), padding="SAME", shapes=((2, 5, 4),)),
    _keyed("ConvTranspose3d", 2, 3, 2, stride=2, padding="VALID", shapes=((2, 3, 2, 3),)),
    _keyed(
        "ConvTranspose2d", 2, 4, (5, 2), stride=(2, 1), padding="SAME", padding_mode="CIRCULAR",
        shapes=((2, 5, 4),),
    ),
    _keyed("ConvTranspose", 1, 2, 4, 3, padding="SAME_LOWER", stride=2, shapes=((2, 5),)),
    _plain("LayerNorm", 5, shapes=((5,),)),
    _plain("LayerNorm", (2, 3), use_bias=False, eps=1e-3, shapes=((2, 3),)),
    _plain("RMSNorm", 5, shapes=((5,),)),
    _plain("RMSNorm", (2, 3), use_weight=False, shapes=((2, 3),)),
    _plain("GroupNorm", 2, 4, shapes=((4, 3, 5),)),
    _plain("GroupNorm", 2, 4, shapes=((4,),)),
    _plain("GroupNorm", 3, channelwise_affine=False, shapes=((6, 2),)),
    _plain("PReLU", shapes=((4, 2),)),
    _plain("PReLU", np.array([0.1, 0.2], np.float32), shapes=((2,),)),
    _plain("Identity", 3, any_name=4, shapes=((3,),)),
    _plain("Lambda", jnp.tanh, shapes=((3,),)),
    _plain("Dropout", 0.0, shapes=((3,),)),
    _plain("Dropout", 0.5, inference=True, shapes=((3,),)),
    Case("Dropout", (0.3,), shapes=((20,),), called_with_key=True),
    _keyed("GRUCell", 3, 4, shapes=((3,), (4,))),
    _keyed("GRUCell", 3, 4, use_bias=False, shapes=((3,), (4,))),
    _keyed("LSTMCell", 3, 4, shapes=((3,), [(4,), (4,)])),
    _keyed("LSTMCell", 3, 4, use_bias=False, shapes=((3,), [(4,), (4,)])),
    _keyed("MultiheadAttention", 2, 4, shapes=((5, 4), (6, 4), (6, 4))),
    _keyed(
        "MultiheadAttention", 3, 4, 5, 6, 7, 2, 3, True, True, True, True,
        shapes=((5, 4), (6, 5), (6, 6)),
    ),
    Case(
        "MultiheadAttention", (2, 4), {"dropout_p": 0.4}, ((5, 4), (6, 4), (6, 4)),
        keyed=True, called_with_key=True,
    ),
    Case("Embedding", (5, 3), keyed=True, index=True),
    _plain("MaxPool1d", 2, shapes=((2, 7),)),
    _plain("MaxPool1d", 3, 2, 1, use_ceil=True, shapes=((2, 8),)),
    _plain("MaxPool2d", (2, 3), (1, 2), ((1, 0), (0, 2)), shapes=((2, 7, 8),)),
    _plain("MaxPool3d", 2, 2, shapes=((2, 4, 5, 6),)),
    _plain("AvgPool1d", 2, 2, use_ceil=True, shapes=((2, 5),)),
    _plain("AvgPool2d", 3, 2, 1, shapes=((2, 7, 8),)),
    _plain("AvgPool3d", (1, 2, 3), shapes=((2, 4, 5, 6),)),
    _plain("Pool", -jnp.inf, jax.lax.max, 1, 2, shapes=((2, 6),)),
    _plain("AdaptiveAvgPool1d", 3, shapes=((2, 8),)),
    _plain("AdaptiveAvgPool2d", (3, 2), shapes=((2, 7, 8),)),
    _plain("AdaptiveAvgPool3d", 2, shapes=((2, 4, 5, 6),)),
    _plain("AdaptiveMaxPool1d", 4, shapes=((2, 7),)),
    _plain("AdaptiveMaxPool2d", 2, shapes=((2, 4, 4),)),
    _plain("AdaptiveMaxPool3d", (1, 2, 3), shapes=((2, 4, 5, 6),)),
    _plain("AdaptivePool", 3, 1, jnp.min, shapes=((2, 8),)),
    _batch_norm(3, "batch", mode="batch", shape=(4, 3)),
    _batch_norm(3, "batch", mode="batch", momentum=0.7, eps=1e-3, shape=(4, 3, 2, 5)),
    _batch_norm(3, "batch", mode="batch", channelwise_affine=False, shape=(4, 3)),
    _batch_norm(3, "batch", mode="batch", inference=True, shape=(4, 3, 2)),
    _batch_norm(3, "batch", mode="ema", shape=(4, 3, 2)),
    _batch_norm(3, ["batch"], mode="ema", momentum=0.7, shape=(4, 3)),
    _batch_norm(3, ("batch",), mode="ema", inference=True, shape=(4, 3)),
    _spectral_norm(linear, "weight", shape=(3,)),
    _spectral_norm(linear, "weight", 3, inference=True, shape=(3,)),
    _spectral_norm(conv, "weight", 3, eps=1e-6, shape=(2, 4, 3)),
    _plain("WeightNorm", linear, shapes=((3,),)),
    _plain("WeightNorm", linear, "bias", None, shapes=((3,),)),
    _plain("WeightNorm", conv, axis=1, shapes=((2, 4, 3),)),
    _plain("WeightNorm", conv, "weight", -1, shapes=((2, 4, 3),)),
    _plain("RotaryPositionalEmbedding", 6, shapes=((5, 6),)),
    _plain("RotaryPositionalEmbedding", 4, 100.0, shapes=((3, 4),)),
    _plain("Shared", two_linears, _second_weight, _first_weight_negated, shapes=()),
]  # fmt: skip


ONE_CASE_EACH = list({case.name: case for case in reversed(CASES)}.values())
"""The first case of each layer."""


def made_abstractly(case: Case, library: Any, **more: Any) -> tuple[Any, Any]:
    """The layer and its state with tracers for arrays: nothing is compiled."""
    made = []
    jax.make_jaxpr(lambda: made.append(case.make(library, **more)))()
    return made[0]


def made_of_numbers(case: Case, library: Any, **more: Any) -> tuple[Any, Any]:
    """The layer and its state with other numbers in them, the same for both libraries.

    Making a layer compiles a program for each shape, which is most of the time these tests take.
    And norms that scale by ones, and shift by zeros, would hide a mistake.
    """
    rng = np.random.default_rng(5)

    def weight(leaf: Any) -> Any:
        if not equinox.is_array(leaf):
            return leaf
        return jnp.asarray(rng.normal(size=leaf.shape) / 2, leaf.dtype)

    def statistic(leaf: Any) -> Any:
        # A variance is positive; "is this the first time" is answered by no.
        if jnp.issubdtype(leaf.dtype, jnp.inexact):
            return jnp.asarray(rng.uniform(0.5, 2.0, size=leaf.shape), leaf.dtype)
        number = 3 if jnp.issubdtype(leaf.dtype, jnp.integer) else False
        # Equinox counts with a weakly typed number, and fails with any other here.
        return jnp.asarray(number, None if leaf.weak_type else leaf.dtype)

    layer, state = made_abstractly(case, library, **more)
    return jax.tree.map(weight, layer), jax.tree.map(statistic, state)


def sequential(library: Any) -> Any:
    """A `Sequential` of layers with arrays, without, and with a use for a key."""
    nn = library.nn
    keys = jax.random.split(jax.random.key(1), 2)
    return nn.Sequential(
        [
            nn.Linear(3, 8, key=keys[0]),
            nn.Lambda(jax.nn.relu),
            nn.Dropout(0.5),
            nn.Linear(8, 2, key=keys[1]),
        ]
    )


def arrays(tree: Any) -> list[np.ndarray]:
    """The array leaves of a pytree, on the host."""
    return [np.asarray(x) for x in jax.tree.leaves(tree) if equinox.is_array(x)]


def x64(on: bool = True) -> Any:
    """A context in which JAX's default dtypes have 64 bits."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(on)
    from jax.experimental import enable_x64  # where it is in JAX before 0.8

    return enable_x64(on)


LIBRARIES = (eqxcore, equinox)
