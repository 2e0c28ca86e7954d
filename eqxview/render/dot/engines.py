"""The table of what can lay a picture out. The first one that is there does it."""

from collections.abc import Sequence
from typing import Protocol

from eqxview.errors import MissingExtra
from eqxview.render.dot.system_dot import SystemDot
from eqxview.render.dot.wasm import WasmGraphviz

EXTRA = "dot"
"""The optional extra with a Graphviz, and with what makes a PNG of its SVG."""


class Engine(Protocol):
    """A Graphviz."""

    def is_here(self) -> bool:
        """Whether it is installed."""
        ...

    def svg(self, source: str) -> str:
        """The picture of a DOT text as SVG; raises `EqxviewError` where there is none."""
        ...

    def png(self, source: str) -> bytes:
        """The picture as PNG, at twice the size of the SVG: sharp on a dense screen."""
        ...


# The system's own comes first: it measures text in the fonts that the system has. The other
# one is Graphviz in a sandbox, which comes with the extra.
ENGINES: Sequence[Engine] = (SystemDot(), WasmGraphviz())


def engine() -> Engine:
    """The first engine that is here; raises `MissingExtra` if there is none."""
    for candidate in ENGINES:
        if candidate.is_here():
            return candidate
    raise MissingExtra("a picture (SVG, PNG; DOT needs nothing)", extra=EXTRA)
