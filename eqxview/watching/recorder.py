"""Turns calls that were compiled into a log: one recorder for each watch."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable

import jax

from eqxview.tree.live.value_repr import guarded_repr
from eqxview.tree.sanitise import sanitise
from eqxview.watching import frames
from eqxview.watching.call import Call
from eqxview.watching.call_key import CallKey
from eqxview.watching.changed import Difference
from eqxview.watching.difference import static_differences
from eqxview.watching.history import KEPT, History, nearest
from eqxview.watching.log import Compile, Kind, Log, Seconds, Stale
from eqxview.watching.site import Site
from eqxview.watching.static_mark import StaticMark

_MAX_FAILURES = 20
# Operations that are given functions, and are compiled anew for each new one.
_TAKE_FUNCTIONS = frozenset({"scan", "while", "cond", "switch", "_fun", "pmap", "shard_map"})


class CompileRecorder:
    """Keeps what was compiled, and explains each against what was compiled before."""

    def __init__(self, on_compile: Callable[[Compile], None] | None = None) -> None:
        self._history = History()
        self._operations: dict[Hashable, list[tuple[CallKey, tuple[StaticMark, ...]]]] = {}
        self._counts: Counter[Hashable] = Counter()
        self._compiles: list[Compile] = []
        self._failures: list[str] = []
        self._stale: list[Stale] = []
        # Of calls that are on their way: stale, if no program is compiled for them.
        self._suspects: dict[tuple[int, int], Stale] = {}
        self._lock = threading.Lock()
        self._on_compile = on_compile
        self._spent = 0.0
        self._since: float | None = None

    def start(self) -> None:
        """Let the clock run."""
        self._since = time.perf_counter()

    def stop(self) -> None:
        """Stop the clock."""
        self._spent, self._since = self.seconds, None

    @property
    def seconds(self) -> float:
        """How long the clock has run."""
        running = 0.0 if self._since is None else time.perf_counter() - self._since
        return self._spent + running

    def log(self) -> Log:
        """What was recorded so far."""
        with self._lock:
            return Log(
                tuple(self._compiles),
                self.seconds,
                frames.is_readable(),
                tuple(self._failures),
                jax.__version__,
                (*self._stale, *self._suspects.values()),
            )

    def compiled(
        self, name: str, call: Call | None, site: Site | None, seconds: Seconds, *, from_disk: bool
    ) -> None:
        """Record a program that was compiled for `call`."""
        self.record(name, call, site, seconds, from_disk=from_disk)

    def record(
        self, name: str, call: Call | None, site: Site | None, seconds: Seconds, *, from_disk: bool
    ) -> Compile:
        """The same, and what was recorded."""
        with self._lock:
            kind, name, number, found = self._explain(name, call, site)
            function = None if call is None else call.function.function
            record = Compile(
                name=sanitise(name),
                kind=kind,
                number=number,
                seconds=seconds,
                site=site,
                source=function.source if function is not None and kind == "function" else None,
                at=self.seconds,
                from_disk=from_disk,
                leaves=0 if call is None else call.key.leaves,
                differences=found,
                constants=() if call is None else call.constants,
            )
            self._compiles.append(record)
        if self._on_compile is not None:
            self._on_compile(record)
        return record

    def traced(self, call: Call, address: int) -> None:
        """Suspect a call whose static arguments are not what they were."""
        if call.is_operation:
            return
        where = threading.get_ident(), address
        with self._lock:
            self._keep_suspect(where)
            found = self._history.changed_in_place(call.function, call.key)
            if found:
                name = call.function.function.name if call.function.function else ""
                self._suspects[where] = Stale(sanitise(name), call.site, self.seconds, found)

    def lowered(self, address: int) -> None:
        """The call is innocent."""
        with self._lock:
            self._suspects.pop((threading.get_ident(), address), None)

    def _keep_suspect(self, where: tuple[int, int]) -> None:
        """The call that was known by `where` is over: nothing was compiled for it."""
        suspect = self._suspects.pop(where, None)
        if suspect is not None:
            self._stale.append(suspect)

    def failed(self, error: Exception) -> None:
        """Record that a compilation could not be explained."""
        with self._lock:
            if len(self._failures) < _MAX_FAILURES:
                self._failures.append(guarded_repr(error))

    def _explain(
        self, name: str, call: Call | None, site: Site | None
    ) -> tuple[Kind, str, int, tuple[Difference, ...]]:
        """What was compiled, its name, how often so far, and why once more."""
        name = name.removeprefix("jit(").removesuffix(")") if name.startswith("jit(") else name
        if call is None:
            self._counts[name] += 1
            return "other", name, self._counts[name], ()
        if call.is_operation:
            place = site, name
            self._counts[place] += 1
            return "operation", name, self._counts[place], self._operation(place, name, call)
        assert call.function.function is not None
        number, found = self._history.explain(call.function, call.key, call.options)
        return "function", call.function.function.name, number, found

    def _operation(self, place: Hashable, name: str, call: Call) -> tuple[Difference, ...]:
        """Why an operation on a line was compiled again: the one thing that is not as it was."""
        earlier = self._operations.setdefault(place, [])
        found = nearest([key for key, _ in reversed(earlier)], call.key) or []
        types = [d for d in found if d.cause in ("shape", "dtype", "weak_type")]
        functions: list[Difference] = []
        if earlier and not types and (name in _TAKE_FUNCTIONS or name.startswith("<")):
            functions = [
                difference
                for old, new in zip(earlier[-1][1], call.given, strict=False)
                for difference in static_differences("<function>", old, new)
            ]
        earlier.append((call.key, call.given))
        del earlier[:-KEPT]
        if functions:
            return tuple(functions)
        return tuple(
            Difference(f"<op>{name}", d.cause, d.before, d.after)
            for d in (types or found)
            if d.cause != "arity"
        )[:1]
