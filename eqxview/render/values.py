"""How a value of a document is written on a screen, by its unit."""

from eqxview.document import Unit, Value
from eqxview.tree.wording import byte_size

RIGHT_ALIGNED: frozenset[Unit] = frozenset({"count", "bytes", "seconds", "number", "ratio"})
"""Units whose columns stand at the right."""


def value_text(value: Value, unit: Unit = "text") -> str:
    """The text of `value`; empty for `None`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    match unit:
        case "bytes":
            return byte_size(int(value))
        case "seconds":
            return seconds_text(value)
        case "ratio":
            return f"{100 * value:.1f} %"
        case "count":
            return f"{value:,}"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def seconds_text(seconds: float) -> str:
    """A duration with the unit that fits it: `850 µs`, `31 ms`, `2.84 s`."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s"
