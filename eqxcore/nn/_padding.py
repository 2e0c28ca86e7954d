"""Padding of convolutions and pooling: as users write it, and as JAX wants it."""

from collections.abc import Sequence

import jax

Pads = tuple[tuple[int, int], ...]
"""How much to add before and after, for each spatial dimension."""

PADDING_STRINGS = ("SAME", "SAME_LOWER", "VALID")

PADDING_MODES = ("ZEROS", "REFLECT", "REPLICATE", "CIRCULAR")


def canonical_padding(
    padding: str | int | Sequence[int] | Sequence[tuple[int, int]], num_spatial_dims: int
) -> str | Pads:
    """An upper-case name, or a pair for each spatial dimension.

    Raises `ValueError` for an unknown name, or a sequence that does not say how much to add
    before and after in each dimension.
    """
    if isinstance(padding, str):
        name = padding.upper()
        if name not in PADDING_STRINGS:
            raise ValueError(
                f"`padding` is {padding!r}; as a string it must be `'SAME'`, `'SAME_LOWER'` or "
                "`'VALID'`. For a padding mode, such as reflection, use `padding_mode=`."
            )
        return name
    if not isinstance(padding, Sequence):
        return ((padding, padding),) * num_spatial_dims
    if len(padding) == num_spatial_dims:
        pairs = tuple(tuple(p) if isinstance(p, Sequence) else (p, p) for p in padding)
        if all(len(pair) == 2 for pair in pairs):
            return tuple((before, after) for before, after in pairs)
    raise ValueError(
        f"`padding` is {padding!r}; it must be a string, an int, or of length {num_spatial_dims}, "
        "one entry for each spatial dimension: an int, or a pair for before and after."
    )


def canonical_padding_mode(padding_mode: str) -> str:
    """The mode in upper case. Raises `ValueError` if there is none of that name."""
    mode = padding_mode.upper()
    if mode not in PADDING_MODES:
        raise ValueError(
            f"`padding_mode` is {padding_mode!r}; it must be `'ZEROS'`, `'REFLECT'`, "
            "`'REPLICATE'` or `'CIRCULAR'`."
        )
    return mode


def explicit_pads(
    padding: str | Pads,
    shape: Sequence[int],
    kernel_size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> Pads:
    """The pads that a name stands for, on an input of this spatial `shape`."""
    if not isinstance(padding, str):
        return padding
    window = [(k - 1) * d + 1 for k, d in zip(kernel_size, dilation, strict=True)]
    return tuple(jax.lax.padtype_to_pads(shape, window, stride, padding))
