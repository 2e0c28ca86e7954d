"""`filter_jit(f).cache`: the programs that a jitted function has compiled, and what for."""

import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, overload

import wadler_lindig as wl

from eqxcore import _jax_internals as internals
from eqxcore._function_name import function_name

from ._cache_entry import CacheEntry, Seconds
from ._cache_text import cache_table, too_many
from ._heard import Heard, Stage
from ._signature import signature_of, types_of
from ._traces import Traced, drop_trace

# Of a function that never finds its program, as one whose argument is a new lambda each time.
_MOST_ENTRIES = 1024


class JitCache:
    """The programs that a jitted function has compiled, as a sequence of `CacheEntry`.

    In the order in which they were first compiled; of very many, the latest. It knows of its own
    function only, and of calls only: what is compiled by `f.lower(...).compile()`, or inside of
    another jitted function, is not in it, nor is a program that an equal function had compiled
    before. In all threads.
    """

    def __init__(self, function: Callable[..., Any], max_compiles: int | None) -> None:
        self._name = function_name(function)
        self._program_name = function_name(function)
        self._max_compiles = max_compiles
        self._entries: dict[Any, CacheEntry] = {}
        # Those of entries that are no longer kept, too.
        self._compiles = 0
        self._seconds = Seconds()
        self._traced: weakref.WeakSet[Traced] = weakref.WeakSet()
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
        return self._compiles

    @property
    def seconds(self) -> Seconds:
        """What that took."""
        return self._seconds

    def clear(self, index: int | None = None) -> None:
        """Forgets everything, or the entry at `index`: the next such call compiles again.

        Programs of the same function that others have jitted are theirs. The memory of a single
        entry is given back together with that of all entries of the same static values.

        Raises `IndexError` when there is no such entry.
        """
        if index is None:
            with self._lock:
                forgotten = tuple(self._traced)
                self._traced.clear()
                self._entries = {}
                self._compiles, self._seconds = 0, Seconds()
            for traced in forgotten:
                drop_trace(traced)
        else:
            with self._lock:
                entry = self._entry(index)
                del self._entries[entry.key]
                self._compiles -= entry.compiles
                self._seconds = self._seconds.minus(entry.seconds)
            if entry.traced is not None:
                entry.traced.forget(entry.types)
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
            return iter(tuple(self._entries.values()))

    @overload
    def __getitem__(self, index: int) -> CacheEntry: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[CacheEntry, ...]: ...
    def __getitem__(self, index: int | slice) -> CacheEntry | tuple[CacheEntry, ...]:
        with self._lock:
            if isinstance(index, slice):
                return tuple(self._entries.values())[index]
            return self._entry(index)

    def _entry(self, index: int) -> CacheEntry:
        try:
            return tuple(self._entries.values())[index]
        except IndexError:
            raise IndexError(
                f"The cache of `{self._name}` has no entry {index}. Expected an index below "
                f"{len(self._entries)}, as in `print(cache)`."
            ) from None

    def __repr__(self) -> str:
        with self._lock:
            entries, compiles = tuple(self._entries.values()), self._compiles
            seconds = self._seconds.total
        return cache_table(self._name, entries, compiles, seconds)

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

    def reserve(self, entry: CacheEntry) -> None:
        """Counts a compilation that is about to begin.

        Raises `RuntimeError` when it would be one too many.
        """
        with self._lock:
            compiles = self._compiles + self._on_their_way
            if self._max_compiles is None or compiles < self._max_compiles:
                self._on_their_way += 1
                return
            earlier = tuple(self._entries.values())
        raise RuntimeError(
            too_many(self._name, self._max_compiles, compiles, earlier, entry.signature)
        )

    def release(self) -> None:
        """It came to nothing."""
        with self._lock:
            self._on_their_way -= 1

    def note(self, entry: CacheEntry, seconds: dict[Stage, float], is_reserved: bool) -> None:
        """It is done."""
        with self._lock:
            self._on_their_way -= is_reserved
            self._compiles += 1
            self._seconds = self._seconds.plus(seconds)
            if entry.traced is not None:
                self._traced.add(entry.traced)
            known = self._entries.get(entry.key)
            if known is None:
                known = entry
                if self._entries:
                    entry.share_rows_with(next(reversed(self._entries.values())))
                self._entries[entry.key] = entry
                if len(self._entries) > _MOST_ENTRIES:
                    del self._entries[next(iter(self._entries))]
            known.note(seconds, by=entry)


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
        self._cache.reserve(self._entry)
        self._is_reserved = True

    def compiled(self, seconds: dict[Stage, float]) -> None:
        # What was lowered before is not lowered again. Donated arrays still tell their types.
        self._cache.note(self._entry or self._made(), seconds, self._is_reserved)
        self._is_reserved = False

    def ended(self) -> None:
        if self._is_reserved:
            self._cache.release()

    def _made(self) -> CacheEntry:
        return CacheEntry(signature_of(self._call), self._traced, types_of(self._arrays))


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
