"""How far two arrays of one shape are apart."""

from math import sqrt
from typing import Any, NamedTuple

CHUNK = 1 << 20
"""Elements compared at once: what is copied is never more than a few chunks."""


class ArrayDifference(NamedTuple):
    """The numbers of a difference. `None` where the elements are no numbers."""

    elements: int
    differing: int
    """Elements that differ. NaN equals NaN here; 0 equals -0."""
    max_abs: float | int | None = None
    """The largest difference of two finite elements."""
    at: tuple[int, ...] | None = None
    """Where that is."""
    relative_l2: float | None = None
    """Norm of the difference by the norm of the first array; infinite if that is 0."""
    cosine: float | None = None
    """Cosine of the angle between them, flattened; `None` if one of them is 0."""
    not_finite: int = 0
    """Differing elements of which one is NaN or infinite: the other numbers leave them out."""


def array_difference(first: object, second: object) -> ArrayDifference | None:
    """The difference of two NumPy arrays of one shape; `None` if every element is equal.

    Numbers of any two dtypes are compared, as real or complex numbers. Raises `TypeError`
    for arrays of Python objects, and of dtypes that cannot be compared with each other.
    """
    import numpy as np

    a, b = np.asarray(first), np.asarray(second)
    shape = a.shape
    if a.dtype.hasobject or b.dtype.hasobject:
        raise TypeError("the elements are Python objects, which are not compared")
    a, b = a.reshape(-1), b.reshape(-1)
    if _is_same_storage(a, b):
        return None
    if _is_number(a) and _is_number(b):
        return _of_numbers(a, b, shape)
    differing = sum(int(_differs(*pair).sum()) for pair in _chunks(a, b))
    return ArrayDifference(a.size, differing) if differing else None


def _chunks(a: Any, b: Any) -> Any:
    return ((a[at : at + CHUNK], b[at : at + CHUNK]) for at in range(0, a.size, CHUNK))


def _is_same_storage(a: Any, b: Any) -> bool:
    """Whether all bytes are equal: quick, and most pairs of arrays are."""
    if a.dtype != b.dtype or a.dtype.kind == "T":
        return False
    return all(x.tobytes() == y.tobytes() for x, y in _chunks(a, b))


def _is_number(array: Any) -> bool:
    kind = array.dtype.kind
    return kind in "biufc" or (kind == "V" and _numbers(array[:0]) is not None)


def _numbers(array: Any) -> Any:
    """The elements as numbers of NumPy's own; `None` for what are none."""
    import numpy as np

    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    if array.dtype.kind == "V":
        if array.dtype.names is not None or array.dtype.subdtype is not None:
            return None
        # bfloat16, float8_*, int4: ml_dtypes registers them with casts of their own.
        try:
            return array.astype(np.float32)
        except (TypeError, ValueError):
            return None
    return array


def _differs(a: Any, b: Any) -> Any:
    """For elements that are no numbers, which of them differ."""
    import numpy as np

    if a.dtype.kind in "SUT" and b.dtype.kind in "SUT":
        return a != b
    if a.dtype != b.dtype:
        raise TypeError(f"elements of {a.dtype} and of {b.dtype} are not compared")
    # Dates, records: by their bytes.
    width = a.dtype.itemsize
    x, y = (np.frombuffer(part.tobytes(), np.uint8).reshape(-1, width) for part in (a, b))
    return (x != y).any(axis=1)


def _of_numbers(a: Any, b: Any, shape: tuple[int, ...]) -> ArrayDifference | None:
    import numpy as np

    with np.errstate(all="ignore"):
        scale = _scale(a, b)
        sums = _Sums(scale)
        for at, (x, y) in zip(range(0, a.size, CHUNK), _chunks(a, b), strict=True):
            sums.add(_numbers(x), _numbers(y), at)
    if not sums.differing:
        return None
    norm_a, norm_b = sqrt(sums.aa), sqrt(sums.bb)
    distance = sqrt(sums.dd)
    relative = distance / norm_a if norm_a else (float("inf") if distance else 0.0)
    return ArrayDifference(
        a.size,
        sums.differing,
        max_abs=sums.max_abs,
        at=tuple(int(i) for i in np.unravel_index(sums.at, shape)) if sums.at >= 0 else None,
        relative_l2=relative,
        cosine=max(-1.0, min(1.0, sums.ab / (norm_a * norm_b))) if norm_a and norm_b else None,
        not_finite=sums.not_finite,
    )


def _scale(a: Any, b: Any) -> float:
    """What to divide by, so that the squares are neither infinite nor zero."""
    import numpy as np

    largest = 0.0
    for pair in _chunks(a, b):
        for part in pair:
            magnitudes = np.abs(_wide(_numbers(part)))
            magnitudes = magnitudes[np.isfinite(magnitudes)]
            if magnitudes.size:
                largest = max(largest, float(magnitudes.max()))
    return largest if largest and not 1e-100 < largest < 1e100 else 1.0


def _wide(array: Any) -> Any:
    import numpy as np

    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


class _Sums:
    """Sums over pairs of elements, chunk by chunk."""

    def __init__(self, scale: float) -> None:
        self.differing = self.not_finite = 0
        self.max_abs: float | int | None = None
        self.at = -1
        self.aa = self.bb = self.ab = self.dd = 0.0
        self._scale = scale

    def add(self, x: Any, y: Any, at: int) -> None:
        import numpy as np

        exact = x.dtype.kind in "iu" and x.dtype == y.dtype
        a, b = _wide(x), _wide(y)
        differs = x != y if exact else a != b
        if not exact:
            differs &= ~(np.isnan(a) & np.isnan(b))
        finite = np.isfinite(a) & np.isfinite(b)
        self.differing += int(differs.sum())
        self.not_finite += int((differs & ~finite).sum())
        if not finite.all():
            a, b = np.where(finite, a, 0), np.where(finite, b, 0)
        if exact:
            # Modulo 2**64 the smaller from the larger is right, where floats have too few digits.
            apart = np.where(x > y, x, y).astype(np.uint64) - np.where(x > y, y, x).astype(
                np.uint64
            )
        else:
            apart = np.abs(a - b)
        where = int(apart.argmax())
        largest = apart[where].item()
        if differs.any() and (self.max_abs is None or largest > self.max_abs) and finite.any():
            self.max_abs, self.at = largest, at + where
        a, b = a / self._scale, b / self._scale
        self.aa += float(np.vdot(a, a).real)
        self.bb += float(np.vdot(b, b).real)
        self.ab += float(np.vdot(a, b).real)
        distance = a - b
        self.dd += float(np.vdot(distance, distance).real)
