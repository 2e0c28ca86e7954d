"""Pooling to a given size, whatever the size of the image."""

import functools
from collections.abc import Callable, Sequence
from math import prod

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import PRNGKeyArray, Shaped

from eqxcore._module import Module, field
from eqxcore.nn._called_as import called_as
from eqxcore.nn._image import check_image
from eqxcore.nn._per_dimension import per_dimension
from eqxcore.nn._traced_once import traced_once
from eqxcore.nn._windows import combined, reduce_windows, split_evenly

# Beyond this many parts programs take long to compile.
_MOST_PARTS = 16


class AdaptivePool(Module):
    """Cuts each spatial dimension into a given number of pieces, and reduces each piece.

    Where the length is no multiple of that number, the first pieces are longer by one. Works on
    one image, channels first; for a batch, `jax.vmap(pool)(batch)`.
    """

    target_shape: tuple[int, ...] = field(static=True)
    operation: Callable[[Array], Array]

    def __init__(
        self, target_shape: int | Sequence[int], num_spatial_dims: int, operation: Callable
    ) -> None:
        """`operation` takes a vector to a number, as `jnp.mean` does.

        It is applied along one spatial dimension after the other. `target_shape` is given once
        for all of them, or as a sequence. Raises `ValueError` if that has another length.
        """
        self.target_shape = per_dimension("target_shape", target_shape, num_spatial_dims)
        self.operation = operation

    @jax.named_scope("eqx.nn.AdaptivePool")
    def __call__(
        self, x: Shaped[Array, "channels *spatial"], *, key: PRNGKeyArray | None = None
    ) -> Shaped[Array, "channels *target"]:
        """The output, of shape `(channels, *target_shape)`. `key` is ignored.

        Raises `ValueError` when `x` has not one axis more than `target_shape`, or is smaller.
        """
        x = jnp.asarray(x)
        check_image(self, x, None, len(self.target_shape))
        if any(not 1 <= t <= n for n, t in zip(x.shape[1:], self.target_shape, strict=True)):
            raise ValueError(
                f"{called_as(self)} got an image of shape {x.shape}; expected each spatial "
                f"dimension to be at least that of its `target_shape`, {self.target_shape}: every "
                "piece needs a pixel. Use `jax.image.resize` to make images larger."
            )
        if self.operation is jnp.mean and all(
            n % t == 0 for n, t in zip(x.shape[1:], self.target_shape, strict=True)
        ):
            return _mean_of_equal_pieces(x, target=self.target_shape)
        # Another operation may be a Module, which need not be hashable.
        known = self.operation is jnp.mean or self.operation is jnp.max
        for axis, target in enumerate(self.target_shape, start=1):
            if known:
                x = _reduce_pieces_once(x, axis=axis, target=target, operation=self.operation)
            else:
                x = _reduce_pieces(x, axis, target, self.operation)
        return x


@traced_once(static=("target",))
def _mean_of_equal_pieces(x: Array, *, target: tuple[int, ...]) -> Array:
    """All dimensions at once, in half the time of one after the other."""
    sizes = tuple(n // t for n, t in zip(x.shape[1:], target, strict=True))
    # Half precision and integers are left to `jnp.mean`, which sums them in a wider dtype.
    if x.dtype in (jnp.float32, jnp.float64) and sum(sizes) <= _MOST_PARTS:
        return _mean_by_slices(x, sizes)
    return _mean_by_axes(x, sizes)


def _mean_by_axes(x: Array, sizes: tuple[int, ...]) -> Array:
    shape = [x.shape[0]]
    for n, size in zip(x.shape[1:], sizes, strict=True):
        shape += [n // size, size]
    return jnp.mean(x.reshape(shape), tuple(range(2, len(shape), 2)))


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _mean_by_slices(x: Array, sizes: tuple[int, ...]) -> Array:
    none = ((0, 0),) * len(sizes)
    sums = reduce_windows(x, 0, jax.lax.add, kernel_size=sizes, stride=sizes, padding=none)
    return sums / prod(sizes)


@_mean_by_slices.defjvp
def _mean_by_slices_jvp(
    sizes: tuple[int, ...], primals: tuple[Array], tangents: tuple[Array]
) -> tuple[Array, Array]:
    """Of the slower mean, whose gradient, a number for each piece, is the faster one."""
    return _mean_by_slices(*primals, sizes), _mean_by_axes(*tangents, sizes)


def _reduce_pieces(x: Array, axis: int, target: int, operation: Callable) -> Array:
    x = jnp.moveaxis(x, axis, -1)
    size, longer = divmod(x.shape[-1], target)
    parts = []
    if longer:
        parts.append(_reduce_equal(x[..., : longer * (size + 1)], size + 1, operation))
    parts.append(_reduce_equal(x[..., longer * (size + 1) :], size, operation))
    out = parts[0] if len(parts) == 1 else jnp.concatenate(parts, -1)
    return jnp.moveaxis(out, -1, axis)


@traced_once(static=("axis", "target", "operation"))
def _reduce_pieces_once(x: Array, *, axis: int, target: int, operation: Callable) -> Array:
    return _reduce_pieces(x, axis, target, operation)


def _reduce_equal(x: Array, size: int, operation: Callable) -> Array:
    if size <= _MOST_PARTS:
        if operation is jnp.max and jnp.issubdtype(x.dtype, jnp.floating):
            return _maximum(tuple(split_evenly(x, x.ndim - 1, size)))
        if operation is jnp.mean and x.dtype in (jnp.float32, jnp.float64):
            return combined(split_evenly(x, x.ndim - 1, size), jax.lax.add) / size
    pieces = x.reshape(*x.shape[:-1], -1, size)
    if operation is jnp.mean or operation is jnp.max:
        return operation(pieces, -1)
    # All we know of any other is what it makes of a vector.
    return jnp.apply_along_axis(operation, -1, pieces)


@jax.custom_jvp
def _maximum(parts: tuple[Array, ...]) -> Array:
    """The maximum at each place: `jnp.max` of their stack, in less time."""
    return combined(list(parts), jax.lax.max)


@_maximum.defjvp
def _maximum_jvp(
    primals: tuple[tuple[Array, ...]], tangents: tuple[tuple[Array, ...]]
) -> tuple[Array, Array]:
    """Shared evenly between all that are equal to it, as that of `jnp.max` is."""
    (parts,) = primals
    out = _maximum(parts)
    shares = [(part == out).astype(out.dtype) for part in parts]
    sums = [share * tangent for share, tangent in zip(shares, tangents[0], strict=True)]
    return out, combined(sums, jax.lax.add) / combined(shares, jax.lax.add)


class AdaptiveAvgPool1d(AdaptivePool):
    """The average of each piece, over one dimension: `(channels, length)`."""

    def __init__(self, target_shape: int | Sequence[int]) -> None:
        """As `AdaptivePool`."""
        super().__init__(target_shape, 1, jnp.mean)


class AdaptiveAvgPool2d(AdaptivePool):
    """The average of each piece, over two dimensions: `(channels, height, width)`."""

    def __init__(self, target_shape: int | Sequence[int]) -> None:
        """As `AdaptivePool`."""
        super().__init__(target_shape, 2, jnp.mean)


class AdaptiveAvgPool3d(AdaptivePool):
    """The average of each piece, over three dimensions: `(channels, depth, height, width)`."""

    def __init__(self, target_shape: int | Sequence[int]) -> None:
        """As `AdaptivePool`."""
        super().__init__(target_shape, 3, jnp.mean)


class AdaptiveMaxPool1d(AdaptivePool):
    """The maximum of each piece, over one dimension: `(channels, length)`."""

    def __init__(self, target_shape: int | Sequence[int]) -> None:
        """As `AdaptivePool`."""
        super().__init__(target_shape, 1, jnp.max)


class AdaptiveMaxPool2d(AdaptivePool):
    """The maximum of each piece, over two dimensions: `(channels, height, width)`."""

    def __init__(self, target_shape: int | Sequence[int]) -> None:
        """As `AdaptivePool`."""
        super().__init__(target_shape, 2, jnp.max)


class AdaptiveMaxPool3d(AdaptivePool):
    """The maximum of each piece, over three dimensions: `(channels, depth, height, width)`."""

    def __init__(self, target_shape: int | Sequence[int]) -> None:
        """As `AdaptivePool`."""
        super().__init__(target_shape, 3, jnp.max)
