"""The frames on the way to an error, and the expression that each of them was at."""

import ast
import functools
import inspect
import linecache
import sys
import sysconfig
import types
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from eqxview.inspect.explain.static_value import Scope
from eqxview.watching.site import Site, libraries

_MAX_FRAMES = 2_000
_MAX_SOURCE = 2_000_000


@dataclass(slots=True)
class Step:
    """One frame on the way to an error. Refers to the frame: not to be kept."""

    frame: types.FrameType
    site: Site
    owner: str
    """The library it is in; empty for the user's code."""
    node: ast.expr | None
    """The expression that it was at; `None` where its source is not there."""

    @property
    def scope(self) -> Scope:
        """The names that it sees."""
        return Scope(self.frame)

    @property
    def name(self) -> str:
        """The name of its function."""
        return self.frame.f_code.co_name

    @property
    def code(self) -> str:
        """The line that it was at, as it is written."""
        return linecache.getline(self.site.file, self.site.line).strip()

    def local(self, name: str) -> Any:
        """The value of a local variable of the frame, `None` where it has none of that name."""
        return self.frame.f_locals.get(name)


def steps_of(error: BaseException) -> list[Step]:
    """The frames on the way to `error`, outermost first."""
    sources = _Sources()
    steps: list[Step] = []
    for frame, line, position in islice(_frames(error.__traceback__), _MAX_FRAMES):
        code = frame.f_code
        site = Site(code.co_filename, line, code.co_qualname)
        owner = owner_of(code.co_filename)
        steps.append(Step(frame, site, owner, sources.expression(code.co_filename, position)))
    return steps


def forget(steps: list[Step]) -> None:
    """Let go of the values that looking at the frames has put beside them.

    Up to Python 3.12, asking a frame for its variables makes a dict of them, which the frame
    keeps: a frame that runs on, of a training loop say, would keep alive what it had then. Where
    somebody else has that dict, by `locals()`, it is left alone.
    """
    if sys.version_info >= (3, 13):
        return
    for step in steps:
        # A module's and a class's variables are that dict itself.
        if step.frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            _clear_unless_shared(step.frame)


# The dict is referred to by its frame, by a variable here, and by the count's own argument.
_OWN_REFERENCES = 3


def _clear_unless_shared(frame: types.FrameType) -> None:
    variables = frame.f_locals
    if sys.getrefcount(variables) <= _OWN_REFERENCES:
        variables.clear()


_Position = tuple[int | None, int | None, int | None, int | None]


def _frames(
    traceback: types.TracebackType | None,
) -> Iterator[tuple[types.FrameType, int, _Position]]:
    while traceback is not None:
        code = traceback.tb_frame.f_code
        # Two bytes an instruction; negative where a traceback was made by hand.
        at = traceback.tb_lasti // 2
        position = next(islice(code.co_positions(), at, None), None) if at >= 0 else None
        yield traceback.tb_frame, traceback.tb_lineno, position or (None, None, None, None)
        traceback = traceback.tb_next


@functools.cache
def owner_of(file: str) -> str:
    """The library or the Python that `file` belongs to; empty for the user's code."""
    owner = libraries.owner(file) or Site(file, 0).library
    if owner:
        return owner
    is_python = file.startswith((sysconfig.get_path("stdlib"), "<frozen ", "<string>"))
    return "python" if is_python and "ipykernel_" not in file else ""


class _Sources:
    """Finds expressions by their place in a file; each file is parsed once."""

    def __init__(self) -> None:
        self._found: dict[str, dict[tuple[int, int], list[ast.expr]]] = {}

    def expression(self, file: str, position: _Position) -> ast.expr | None:
        """The expression at `position`, the outermost of several."""
        line, end_line, column, end_column = position
        if line is None or end_line is None or column is None or end_column is None:
            return None
        if owner_of(file) in ("jax", "jaxlib", "python"):
            # Of those, values of variables are looked at, not expressions.
            return None
        by_end = self._found.get(file)
        if by_end is None:
            by_end = self._found[file] = _by_end(file)
        ending = by_end.get((end_line, end_column), [])
        exact = [node for node in ending if (node.lineno, node.col_offset) == (line, column)]
        # The call of a method written over several lines is placed at the method's name.
        around = [node for node in ending if isinstance(node, ast.Call)]
        return next(iter(exact or around), None)


def _by_end(file: str) -> dict[tuple[int, int], list[ast.expr]]:
    source = "".join(linecache.getlines(file))
    if not source or len(source) > _MAX_SOURCE:
        return {}
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        # Changed since it was read, or no Python at all: nothing is known of its lines.
        return {}
    found: dict[tuple[int, int], list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and node.end_lineno is not None:
            found.setdefault((node.end_lineno, node.end_col_offset or 0), []).append(node)
    return found
