"""`filter_jit(f).cache`: the programs that a jitted function has compiled, and what for."""

import collections
import re
import threading
import weakref
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, NamedTuple, overload

import wadler_lindig as wl

from eqxcore import _jax_internals as internals
from eqxcore._call_place import function_name

from ._changes import Change, advice, changes, nearest, table
from ._heard import Heard, Stage
from ._signature import Row, Signature, Types, signature_of, types_of
from ._traces import Traced, drop_trace, name_of

_STAGES: tuple[Stage, ...] = ("trace", "lower", "compile")


class Seconds(NamedTuple):
    """Seconds on the way from a Python function to a program."""

    trace: float = 0.0
    """In Python, to see what the function does."""
    lower: float = 0.0
    """To write it down for XLA."""
    compile: float = 0.0
    """In XLA, or to read the program from the persistent cache."""

    @property
    def total(self) -> float:
        """All of them."""
        return sum(self)


class CacheEntry:
    """What one program, or several of the same signature, were compiled for. Metadata only."""

    __slots__ = ("_compiles", "_rows", "_seconds", "_traced", "_types")

    def __init__(self, rows: Signature, traced: "weakref.ref[Traced]", types: Types) -> None:
        self._rows = rows
        self._traced = traced
        self._types = types
        self._compiles = 0
        self._seconds = Seconds()

    @property
    def leaves(self) -> MappingProxyType[str, Row]:
        """What is at each place of the call, by its path: arrays, static values and fields.

        For containers and settings of JAX see `signature`.
        """
        found = {p: row for p, row in self._rows.items() if row.role in ("array", "static")}
        return MappingProxyType(found)

    @property
    def signature(self) -> MappingProxyType[str, Row]:
        """Everything that the program was found by, by path."""
        return MappingProxyType(self._rows)

    @property
    def compiles(self) -> int:
        """How often it was compiled: more than once after `jax.clear_caches()`, say."""
        return self._compiles

    @property
    def seconds(self) -> Seconds:
        """What that took, in all."""
        return self._seconds

    def changes_from(self, earlier: "CacheEntry") -> list[Change]:
        """Why it is not the same entry as `earlier`: the places that differ."""
        return changes(earlier._rows, self._rows)

    def __repr__(self) -> str:
        return f"<{_arguments(self._rows)}; compiled {_times(self.compiles)}>"


class JitCache:
    """The programs that a jitted function has compiled, as a sequence of `CacheEntry`.

    In the order in which they were first compiled. It knows of its own function only, and of calls
    only: what is compiled by `f.lower(...).compile()`, or inside of another jitted function, is not
    in it, nor is a program that an equal function had compiled before.
    """

    def __init__(self, function: Callable[..., Any], max_compiles: int | None) -> None:
        self._name = function_name(function)
        self._program_name = name_of(function)
        self._max_compiles = max_compiles
        self._entries: list[CacheEntry] = []
        self._on_their_way = 0
        self._lock = threading.Lock()
        self._compiled: Callable[[], Any] = _nothing
        with _caches_lock:
            _caches.add(self)

    @property
    def max_compiles(self) -> int | None:
        """How many compilations are allowed; `None` for any number."""
        return self._max_compiles

    @property
    def compiles(self) -> int:
        """How often a program was compiled, since the cache was cleared."""
        with self._lock:
            return self._count()

    @property
    def seconds(self) -> Seconds:
        """What compiling took, in all."""
        return Seconds(*map(sum, zip(Seconds(), *[e.seconds for e in self], strict=True)))

    def clear(self, index: int | None = None) -> None:
        """Forgets everything, or the entry at `index`: the next such call compiles again.

        Programs of the same function that others have jitted are theirs. The memory of a single
        entry is given back together with that of all entries of the same static values.

        Raises `IndexError` when there is no such entry.
        """
        if index is None:
            with self._lock:
                forgotten, self._entries = self._entries, []
            for entry in forgotten:
                traced = entry._traced()
                if traced is not None:
                    drop_trace(traced)
        else:
            with self._lock:
                entry = self._entry(index)
                self._entries.remove(entry)
            traced = entry._traced()
            if traced is not None:
                traced.forget(entry._types)
        compiled = self._compiled()
        if compiled is not None:
            internals.forget_programs(compiled)

    def __len__(self) -> int:
        return len(self._entries)

    def __bool__(self) -> bool:
        # There is a cache, be it empty.
        return True

    def __iter__(self) -> Iterator[CacheEntry]:
        with self._lock:
            return iter(tuple(self._entries))

    @overload
    def __getitem__(self, index: int) -> CacheEntry: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[CacheEntry, ...]: ...
    def __getitem__(self, index: int | slice) -> CacheEntry | tuple[CacheEntry, ...]:
        with self._lock:
            if isinstance(index, slice):
                return tuple(self._entries[index])
            return self._entry(index)

    def _entry(self, index: int) -> CacheEntry:
        try:
            return self._entries[index]
        except IndexError:
            raise IndexError(
                f"The cache of `{self._name}` has no entry {index}. Expected an index below "
                f"{len(self._entries)}, as in `print(cache)`."
            ) from None

    def __repr__(self) -> str:
        entries = tuple(self)
        compiles = sum(entry.compiles for entry in entries)
        programs = _number(len(entries), "program")
        total = sum(entry.seconds.total for entry in entries)
        lines = [
            f"<cache of `{self._name}`: {programs}, compiled {_times(compiles)}, {total:.2f} s>"
        ]
        if entries:
            lines.append("      compiles  seconds  compiled for")
        for index, entry in enumerate(entries):
            lines.append(
                f"{index:>4}  {entry.compiles:>8}  {entry.seconds.total:>7.2f}  "
                f"{_told(entries[:index], entry)}"
            )
        return "\n".join(lines)

    def __pdoc__(self, **kwargs: Any) -> wl.AbstractDoc:
        return wl.TextDoc(f"<cache of `{self._name}`>")

    # From here on, for the dispatch of calls.

    def while_calling(self, traced: Traced, call: Any, arrays: Any) -> Heard:
        """A context around running `traced` for a call, which notes what is compiled for it."""
        return Heard(self._program_name, _Call(self, traced, call, arrays))

    def programs_are_in(self, compiled: Any) -> None:
        """Where programs are found without Python: to be cleared, too."""
        # Weakly: it holds this cache.
        self._compiled = weakref.ref(compiled)

    def _reserve(self, rows: Signature) -> None:
        """Counts a compilation that is about to begin.

        Raises `RuntimeError` when it would be one too many.
        """
        with self._lock:
            compiles = self._count() + self._on_their_way
            if self._max_compiles is None or compiles < self._max_compiles:
                self._on_their_way += 1
                return
            earlier = [entry._rows for entry in self._entries]
        raise RuntimeError(_message(self._name, self._max_compiles, compiles, earlier, rows))

    def _release(self) -> None:
        """It came to nothing."""
        with self._lock:
            self._on_their_way -= 1

    def _note(self, entry: CacheEntry, seconds: dict[Stage, float], is_reserved: bool) -> None:
        """It is done."""
        with self._lock:
            self._on_their_way -= is_reserved
            for known in self._entries:
                if known._rows == entry._rows:
                    known._traced = entry._traced
                    entry = known
                    break
            else:
                self._entries.append(entry)
            entry._compiles += 1
            before = entry._seconds
            entry._seconds = Seconds(
                *(before[i] + seconds.get(stage, 0.0) for i, stage in enumerate(_STAGES))
            )

    def _count(self) -> int:
        return sum(entry._compiles for entry in self._entries)


class _Call:
    """One call on its way: here only while it runs."""

    __slots__ = ("_arrays", "_cache", "_call", "_entry", "_is_reserved", "_traced")

    def __init__(self, cache: JitCache, traced: Traced, call: Any, arrays: Any) -> None:
        self._cache = cache
        self._traced = traced
        self._call = call
        self._arrays = arrays
        self._entry: CacheEntry | None = None
        self._is_reserved = False

    def lowered(self) -> None:
        self._entry = self._made()
        self._cache._reserve(self._entry._rows)
        self._is_reserved = True

    def compiled(self, seconds: dict[Stage, float]) -> None:
        # What was lowered before is not lowered again. Donated arrays still tell their types.
        self._cache._note(self._entry or self._made(), seconds, self._is_reserved)
        self._is_reserved = False

    def ended(self) -> None:
        if self._is_reserved:
            self._cache._release()

    def _made(self) -> CacheEntry:
        rows = signature_of(self._call)
        return CacheEntry(rows, weakref.ref(self._traced), types_of(self._arrays))


# To be forgotten together, by `clear_caches`.
_caches: "weakref.WeakSet[JitCache]" = weakref.WeakSet()
_caches_lock = threading.Lock()


def clear_jit_caches() -> None:
    """Forgets what every jitted function has compiled."""
    with _caches_lock:
        caches = tuple(_caches)
    for cache in caches:
        cache.clear()


def _nothing() -> None:
    """Programs are nowhere else."""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


_SHOWN = 3


def _told(earlier: tuple[CacheEntry, ...], entry: CacheEntry) -> str:
    """What an entry is for: in itself, or by what it differs in from one before it."""
    found = nearest([before._rows for before in earlier], entry._rows)
    if found is None:
        return _arguments(entry._rows)
    index, different = found
    return f"as {index}, but {_joined([str(change) for change in different])}"


def _arguments(rows: Signature) -> str:
    """Each argument in a few words: `model: MLP of 6 arrays, x: f32[2]`."""
    texts: dict[str, str] = {}
    arrays: collections.Counter[str] = collections.Counter()
    for path, row in rows.items():
        if row.role == "setting":
            continue
        root = _PATH.split(path, maxsplit=1)[0]
        texts.setdefault(root, row.text)
        arrays[root] += row.role == "array" and path != root
    return _joined(
        [
            f"{root}: {text}" + (f" ({_number(arrays[root], 'array')})" if arrays[root] else "")
            for root, text in texts.items()
        ],
        otherwise="no arguments",
    )


_PATH = re.compile(r"(?<=.)[.\[]")


def _joined(texts: list[str], otherwise: str = "") -> str:
    more = [f"… {len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return ", ".join([*texts[:_SHOWN], *more]) or otherwise


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _message(
    name: str, allowed: int, compiles: int, earlier: list[Signature], rows: Signature
) -> str:
    head = (
        f"`{name}` needs a program that is not compiled yet, and has compiled {_times(compiles)}. "
        f"Expected at most {_times(allowed)}, as `max_compiles={allowed}` says."
    )
    found = nearest(earlier, rows)
    if found is None:
        return head
    index, different = found
    if not different:
        return (
            f"{head} Nothing in this call differs from entry {index} of `{name}.cache`: its "
            "program was forgotten, by `jax.clear_caches()` say, or another mesh or context "
            "manager of JAX is active."
        )
    return (
        f"{head} Of what it was compiled for, this call is most like entry {index} of "
        f"`{name}.cache`:\n{table((f'entry {index}', 'now'), different, earlier[index], rows)}\n"
        f"{advice(different[0])}"
    )
