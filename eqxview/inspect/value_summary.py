"""The numbers of one array: mean, spread, extremes, NaNs and infinities, a histogram."""

from dataclasses import dataclass
from typing import Any

from eqxview.document import Document, Fact, Facts, Note, Part
from eqxview.tree.sanitise import sanitise
from eqxview.tree.wording import counted

MAX_ELEMENTS = 1 << 22
"""Elements looked at; of more, evenly spaced pieces of the array."""

_PIECES = 64
_FIRST = 8
_BINS = 24
_BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class ValueSummary:
    """What the values of one array are like. Numbers are `None` where there are none."""

    elements: int
    """Elements of the array."""
    looked_at: int
    """Elements that the numbers are of: fewer for a huge array."""
    first: tuple[str, ...]
    """The first values, in the order of rows."""
    mean: float | None = None
    """Mean of the finite values (of their magnitudes, for complex numbers)."""
    std: float | None = None
    """Standard deviation of the finite values."""
    minimum: float | int | None = None
    maximum: float | int | None = None
    nan: int | None = None
    """How many are NaN; `None` for what cannot be."""
    infinite: int | None = None
    """How many are infinite; `None` for what cannot be."""
    zero: int | None = None
    """How many are zero (for booleans: false)."""
    histogram: tuple[int, ...] = ()
    """Finite values in equal bins from the minimum to the maximum."""
    magnitudes: bool = False
    """Whether the numbers are those of magnitudes: the values are complex."""

    @property
    def is_whole(self) -> bool:
        """Whether every element was looked at."""
        return self.looked_at == self.elements

    def document(self) -> Document:
        """The numbers as facts, and what to know about them."""
        rows: list[tuple[str, str]] = []
        for name, value in (
            ("mean", self.mean),
            ("std", self.std),
            ("min", self.minimum),
            ("max", self.maximum),
            ("NaN", self.nan),
            ("Inf", self.infinite),
            ("zero", self.zero),
        ):
            if value is not None:
                rows.append((name, number_text(value)))
        if self.histogram:
            rows.append(("histogram", histogram_text(self.histogram)))
        if self.first:
            more = " …" if len(self.first) < self.elements else ""
            rows.append(("first" if self.elements > 1 else "value", " ".join(self.first) + more))
        parts: list[Part] = (
            [Facts(tuple(Fact(*row) for row in rows), title="values")] if rows else []
        )
        if not self.elements:
            parts.append(Note("no values: the array is empty"))
        if self.magnitudes:
            parts.append(Note("the numbers are those of the magnitudes: the values are complex"))
        if not self.is_whole:
            parts.append(
                Note(
                    f"the numbers are those of {self.looked_at:,} of "
                    f"{counted(self.elements, 'element')}, taken from {_PIECES} places"
                )
            )
        if self.nan or self.infinite:
            words = [f"{count:,} {name}" for count, name in self._not_finite() if count]
            parts.append(Note(f"not finite: {', '.join(words)}", level="warning"))
        return Document("values", tuple(parts))

    def _not_finite(self) -> tuple[tuple[int, str], ...]:
        return ((self.nan or 0, "NaN"), (self.infinite or 0, "infinite"))


def value_summary(value: object, *, max_elements: int = MAX_ELEMENTS) -> ValueSummary:
    """The summary of a NumPy array (or what NumPy takes for one).

    Looks at no more than about `max_elements` elements, and copies no more than those. What
    is no number (strings, records, objects) has first values only.
    """
    import numpy as np

    array = np.asarray(value)
    size = int(array.size)
    first = tuple(_element_text(item) for item in _first_elements(array))
    numbers = _as_numbers(_sample(array, max_elements))
    if not size or numbers is None:
        return ValueSummary(size, size, first)
    looked_at = int(numbers.size)
    magnitudes = numbers.dtype.kind == "c"
    with np.errstate(all="ignore"):
        zero = int(np.count_nonzero(numbers == 0))
        nan = infinite = None
        finite = numbers
        if numbers.dtype.kind in "fc":
            nan = int(np.count_nonzero(np.isnan(numbers)))
            infinite = int(np.count_nonzero(np.isinf(numbers)))
            finite = numbers[np.isfinite(numbers)] if nan or infinite else numbers
        if magnitudes:
            finite = np.abs(finite)
        if not finite.size:
            return ValueSummary(size, looked_at, first, nan=nan, infinite=infinite, zero=zero)
        low, high = finite.min().item(), finite.max().item()
        wide = finite.astype(np.float64)
        # Squares of the largest floats are infinite: the spread is found at a smaller scale.
        scale = max(abs(float(low)), abs(float(high)))
        scale = scale if scale > 1e100 else 1.0
        scaled = wide / scale if scale != 1.0 else wide
        return ValueSummary(
            size,
            looked_at,
            first,
            mean=float(scaled.mean()) * scale,
            std=float(scaled.std()) * scale,
            minimum=low,
            maximum=high,
            nan=nan,
            infinite=infinite,
            zero=zero,
            histogram=_histogram(scaled, low / scale, high / scale),
            magnitudes=magnitudes,
        )


def _histogram(values: Any, low: float, high: float) -> tuple[int, ...]:
    """Counts in equal bins from `low` to `high`; a bin each for a few whole numbers."""
    import numpy as np

    width = float(high) - float(low)
    if not width:
        return ()
    if width < _BINS and width == int(width) and not np.any(values % 1):
        bins = np.bincount((values - low).astype(np.int64), minlength=int(width) + 1)
    else:
        at = ((values - float(low)) * (_BINS / width)).astype(np.int64)
        bins = np.bincount(np.minimum(at, _BINS - 1), minlength=_BINS)
    return tuple(bins.tolist())


def histogram_text(counts: tuple[int, ...]) -> str:
    """The counts as bars, the highest one full; a bin that is not empty shows at least a line."""
    most = max(counts, default=0)
    if not most:
        return ""
    top = len(_BLOCKS) - 1
    return "".join(_BLOCKS[round(count / most * top)] if count else " " for count in counts)


def number_text(value: float | int) -> str:
    """A number in a few characters: whole numbers in full, others to four digits."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**15 else f"{value:.4g}"
    return f"{value:.4g}"


def _first_elements(array: Any) -> list[Any]:
    flat = array.flat
    return [flat[index] for index in range(min(_FIRST, array.size))]


def _element_text(item: Any) -> str:
    import numpy as np

    # First: a `timedelta64` is an integer for NumPy, and not a time has no number.
    if isinstance(item, (np.datetime64, np.timedelta64)):
        return str(item)
    if isinstance(item, (bool, np.bool_)):
        return str(bool(item))
    if isinstance(item, (int, np.integer)):
        return str(int(item))
    if isinstance(item, (float, np.floating)):
        return f"{float(item):.4g}"
    if isinstance(item, (complex, np.complexfloating)):
        return f"{complex(item):.4g}"
    if isinstance(item, (str, bytes)):
        plain = str(item) if isinstance(item, str) else bytes(item)
        return sanitise(repr(plain), limit=40)
    if isinstance(item, np.generic) and not isinstance(item, np.void):
        # bfloat16 and its kin: NumPy knows them as scalars of a foreign type.
        return f"{float(item):.4g}"
    # Not its `str` or `repr`: they are somebody's code.
    return f"<{sanitise(type(item).__name__)}>"


def _sample(array: Any, max_elements: int) -> Any:
    """The elements in any order; of a huge array, evenly spaced runs."""
    import numpy as np

    # A view, where the elements lie in one piece in either order: nothing is copied.
    flat = array.reshape(-1, order="A")
    if flat.size <= max_elements:
        return flat
    length = max(max_elements // _PIECES, 1)
    starts = np.linspace(0, flat.size - length, _PIECES).astype(np.int64).tolist()
    return np.concatenate([flat[start : start + length] for start in starts])


def _as_numbers(array: Any) -> Any:
    """The array as NumPy's own booleans, numbers; `None` for what is no number."""
    import numpy as np

    kind = array.dtype.kind
    if kind == "b":
        return array.view(np.uint8)
    if kind == "f" and array.dtype.itemsize < 4:
        return array.astype(np.float32)
    if kind in "iufc":
        return array
    if kind == "V" and array.dtype.names is None and array.dtype.subdtype is None:
        # bfloat16, float8_*, int4: ml_dtypes registers them with casts of their own.
        try:
            return array.astype(np.float32)
        except (TypeError, ValueError):
            return None
    return None
