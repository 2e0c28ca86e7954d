"""Find as you type, in a million rows: paths, types and values.

What is searched are the tables of distinct strings, which are short; the columns then say
which rows use the strings found. So a keystroke costs a few passes of NumPy over the columns.

What is typed is a piece of text, as it stands, that a row shows in one of:

- its key path: `weight`, `layers[3].w`, `['params']['dense`;
- its class: `Linear`, `eqxcore.nn`;
- the type of its array: `f32[`, `[64,3`, `float32`;
- its value: `relu`, `(2, 2)`.

Lower-case letters find capitals too.
"""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from threading import Lock
from typing import TYPE_CHECKING

from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Flag
from eqxview.tree.wording import array_type

if TYPE_CHECKING:
    import numpy as np

Test = Callable[[str, str], bool]
"""Whether a text (the first) shows a piece of a query; in C, for there are many texts."""


class Found:
    """The rows that a search found, ascending."""

    def __init__(self, query: str, rows: "np.ndarray") -> None:
        self.query = query
        self._rows = rows

    def moved(self, places: Sequence[int]) -> "Found":
        """The same rows where row `r` is shown at `places[r]`, or at -1: not at all."""
        import numpy as np

        moved = np.sort(np.asarray(places)[self._rows])
        return Found(self.query, moved[moved >= 0])

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row: int) -> bool:
        at = int(self._rows.searchsorted(row))
        return at < len(self._rows) and int(self._rows[at]) == row

    def number(self, row: int) -> int:
        """The row's place among those found, from 1; 0 if it is none of them."""
        return int(self._rows.searchsorted(row)) + 1 if row in self else 0

    def at_or_after(self, row: int) -> int:
        """The first row found from `row` on, or else the first of all. Not if none was found."""
        return int(self._rows[int(self._rows.searchsorted(row)) % len(self._rows)])

    def after(self, row: int) -> int:
        """The next row found below `row`; after the last comes the first."""
        return self.at_or_after(row + 1)

    def before(self, row: int) -> int:
        """The next row found above `row`; before the first comes the last."""
        return int(self._rows[int(self._rows.searchsorted(row)) - 1])


class SearchIndex:
    """Searches one tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._lock = Lock()
        self._ready = False
        self._tables: dict[tuple[str, bool], list[str]] = {}
        self._items = 0
        """Length of the longest sequence."""
        self._array_keys: np.ndarray
        """The distinct combinations of shape, dtype and weakness, as numbers, ascending."""
        self._array_types: list[str] = []
        """How each of them is written."""

    def prepare(self) -> None:
        """Do what a first search would wait for; may be called from any thread."""
        import numpy as np

        with self._lock:
            if self._ready:
                return
            name = np.frombuffer(self._tree.name, np.int32)
            self._items = max(-1 - int(name.min(initial=0)), 0)
            self._array_keys = np.unique(self._keys_of_arrays())
            self._array_types = [self._array_type(key) for key in self._array_keys.tolist()]
            self._ready = True

    def find(self, query: str) -> Found:
        """The rows that show `query`; none for an empty query."""
        import numpy as np

        if not query:
            return Found(query, np.zeros(0, np.int32))
        self.prepare()
        tree = self._tree
        fold = query == query.lower()
        shown = self._rows_named(operator.contains, query, fold)
        for column, name in ((tree.type, "types"), (tree.text, "texts")):
            bits = _bits(operator.contains, query, self._table(name, fold))
            if bits.any():
                at = np.frombuffer(column, np.int32)
                shown |= bits[at] & (at >= 0)
        bits = _bits(operator.contains, query, self._table("arrays", fold))
        if bits.any():
            shown |= bits[np.searchsorted(self._array_keys, self._keys_of_arrays())]
        cuts = [match.start() for match in _STEP.finditer(query) if match.start()]
        shown[self._rows_of_path(query, cuts, fold)] = True
        return Found(query, np.flatnonzero(shown).astype(np.int32))

    def _table(self, name: str, fold: bool) -> list[str]:
        """The distinct strings of one kind, in lower case if `fold`; made once."""
        known = self._tables.get((name, fold))
        if known is None:
            tree = self._tree
            strings: Iterable[str]
            if name == "types":
                strings = (f"{short}\n{full}" for short, full in tree.types)
            else:
                tables = {"names": tree.names, "texts": tree.texts, "arrays": self._array_types}
                strings = tables[name]
            known = [text.lower() for text in strings] if fold else list(strings)
            self._tables[name, fold] = known
        return known

    def _entry_bits(self, test: Test, piece: str, fold: bool) -> "np.ndarray":
        """For each entry of a path whether it passes; indexed by name plus `_items + 1`.

        Item `i` of a sequence has the name `-2 - i`, so the items come first and backwards;
        then one place for the root, which has no entry.
        """
        import numpy as np

        items = _item_bits(test, piece, self._items)
        names = _bits(test, piece, self._table("names", fold))
        return np.concatenate((items[::-1], [False], names))

    def _rows_named(self, test: Test, piece: str, fold: bool) -> "np.ndarray":
        """For each row whether its entry passes."""
        import numpy as np

        name = np.frombuffer(self._tree.name, np.int32)
        bits = self._entry_bits(test, piece, fold)
        return bits[name + np.int32(self._items + 1)]

    def _rows_of_path(self, query: str, cuts: list[int], fold: bool) -> "np.ndarray":
        """The rows whose path has `query` in it, begun before their own entry.

        A step may begin at any of `cuts`, or none: a dict's key may hold dots and brackets.
        """
        import numpy as np

        parent = np.frombuffer(self._tree.parent, np.int32)
        rows = [np.zeros(0, np.int64)]
        for cut in cuts:
            last = np.flatnonzero(self._rows_named(str.startswith, query[cut:], fold))
            last = last[parent[last] >= 0]
            rows.append(last[self._end_in(query[:cut], cuts, parent[last], fold)])
        return np.concatenate(rows)

    def _end_in(self, query: str, cuts: list[int], rows: "np.ndarray", fold: bool) -> "np.ndarray":
        """For each of `rows` whether its path ends in `query`."""
        import numpy as np

        if not len(rows):
            return np.zeros(0, np.bool_)
        parent = np.frombuffer(self._tree.parent, np.int32)
        at = np.frombuffer(self._tree.name, np.int32)[rows] + (self._items + 1)
        ends = self._entry_bits(str.endswith, query, fold)[at]
        for cut in cuts:
            if cut >= len(query):
                break
            same = self._entry_bits(operator.eq, query[cut:], fold)[at] & ~ends & (rows > 0)
            whole = np.flatnonzero(same)
            ends[whole] = self._end_in(query[:cut], cuts, parent[rows[whole]], fold)
        return ends

    def _keys_of_arrays(self) -> "np.ndarray":
        """For each row a number for its shape, dtype and weakness; -1 for what is no array."""
        import numpy as np

        tree = self._tree
        shape = np.frombuffer(tree.shape, np.int32).astype(np.int64)
        dtype = np.frombuffer(tree.dtype, np.int32)
        weak = (np.frombuffer(tree.flags, np.uint16) & np.uint16(Flag.WEAK)) != 0
        return np.where(shape >= 0, (shape * len(tree.dtypes) + dtype) * 2 + weak, -1)

    def _array_type(self, key: int) -> str:
        """The short and the full name of what has this key."""
        if key < 0:
            return ""
        rest, weak = divmod(key, 2)
        shape, dtype = divmod(rest, len(self._tree.dtypes))
        name = self._tree.dtypes[dtype]
        return f"{array_type(name, self._tree.shapes[shape], weak=bool(weak))}\n{name}"


_STEP = re.compile(r"[.\[]")
_ITEM = re.compile(r"(\[?)([0-9]*)(\]?)\Z")


def _bits(test: Test, piece: str, table: list[str]) -> "np.ndarray":
    """For each string of `table` whether it passes; one False more, for the index -1."""
    import numpy as np

    bits = np.zeros(len(table) + 1, np.bool_)
    bits[:-1] = np.fromiter(map(test, table, repeat(piece)), np.bool_, len(table))
    return bits


def _item_bits(test: Test, piece: str, count: int) -> "np.ndarray":
    """For each of the entries `[0]`, `[1]`, ... `[count - 1]` whether it passes.

    By arithmetic: writing a million numbers to search in them takes ten keystrokes' time.
    """
    import numpy as np

    bits = np.zeros(count, np.bool_)
    match = _ITEM.match(piece)
    if match is None:
        return bits
    opens, digits, closes = bool(match[1]), match[2], bool(match[3])
    if (test in (str.startswith, operator.eq) and not opens) or (
        test in (str.endswith, operator.eq) and not closes
    ):
        return bits
    if not digits:
        return bits if opens and closes else ~bits
    most = len(str(count))
    if len(digits) > most:
        return bits
    item, wanted, length = np.arange(count), int(digits), len(digits)
    for after in range(1 if closes else most - length + 1):
        # The digits that have `after` digits behind them, if the number has so many at all.
        left = item // 10**after
        same = left == wanted if opens else left % 10**length == wanted
        if after + length > 1:
            same &= item >= 10 ** (after + length - 1)
        bits |= same
    return bits
