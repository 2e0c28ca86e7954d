"""The system's Graphviz: the program `dot`."""

import shutil
import subprocess

from eqxview.errors import EqxviewError
from eqxview.render.dot.finish import finished
from eqxview.render.dot.svg_to_png import DOTS_PER_INCH

MAX_SECONDS = 20.0
"""Seconds after which a layout is given up; a picture of the usual size takes a tenth of one."""

TOO_LARGE = "draw less of the tree: eqxview.graph(x, max_nodes=50)"


class SystemDot:
    """Runs `dot` on a text, and never on a file."""

    def __init__(self, *, max_seconds: float = MAX_SECONDS) -> None:
        self._max_seconds = max_seconds

    def is_here(self) -> bool:
        """Whether `dot` is on the path."""
        return shutil.which("dot") is not None

    def svg(self, source: str) -> str:
        """The picture as SVG; raises `EqxviewError` if `dot` fails or takes too long."""
        return finished(self._run(source, "-Tsvg").decode())

    def png(self, source: str) -> bytes:
        """The picture as PNG; raises `EqxviewError` if `dot` fails or takes too long."""
        return self._run(source, "-Tpng", f"-Gdpi={DOTS_PER_INCH:g}")

    def _run(self, source: str, *options: str) -> bytes:
        program = shutil.which("dot") or "dot"
        try:
            run = subprocess.run(
                [program, *options],
                input=source.encode(),
                capture_output=True,
                timeout=self._max_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EqxviewError(
                f"Graphviz ({program}) took more than {self._max_seconds:g} s for the picture",
                hint=TOO_LARGE,
            ) from None
        except OSError as error:
            raise EqxviewError(
                f"Graphviz ({program}) could not be run: {error.strerror}",
                hint="repair it, or take it from the path and install: "
                'python -m pip install "eqxview[dot]"',
            ) from None
        # It warns about fonts on stderr, and leaves with 0.
        if run.returncode != 0 or not run.stdout:
            said = run.stderr.decode(errors="backslashreplace").strip().splitlines()
            raise EqxviewError(
                f"Graphviz ({program}) failed with exit code {run.returncode}"
                + (f": {said[-1]}" if said else ""),
                hint='try another build: python -m pip install -U "eqxview[dot]"; '
                "or write the DOT text alone: --format dot",
            )
        return run.stdout
