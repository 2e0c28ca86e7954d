"""Axes of `vmap` that do not agree."""

import re

from eqxview.inspect.explain.explanation import Explanation, Finding
from eqxview.inspect.explain.scene import Scene

_BEGINS = "vmap got inconsistent sizes for array axes to be mapped"
_LINE = re.compile(
    r"\* (?P<how>[^\n]*?) had size (?P<size>\d+)(?:, e\.g\.|:) axis (?P<axis>-?\d+) of "
    r"(?:argument )?(?P<path>\S+)(?: of type (?P<type>\S+?))?[;\n]?$",
    re.MULTILINE,
)


def axis_sizes(scene: Scene) -> Explanation | None:
    """Explains axes of different sizes, and which argument each is of."""
    if _BEGINS not in scene.text:
        return None
    findings = [
        Finding(m["path"], f"axis {m['axis']}: {m['size']}", _type(m["type"]))
        for m in _LINE.finditer(scene.text)
    ]
    sizes = ", ".join(dict.fromkeys(m["size"] for m in _LINE.finditer(scene.text)))
    return scene.explained(
        "axis-sizes",
        f"vmap maps over axes of different sizes: {sizes}" if findings else _BEGINS,
        "map over what has that axis only: in_axes=(0, None) leaves the second argument whole",
        findings=findings,
        sides=("mapped axis", "array"),
    )


def _type(told: str | None) -> str:
    return told or ""
