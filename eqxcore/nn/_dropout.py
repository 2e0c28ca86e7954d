"""Randomly zero elements while training."""

import warnings

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Inexact, PRNGKeyArray

from eqxcore._module import Module
from eqxcore.nn._called_as import called_as
from eqxcore.nn._traced_once import traced_once


class Dropout(Module):
    """Zeroes each element with probability `p`, and scales the others by `1 / (1 - p)`.

    `p` and `inference` are leaves, not static: `eqx.tree_at` and `inference_mode` change them.
    """

    p: float
    inference: bool

    def __init__(
        self, p: float = 0.5, inference: bool = False, *, deterministic: bool | None = None
    ) -> None:
        """`inference=True` makes the layer the identity. `deterministic` is its old name."""
        if deterministic is not None:
            warnings.warn(
                "`Dropout(deterministic=...)` is deprecated in favour of `Dropout(inference=...)`",
                stacklevel=3,  # the metaclass is in between
            )
            inference = deterministic
        self.p = p
        self.inference = inference

    @property
    def deterministic(self) -> bool:
        """The old name of `inference`."""
        return self.inference

    @jax.named_scope("eqx.nn.Dropout")
    def __call__(
        self,
        x: Inexact[Array, "*shape"],
        *,
        key: PRNGKeyArray | None = None,
        inference: bool | None = None,
        deterministic: bool | None = None,
    ) -> Inexact[Array, "*shape"]:
        """`x` with elements dropped; `x` itself in inference, or when `p` is the number 0.

        `inference` overrides the layer's own for this call. Raises `RuntimeError` when elements
        are to be dropped and there is no `key`.
        """
        if deterministic is not None:
            warnings.warn(
                "`Dropout()(deterministic=...)` is deprecated in favour of "
                "`Dropout()(inference=...)`",
                stacklevel=3,
            )
            inference = deterministic
        if drops_nothing(self, inference):
            return x
        if key is None:
            raise RuntimeError(
                "Dropout requires a key when running in non-deterministic mode: "
                f"{called_as(self)} got no `key`, its `p` is {self.p}, and `inference` is False. "
                "Pass one, new for every step: `model(x, key=key)`; or switch dropout off: "
                "`eqx.nn.inference_mode(model)`."
            )
        return _drop(x, self.p, key)


def drops_nothing(dropout: Dropout, inference: bool | None) -> bool:
    """Whether the layer is the identity: in inference, or when `p` is the number 0.

    `inference` overrides the layer's own, as it does for a call.
    """
    if isinstance(dropout.p, (int, float)) and dropout.p == 0:
        return True
    return bool(dropout.inference if inference is None else inference)


@traced_once()
def _drop(
    x: Inexact[Array, "*shape"], p: Inexact[Array, ""] | float, key: PRNGKeyArray
) -> Inexact[Array, "*shape"]:
    # The mask does not vary smoothly with `p`: a gradient through the scale alone would be wrong.
    keep = 1 - jax.lax.stop_gradient(p)
    mask = jax.random.bernoulli(key, keep, x.shape)
    return jnp.where(mask, x / keep, 0)
