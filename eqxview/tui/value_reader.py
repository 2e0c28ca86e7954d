"""Reads the values of arrays in a thread, one at a time, the latest wish first."""

from collections.abc import Callable
from typing import NamedTuple

from eqxview.errors import EqxviewError
from eqxview.inspect.value_summary import ValueSummary, value_summary
from eqxview.tree.columns import Tree
from eqxview.tree.sanitise import sanitise
from eqxview.tui.latest_wish import LatestWish

_REMEMBERED = 512


class ValueAnswer(NamedTuple):
    """What came of reading one array: a summary, or what went wrong."""

    tree: Tree
    row: int
    summary: ValueSummary | None
    problem: str = ""
    hint: str = ""


class ValueReader:
    """Answers wishes for the values of one row after another."""

    def __init__(self, tell: Callable[[ValueAnswer], object]) -> None:
        """`tell` is called with each answer, in the thread that reads."""
        self._tell = tell
        self._known: dict[tuple[int, int], ValueAnswer] = {}
        self._wishes: LatestWish[tuple[Tree, int]] = LatestWish("eqxview-values", self._answer)

    def known(self, tree: Tree, row: int) -> ValueAnswer | None:
        """The answer, if it has been given before."""
        return self._known.get((id(tree), row))

    def want(self, tree: Tree, row: int) -> None:
        """Read the values of `row`, and tell; forget earlier wishes that are not begun."""
        self._wishes.want((tree, row))

    def _answer(self, wish: tuple[Tree, int]) -> None:
        answer = _read(*wish)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[id(answer.tree), answer.row] = answer
        self._tell(answer)


def _read(tree: Tree, row: int) -> ValueAnswer:
    try:
        return ValueAnswer(tree, row, value_summary(tree.values.fetch(tree, row)))
    except EqxviewError as error:
        return ValueAnswer(tree, row, None, sanitise(str(error)), sanitise(error.hint))
    except MemoryError:
        return ValueAnswer(tree, row, None, "there is not enough memory to read this array")
    except Exception as error:  # noqa: BLE001  shown in the pane, with the reason
        reason = sanitise(f"{type(error).__name__}: {error}")
        return ValueAnswer(tree, row, None, f"the values could not be read: {reason}")
