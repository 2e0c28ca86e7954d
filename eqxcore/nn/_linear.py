"""An affine map: `weight @ x + bias`."""

from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Inexact, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._called_as import called_as
from eqxcore.nn._parameters import weight_and_bias
from eqxcore.nn._traced_once import traced_once


class Linear(Module):
    """A linear layer.

    Works on one vector; for a batch, `jax.vmap(linear)(batch)`.
    """

    weight: Inexact[Array, "out in"]
    bias: Inexact[Array, " out"] | None
    in_features: int | Literal["scalar"] = field(static=True)
    out_features: int | Literal["scalar"] = field(static=True)
    use_bias: bool = field(static=True)

    def __init__(
        self,
        in_features: int | Literal["scalar"],
        out_features: int | Literal["scalar"],
        use_bias: bool = True,
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """Weight and bias are uniform on plus or minus `1 / sqrt(in_features)`.

        `"scalar"` for a number of features means shape `()` instead of `(1,)`. `dtype=None` is
        JAX's default floating-point dtype. `key` may be a typed or an old-style key.
        """
        fan_in = 1 if in_features == "scalar" else in_features
        rows = 1 if out_features == "scalar" else out_features
        bias_shape = (rows,) if use_bias else None
        self.weight, self.bias = weight_and_bias(
            key, (rows, fan_in), bias_shape, fan_in=fan_in, dtype=dtype
        )
        self.in_features = in_features
        self.out_features = out_features
        self.use_bias = use_bias

    @jax.named_scope("eqx.nn.Linear")
    def __call__(
        self, x: Inexact[Array, " in"], *, key: PRNGKeyArray | None = None
    ) -> Inexact[Array, " out"]:
        """The output, of shape `(out_features,)`, or `()` for `"scalar"`. `key` is ignored.

        Raises `ValueError` when `x` is not of shape `(in_features,)`.
        """
        shape = jnp.shape(x)
        # A matrix is let through where it means the matrix product and nothing else.
        if self.in_features == "scalar":
            fits = shape == ()
        else:
            fits = shape[:1] == jnp.shape(self.weight)[1:] and (
                len(shape) == 1 or (len(shape) == 2 and self.bias is None)
            )
        if not fits:
            raise ValueError(_wrong_shape(self, shape))
        return _affine(
            self.weight,
            self.bias,
            x,
            from_scalar=self.in_features == "scalar",
            to_scalar=self.out_features == "scalar",
        )


@traced_once(static=("from_scalar", "to_scalar"))
def _affine(
    weight: Inexact[Array, "out in"],
    bias: Inexact[Array, " out"] | None,
    x: Inexact[Array, "..."],
    *,
    from_scalar: bool,
    to_scalar: bool,
) -> Inexact[Array, "..."]:
    if from_scalar:
        x = jnp.broadcast_to(x, (1,))
    y = weight @ x
    if bias is not None:
        y = y + bias
    return jnp.squeeze(y, 0) if to_scalar else y


def _wrong_shape(linear: Linear, shape: tuple[int, ...]) -> str:
    expected = () if linear.in_features == "scalar" else (linear.in_features,)
    weight = jnp.shape(linear.weight)
    message = (
        f"{called_as(linear)} got `x` of shape {shape}; expected shape {expected}, for its "
        f"weight has shape {weight}."
    )
    if len(weight) > 2:
        return (
            f"{message} That weight is a stack of layers: map over them, "
            "`eqx.filter_vmap(lambda layer: layer(x))(stack)`, or `jax.lax.scan` along them."
        )
    if len(shape) > len(expected) and shape[len(shape) - len(expected) :] == expected:
        return f"{message} For a batch of them, use `jax.vmap(linear)(x)`."
    if weight[1:] != expected and linear.in_features != "scalar":
        return (
            f"{message} The weight was replaced by one that takes {weight[1:]}: replace "
            "`in_features` too, or make a new `Linear`."
        )
    return message
