"""A PNG of an SVG, by resvg from the extra `eqxview[dot]`."""

from importlib.util import find_spec

from eqxview.errors import EqxviewError, MissingExtra

DOTS_PER_INCH = 144.0
"""Twice what an SVG counts an inch as on most screens."""


def png_of(svg: str) -> bytes:
    """The picture as PNG; raises `MissingExtra` without resvg."""
    if find_spec("resvg_py") is None:
        raise MissingExtra("a PNG picture", extra="dot")
    import resvg_py

    try:
        return resvg_py.svg_to_bytes(svg_string=svg, dpi=DOTS_PER_INCH, background="white")
    except ValueError as error:
        raise EqxviewError(
            f"no PNG could be made of the picture: {error}", hint="write it as SVG: --format svg"
        ) from None
