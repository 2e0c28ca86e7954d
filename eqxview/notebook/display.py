"""An answer that shows itself: as HTML in a notebook, as text at a Python prompt."""

from collections.abc import Callable, Iterator
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from eqxview.document import Document, Outline
from eqxview.errors import EqxviewError, UsageError
from eqxview.inspect.report import Report
from eqxview.render.formats import FORMATS, Drawing, find_format
from eqxview.render.html.page_html import fragment
from eqxview.render.page import Page
from eqxview.render.page_text import draw as draw_text
from eqxview.tree.columns import Tree

_P = ParamSpec("_P")
_R = TypeVar("_R")

_PROMPT_LINES = 400
"""Lines that a prompt shows; `print` shows all of them."""


class Display:
    """A page that shows itself, and saves itself in every format.

    Where it stands for a report, it has the report's attributes, too:

        parts = eqxview.partition(model, eqx.is_array)   # as the last line of a cell: the tree
        parts.document()                                 # and still the report
    """

    def __init__(self, page: Page, *, report: Report | None = None) -> None:
        self._page = page
        self._report = report

    @property
    def page(self) -> Page:
        """What is drawn."""
        return self._page

    @property
    def report(self) -> Report | None:
        """The report that is shown; `None` for a page that holds several, or none."""
        return self._report

    def draw(self, format: str = "text") -> str | bytes:
        """The page in a format: `text`, `json`, `html`, or any other of the table of formats.

        Raises `UsageError`, with the names, for a format that is not there.
        """
        chosen = find_format(format)
        pieces = chosen.draw(self._page, Drawing())
        if chosen.is_binary:
            return b"".join(pieces)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return "\n".join(pieces) + "\n"  # pyright: ignore[reportArgumentType, reportCallIssue]

    def save(self, path: str | Path) -> None:
        """Write the page to `path`, in the format that its suffix names: `model.html`.

        Raises `UsageError` for a suffix that names none, `OSError` where nothing can be written.
        """
        path = Path(path)
        name = {"txt": "text"}.get(suffix := path.suffix.lstrip(".").lower(), suffix)
        if name not in {known.name for known in FORMATS}:
            known = ", ".join(f".{known.name}" for known in FORMATS)
            raise UsageError(
                f"the suffix of {str(path)!r} names no format", hint=f"the formats are: {known}"
            )
        drawn = self.draw(name)
        path.write_bytes(drawn if isinstance(drawn, bytes) else drawn.encode())

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        lines = self._lines()
        first = list(islice(lines, _PROMPT_LINES))
        # How many more there are is not worth drawing a million of them.
        if next(lines, None) is not None:
            first.append(f"… these are the first {_PROMPT_LINES} lines; print it to see them all")
        return "\n".join(first)

    def _lines(self) -> Iterator[str]:
        return draw_text(self._page, Drawing())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # IPython drops what `include` and `exclude` rule out by itself.
        return {"text/plain": repr(self), "text/html": "\n".join(fragment(self._page))}

    def __getattr__(self, name: str) -> Any:
        # Underscores are for asking what an object can do; a report has none that are meant.
        if name.startswith("_") or self._report is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self._report, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(n for n in dir(self._report) if n[0] != "_")})


def display_of(report: Report, *, view: str = "") -> Display:
    """A display of `report`; the trees of its outlines are the page's trees."""
    document = report.document()
    return Display(Page(view, (document,), _trees(document)), report=report)


def displayed(function: Callable[..., Any]) -> Callable[..., Display]:
    """`function`, which returns a report, returning a display of it."""

    @wraps(function)
    def show(*args: Any, **kwargs: Any) -> Display:
        return display_of(function(*args, **kwargs), view=function.__name__)

    return told_plainly(show)


def told_plainly(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """`function`, whose own complaints (`EqxviewError`) come without the way to them.

    What is wrong is the call: the lines of eqxview that found it out would bury that.
    """

    @wraps(function)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except EqxviewError as error:
            raise error.with_traceback(None)  # noqa: B904 (the same error, not another)

    return called


def _trees(document: Document) -> tuple[Tree, ...]:
    trees: list[Tree] = []
    for part in document.parts:
        if isinstance(part, Outline) and not any(part.tree is tree for tree in trees):
            trees.append(part.tree)
    return tuple(trees)
