"""What Graphviz cannot say in its SVG: fonts by preference, and that the whole is one image."""

_LAID_OUT_FONT = 'font-family="Courier,monospace"'
"""What Graphviz writes for `style.FONT`; in a name it would be escaped."""
_SHOWN_FONT = (
    "font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',"
    "'Noto Sans Mono',monospace\""
)
"""As wide as Courier, and better to read."""


def finished(svg: str) -> str:
    """The SVG in readable fonts, an image for those who hear a page."""
    return svg.replace(_LAID_OUT_FONT, _SHOWN_FONT).replace("<svg ", '<svg role="img" ', 1)
