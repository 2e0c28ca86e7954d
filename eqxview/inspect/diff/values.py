"""Compares the values of paired arrays, one pair at a time, within a budget of bytes."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from eqxview.errors import EqxviewError
from eqxview.inspect.diff.array_difference import CHUNK, ArrayDifference, array_difference
from eqxview.tree.columns import NOTHING, Tree
from eqxview.tree.kinds import Flag
from eqxview.tree.sanitise import sanitise

DEFAULT_MAX_BYTES = 8 << 30
"""Bytes of arrays that one diff fetches, of both sides together."""

# A plain integer: `&` on members of an enumeration takes a microsecond.
_TRACER = int(Flag.TRACER)

OVER_BUDGET = "over the budget of bytes"
"""Why a pair was not compared, if that is why."""


class Values:
    """Compares arrays of two trees. Fetches two at a time, and keeps none."""

    def __init__(self, a: Tree, b: Tree, max_bytes: int) -> None:
        self._a, self._b = a, b
        self._left = max_bytes
        self._of_ties: dict[tuple[int, int], ArrayDifference | str | None] = {}
        self.compared = 0
        """Pairs that were compared."""
        self.skipped: list[tuple[int, int, str]] = []
        """Pairs that were not, and why."""
        self.over_budget = 0
        """Those of them that were too much for the budget."""
        self.digests: dict[tuple[int, int], tuple[bytes, bytes]] = {}
        """For each pair that differs, a digest of either array."""

    def differences(
        self, pairs: list[tuple[int, int]]
    ) -> Iterator[tuple[int, int, ArrayDifference]]:
        """Those pairs of rows whose values differ, with the numbers."""
        for x, y in sorted(pairs):
            # Shared on both sides: compared once, told at every place.
            tie = (self._a.ties.get(x, NOTHING), self._b.ties.get(y, NOTHING))
            if NOTHING not in tie and tie in self._of_ties:
                answer = self._of_ties[tie]
            else:
                answer = self._of_ties[tie] = self._compare(x, y)
            if isinstance(answer, str):
                self.skipped.append((x, y, answer))
                continue
            self.compared += 1
            if answer is not None:
                yield x, y, answer

    def _compare(self, x: int, y: int) -> ArrayDifference | str | None:
        """The difference; `None` for equal values, or why they were not compared."""
        a, b = self._a, self._b
        if self._is_one_array(x, y):
            return None
        if (a.flags[x] | b.flags[y]) & _TRACER:
            return "a tracer has no value"
        cost = a.nbytes[x] + b.nbytes[y]
        if cost > self._left:
            self.over_budget += 1
            return OVER_BUDGET
        self._left -= cost
        try:
            first, second = a.values.fetch(a, x), b.values.fetch(b, y)
            difference = array_difference(first, second)
            if difference is not None:
                self.digests[x, y] = (_digest(first), _digest(second))
        except EqxviewError as error:
            return str(error)
        except MemoryError:
            return "there is not enough memory for both arrays"
        except Exception as error:  # noqa: BLE001  told as a pair that was not compared, and why
            return sanitise(f"{type(error).__name__}: {error}")
        return difference

    def _is_one_array(self, x: int, y: int) -> bool:
        """Whether both sides hold the same live array: then nothing needs to be fetched."""
        from eqxview.tree.live.arrays import LiveValues

        values = self._a.values
        return isinstance(values, LiveValues) and values.is_same(self._a, x, self._b, y)


def _digest(value: Any) -> bytes:
    import numpy as np

    array = np.asarray(value)
    digest = blake2b(f"{array.dtype} {array.shape}".encode(), digest_size=16)
    flat = array.reshape(-1)
    for at in range(0, flat.size, CHUNK):
        # Through `tobytes`: some dtypes (bfloat16) have no buffer of their own.
        digest.update(flat[at : at + CHUNK].tobytes())
    return digest.digest()
