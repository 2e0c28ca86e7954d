"""`eqxview.graph(x)`: a pytree as a picture, where one types."""

from typing import Any

from eqxview.errors import EqxviewError, UsageError
from eqxview.inspect.analyses import ANALYSES
from eqxview.inspect.report import Report
from eqxview.notebook.display import Display, told_plainly
from eqxview.notebook.show import show
from eqxview.render.formats import Drawing, find_format
from eqxview.render.page import Page


class Graph(Display):
    """A picture that shows itself: as SVG in a notebook, as text where nothing can draw it.

    picture = eqxview.graph(model)
    picture.save("model.svg")          # or .png, .dot, .html, .txt, .json
    """

    def __init__(self, page: Page, *, max_nodes: int, report: Report | None = None) -> None:
        super().__init__(page, report=report)
        self._drawing = Drawing(max_nodes=max_nodes)

    def draw(self, format: str = "svg") -> str | bytes:
        """The picture as `svg`, `png` or `dot`, or the same page in another format.

        Raises `MissingExtra` for `svg` and `png` where there is no Graphviz, `UsageError` for a
        format that is not there.
        """
        chosen = find_format(format)
        pieces = chosen.draw(self.page, self._drawing)
        if chosen.is_binary:
            return b"".join(pieces)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return "\n".join(pieces) + "\n"  # pyright: ignore[reportArgumentType, reportCallIssue]

    @property
    def dot(self) -> str:
        """The picture as DOT text: what every Graphviz draws."""
        return str(self.draw("dot"))

    def _repr_svg_(self) -> str | None:
        try:
            return str(self.draw("svg"))
        except EqxviewError:
            # Who asks for nothing but a picture has no place for the reason.
            return None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        try:
            return {"text/plain": repr(self), "image/svg+xml": str(self.draw("svg"))}
        except EqxviewError as error:
            return {"text/plain": f"{self!r}\n\n! {error}\n  {error.hint}"}


@told_plainly
def graph(
    x: object, *, view: str = ANALYSES[0].name, filter: str = "", max_nodes: int = 150
) -> Graph:
    """The picture of `x`, its containers as boxes in boxes; shows itself in a notebook.

    `x`, `view` and `filter` are those of `eqxview.show`: `view="partition"` colours the two
    halves. `max_nodes` is about how many nodes and boxes are drawn; what is more is folded, and
    the picture says so. SVG and PNG need a Graphviz: the system's, or the extra `eqxview[dot]`.

    Raises what `eqxview.show` raises, and `UsageError` for less than one node.
    """
    if max_nodes < 1:
        raise UsageError(
            f"a picture of {max_nodes} nodes is none", hint="give max_nodes of at least 1"
        )
    shown = show(x, view=view, filter=filter)
    return Graph(shown.page, max_nodes=max_nodes, report=shown.report)
