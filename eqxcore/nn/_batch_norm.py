"""Batch normalisation."""

import warnings
from collections.abc import Hashable, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Bool, Float, Int, PRNGKeyArray

from eqxcore._module import field
from eqxcore.nn._called_as import called_as
from eqxcore.nn._normalise import at_least_float32
from eqxcore.nn._parameters import default_dtype
from eqxcore.nn._state import State, StateIndex
from eqxcore.nn._stateful_layer import StatefulLayer
from eqxcore.nn._traced_once import traced_once

Moments = tuple[Float[Array, " input_size"], Float[Array, " input_size"]]
"""Mean and variance of each channel."""


class BatchNorm(StatefulLayer):
    """Normalises each channel over the batch and all spatial dimensions, then scales and shifts.

    Works on one example, inside of a `vmap` whose axis has the name `axis_name`:

        model, state = eqx.nn.make_with_state(eqx.nn.BatchNorm)(3, "batch", mode="batch")
        forward = jax.vmap(model, axis_name="batch", in_axes=(0, None), out_axes=(0, None))
        x, state = forward(x, state)

    Running statistics are kept in the state; `eqx.nn.inference_mode` has them used in the place of
    those of the batch. Computes in at least float32.
    """

    weight: Float[Array, " input_size"] | None
    bias: Float[Array, " input_size"] | None
    ema_first_time_index: StateIndex[Bool[Array, ""]] | None
    ema_state_index: StateIndex[Moments] | None
    batch_counter: StateIndex[Int[Array, ""]] | None
    batch_state_index: StateIndex[Moments] | None
    axis_name: Hashable | Sequence[Hashable]
    inference: bool
    input_size: int = field(static=True)
    eps: float = field(static=True)
    channelwise_affine: bool = field(static=True)
    momentum: float = field(static=True)
    mode: Literal["ema", "batch"] = field(static=True)

    def __init__(
        self,
        input_size: int,
        axis_name: Hashable | Sequence[Hashable],
        eps: float = 1e-5,
        channelwise_affine: bool = True,
        momentum: float = 0.99,
        inference: bool = False,
        dtype: DTypeLike | None = None,
        mode: Literal["ema", "batch", "legacy"] = "legacy",
    ) -> None:
        """Weight ones and bias zeros for each of `input_size` channels. `eps` is added to the
        variance. A sequence of axis names means the statistics over all of those axes.

        `"batch"` normalises by the statistics of the batch, as everybody does. `"ema"` normalises
        by the running statistics in training too. `"legacy"` is `"ema"` with a warning.

        `momentum` is how much of the running statistics each step keeps. `dtype` is that of all
        arrays, `None` for JAX's default floating-point dtype.
        """
        if mode == "legacy":
            warnings.warn(
                "When `eqx.nn.BatchNorm(..., mode=...)` is unspecified it defaults to 'ema', as it "
                'did at first. Prefer `mode="batch"`, which trains better and is what other '
                'libraries do; `mode="ema"` says that the old way is meant.',
                stacklevel=3,  # the metaclass is in between
            )
            mode = "ema"
        if mode not in ("ema", "batch"):
            raise ValueError(
                f"`BatchNorm` got `mode={mode!r}`. Invalid mode, must be 'ema' or 'batch': use "
                '`mode="batch"` unless a model was trained with the other.'
            )
        dtype = default_dtype(dtype)
        zeros, ones = jnp.zeros(input_size, dtype), jnp.ones(input_size, dtype)
        if mode == "ema":
            self.ema_first_time_index = StateIndex(jnp.asarray(True))
            self.ema_state_index = StateIndex((zeros, zeros))
            self.batch_counter = None
            self.batch_state_index = None
        else:
            self.ema_first_time_index = None
            self.ema_state_index = None
            # Not weakly typed: it would not be when it comes back from a file, and be traced anew.
            self.batch_counter = StateIndex(jnp.zeros((), int))
            self.batch_state_index = StateIndex((zeros, ones))
        self.weight = ones if channelwise_affine else None
        self.bias = zeros if channelwise_affine else None
        self.axis_name = axis_name
        self.inference = inference
        self.input_size = input_size
        self.eps = eps
        self.channelwise_affine = channelwise_affine
        self.momentum = momentum
        self.mode = mode

    @jax.named_scope("eqx.nn.BatchNorm")
    def __call__(
        self,
        x: Float[Array, "input_size *spatial"],
        state: State,
        *,
        key: PRNGKeyArray | None = None,
        inference: bool | None = None,
    ) -> tuple[Float[Array, "input_size *spatial"], State]:
        """The output, of the shape of `x`, and the new state; in inference, the same state.

        The dtype is that of `x` or of the layer, whichever holds both. `inference` overrides the
        layer's own for this call. `key` is ignored.

        Raises `NameError` in training where no surrounding `vmap` has the axis name, and
        `ValueError` unless the first axis of `x` is the channels.
        """
        shape = jnp.shape(x)
        if shape[:1] != (self.input_size,):
            raise ValueError(
                f"{called_as(self)} got `x` of shape {shape}; expected one example, channels "
                f"first, {self.input_size} of them. For a batch, map: `jax.vmap(model, axis_name="
                f"{self.axis_name!r}, in_axes=(0, None), out_axes=(0, None))(x, state)`."
            )
        if inference is None:
            inference = self.inference
        is_ema = self.mode == "ema"
        index = self.ema_state_index if is_ema else self.batch_state_index
        tally: StateIndex[Any] | None = self.ema_first_time_index if is_ema else self.batch_counter
        assert index is not None
        assert tally is not None
        running, past = state.get(index), state.get(tally)
        if inference:
            moments = running
            if not is_ema:
                moments = _without_bias(past, *running, momentum=self.momentum)
        elif is_ema:
            batch = self._moments(x)
            moments = _blend_or_begin(past, *running, *batch, momentum=self.momentum)
            state = state.set(index, moments).set(tally, jnp.asarray(False))
        else:
            moments = self._moments(x)
            blended = _blend(*running, *moments, momentum=self.momentum)
            state = state.set(index, blended).set(tally, past + 1)
        out = _normalise(x, *moments, running[0], self.weight, self.bias, eps=self.eps)
        return out, state

    def _moments(self, x: Float[Array, "input_size *spatial"]) -> Moments:
        names = self.axis_name
        axes = tuple(names) if isinstance(names, (list, tuple)) else (names,)
        try:
            return _moments(x, axes=axes)
        except NameError:
            raise NameError(
                f"{called_as(self)} takes its statistics over the axis named {names!r}, and there "
                "is no such axis here. Name it where you map over the batch: `jax.vmap("
                f"model, axis_name={names!r}, in_axes=(0, None), out_axes=(0, None))(x, state)`. "
                "After training, `eqx.nn.inference_mode(model)` needs no batch."
            ) from None


@traced_once(static=("axes",))
def _moments(x: Float[Array, "channels *spatial"], *, axes: tuple[Hashable, ...]) -> Moments:
    """Mean and variance, in float32 at least; in two passes, for the mean may be large."""
    x = x.astype(at_least_float32(x))
    spatial = tuple(range(1, x.ndim))

    def mean(x: Array) -> Array:
        return jax.lax.pmean(jnp.mean(x, spatial) if spatial else x, axes)

    average = mean(x)
    centred = x - _by_channel(average, x)
    return average, mean(jnp.square(centred))


@traced_once(static=("momentum",))
def _blend(
    old_mean: Array, old_variance: Array, mean: Array, variance: Array, *, momentum: float
) -> Moments:
    def blend(old: Array, new: Array) -> Array:
        wide = at_least_float32(old, new)
        mixed = momentum * old.astype(wide) + (1 - momentum) * new.astype(wide)
        return mixed.astype(old.dtype)

    return blend(old_mean, mean), blend(old_variance, variance)


@traced_once(static=("momentum",))
def _blend_or_begin(
    is_first: Bool[Array, ""],
    old_mean: Array,
    old_variance: Array,
    mean: Array,
    variance: Array,
    *,
    momentum: float,
) -> Moments:
    blended = _blend(old_mean, old_variance, mean, variance, momentum=momentum)
    new = mean.astype(old_mean.dtype), variance.astype(old_variance.dtype)
    begun = [jnp.where(is_first, first, later) for first, later in zip(new, blended, strict=True)]
    return begun[0], begun[1]


@traced_once(static=("momentum",))
def _without_bias(count: Array, mean: Array, variance: Array, *, momentum: float) -> Moments:
    """Running statistics, divided by the share that the batches have in them.

    That is exact for the mean, which begins at 0. The variance begins at 1, of which
    `momentum ** count / (1 - momentum ** count)` is left in it: as in Equinox, whose numbers a
    trained model must give here, too. It is gone after some `10 / (1 - momentum)` batches.
    """
    wide = at_least_float32(mean)
    mean, variance = mean.astype(wide), variance.astype(wide)
    share = 1 - jnp.power(jnp.asarray(momentum, wide), count.astype(wide))
    # Without any batch they stay what they are.
    share = jnp.where(share == 0, 1, share)
    return mean / share, variance / share


@traced_once(static=("eps",))
def _normalise(
    x: Float[Array, "channels *spatial"],
    mean: Float[Array, " channels"],
    variance: Float[Array, " channels"],
    running: Float[Array, " channels"],
    weight: Float[Array, " channels"] | None,
    bias: Float[Array, " channels"] | None,
    *,
    eps: float,
) -> Float[Array, "channels *spatial"]:
    wide = at_least_float32(x, mean, weight, bias)
    scale = jax.lax.rsqrt(variance.astype(wide) + eps)
    if weight is not None:
        # One factor for each channel, and not one for each element.
        scale = scale * weight.astype(wide)
    # The mean is not folded into the bias: `x * scale` may be much larger than the difference.
    out = (x.astype(wide) - _by_channel(mean.astype(wide), x)) * _by_channel(scale, x)
    if bias is not None:
        out = out + _by_channel(bias.astype(wide), x)
    with jax.numpy_dtype_promotion("standard"):
        # In training as in inference, whatever dtype the statistics of this batch came in.
        return out.astype(jnp.promote_types(x.dtype, running.dtype))


def _by_channel(values: Float[Array, " channels"], x: Array) -> Array:
    """One value a channel, in a shape that broadcasts with `x`."""
    return values.reshape(-1, *[1] * (x.ndim - 1))
