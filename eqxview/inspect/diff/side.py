"""One of two trees, with what makes its rows comparable with the other's."""

from array import array
from collections.abc import Hashable, Iterator

from eqxview.tree.columns import NOTHING, Tree
from eqxview.tree.kinds import Flag, Kind

_FLAGS = int(Flag.WEAK | Flag.UNREGISTERED)
"""The flags that are part of what a node is: where it lies, and in which order, is not."""


class Codes:
    """Numbers for values: equal values of both sides have the same number."""

    def __init__(self) -> None:
        self._codes: dict[Hashable, int] = {}

    def of(self, value: Hashable) -> int:
        """The number of `value`."""
        return self._codes.setdefault(value, len(self._codes))


class Side:
    """A tree whose rows have keys: rows of two sides with equal keys look the same."""

    def __init__(self, tree: Tree, codes: Codes) -> None:
        self.tree = tree
        self._codes = codes
        # Per table, from its indices to numbers that both sides share; `-1` (the last) is none.
        self._names = _shared(tree.names, codes)
        self._types = _shared(tree.types, codes)
        self._dtypes = _shared(tree.dtypes, codes)
        self._shapes = _shared(tree.shapes, codes)
        self._texts = _shared(tree.texts, codes)
        self.keys = self._keys()
        """For each row a number for all that is known of it, its span included."""
        self._structures: dict[int, int] = {}

    def _keys(self) -> array:
        tree, of = self.tree, self._codes.of
        names, types, dtypes = self._names, self._types, self._dtypes
        shapes, texts = self._shapes, self._texts
        columns = zip(
            tree.kind,
            tree.role,
            tree.flags,
            tree.name,
            tree.type,
            tree.dtype,
            tree.shape,
            tree.text,
            tree.end,
            range(len(tree)),
            strict=True,
        )
        return array(
            "q",
            [
                of(
                    (
                        kind,
                        role,
                        flags & _FLAGS,
                        name if name < NOTHING else names[name],
                        types[type_],
                        dtypes[dtype],
                        shapes[shape],
                        texts[text],
                        end - row,
                    )
                )
                for kind, role, flags, name, type_, dtype, shape, text, end, row in columns
            ],
        )

    def name(self, row: int) -> int:
        """A number for the last step of the key path: equal steps, equal numbers."""
        name = self.tree.name[row]
        return name if name < NOTHING else self._names[name]

    def is_sequence_item(self, row: int) -> bool:
        """Whether the node is an item of a sequence, known by its place alone."""
        return self.tree.name[row] < NOTHING

    def structure(self, row: int) -> int:
        """A number for the subtree, values of arrays and the name of its root apart."""
        structures, tree = self._structures, self.tree
        if row not in structures:
            for at in range(tree.end[row] - 1, row - 1, -1):
                if at not in structures:
                    structures[at] = self._codes.of(
                        (
                            self._nameless(at),
                            tuple((self.name(c), structures[c]) for c in tree.children(at)),
                        )
                    )
        return structures[row]

    def _nameless(self, row: int) -> tuple[int, ...]:
        tree = self.tree
        return (
            tree.kind[row],
            tree.role[row],
            tree.flags[row] & _FLAGS,
            self._types[tree.type[row]],
            self._dtypes[tree.dtype[row]],
            self._shapes[tree.shape[row]],
            self._texts[tree.text[row]],
        )

    def array_rows(self, start: int, stop: int) -> Iterator[int]:
        """The rows from `start` to `stop` that are arrays."""
        return self._rows_of_kind(Kind.ARRAY, start, stop)

    def callable_rows(self, start: int, stop: int) -> Iterator[int]:
        """The rows from `start` to `stop` of callables that have more to compare than a name."""
        for kind in CALLABLES:
            for row in self._rows_of_kind(kind, start, stop):
                if self.tree.handle[row] != NOTHING:
                    yield row

    def _rows_of_kind(self, kind: Kind, start: int, stop: int) -> Iterator[int]:
        kinds, wanted = self.tree.kind[start:stop].tobytes(), bytes((int(kind),))
        at = kinds.find(wanted)
        while at >= 0:
            yield start + at
            at = kinds.find(wanted, at + 1)


CALLABLES = (Kind.FUNCTION, Kind.METHOD, Kind.PARTIAL)
"""The kinds of nodes that hold code."""


def _shared(table: list, codes: Codes) -> list[int]:
    return [*map(codes.of, table), NOTHING]
