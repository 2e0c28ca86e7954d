"""The details of the row under the cursor."""

from collections.abc import Sequence

from eqxview.inspect.node_detail import elided_path, node_detail
from eqxview.tree.columns import NOTHING
from eqxview.tree.kinds import Flag, Kind
from eqxview.tree.wording import byte_size
from eqxview.tui.document_lines import document_lines
from eqxview.tui.lines import Line, Piece, wrapped
from eqxview.tui.lines_view import LinesView
from eqxview.tui.messages import ValuesRead
from eqxview.tui.tree_state import TreeState
from eqxview.tui.value_reader import ValueAnswer, ValueReader

READ_AT_ONCE = 64 << 20
"""Bytes of an array whose values are read as soon as the cursor rests on it."""

_REST = 0.08
"""Seconds without a move after which the cursor is taken to rest."""
_FLAT_HEIGHT = 14


class DetailPane(LinesView):
    """Path, facts and values of one row; facts run together where the pane is low."""

    def __init__(self) -> None:
        super().__init__(id="details")
        self._state: TreeState | None = None
        self._row = NOTHING
        self._is_wished = False
        self._reader = ValueReader(lambda answer: self.post_message(ValuesRead(answer)))
        self._timer = None

    def show(self, state: TreeState) -> None:
        """Show the current row of `state`."""
        row = state.current_row if len(state.tree) else NOTHING
        if state is self._state and row == self._row:
            return
        self._state, self._row, self._is_wished = state, row, False
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_REST, self._read_at_once) if self._is_readable() else None
        self.lay_out(from_top=True)

    def read_values(self) -> None:
        """Read the values, however large the array is."""
        if self._state is not None and self._is_readable() and not self._is_wished:
            self._is_wished = True
            if self._answer() is None:
                self._reader.want(self._state.tree, self._row)
            self.lay_out()

    def on_values_read(self, message: ValuesRead) -> None:
        """Show what was read, if the cursor is still there."""
        message.stop()
        if self._state is not None and (message.answer.tree, message.answer.row) == (
            self._state.tree,
            self._row,
        ):
            self.lay_out()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The path, then facts and values."""
        state = self._state
        if state is None or self._row == NOTHING:
            return ((Piece(" nothing to show", "faint"),),)
        flat = self.size.height < _FLAT_HEIGHT
        detail = node_detail(state.tree, self._row, ties=state.ties)
        room = max(width - 1, 1)
        if flat:
            title = elided_path(state.tree, self._row, room) or state.tree.label(0)
            lines: list[Line] = [(Piece(title, "title"),)]
        else:
            title = detail.path or state.tree.label(0)
            lines = [*wrapped((Piece(title, "title"),), room), ()]
        facts = list(document_lines(detail.document(), room, flat=flat))
        values = list(self._value_lines(room, flat=flat))
        # In a low pane the values come first: the line in the tree has told the rest.
        lines += values + facts if flat else facts + values
        return [(Piece(" "), *line) for line in lines]

    def _is_readable(self) -> bool:
        state = self._state
        if state is None or self._row == NOTHING or state.tree.kind[self._row] != Kind.ARRAY:
            return False
        return not state.tree.flags[self._row] & (Flag.DELETED | Flag.TRACER)

    def _read_at_once(self) -> None:
        state = self._state
        if state is not None and state.tree.nbytes[self._row] <= READ_AT_ONCE:
            self.read_values()

    def _answer(self) -> ValueAnswer | None:
        return None if self._state is None else self._reader.known(self._state.tree, self._row)

    def _value_lines(self, width: int, *, flat: bool):
        if self._state is None or not self._is_readable():
            return
        answer = self._answer()
        if answer is not None and answer.summary is not None:
            yield from document_lines(answer.summary.document(), width, flat=flat)
            return
        if not flat:
            yield ()
            yield (Piece("values", "title"),)
        if answer is not None:
            hint = f" ({answer.hint})" if answer.hint else ""
            yield from wrapped((Piece(f"! {answer.problem}{hint}", "wrong"),), width, indent=2)
        elif self._is_wished or self._state.tree.nbytes[self._row] <= READ_AT_ONCE:
            yield (Piece("reading the values…", "faint"),)
        else:
            size = byte_size(self._state.tree.nbytes[self._row])
            yield from wrapped((Piece(f"values not read yet: ⏎ reads {size}", "faint"),), width)
