"""What was compiled, by function and by cause, and what to do about it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eqxview.document import (
    Bar,
    Bars,
    Column,
    Document,
    Fact,
    Facts,
    Note,
    Part,
    Table,
    Tone,
    Value,
)
from eqxview.watching.log import Compile, Difference, Log, explain, fix_for
from eqxview.watching.site import Site

_LANE = 24
_MAX_PATHS = 8
_MAX_OPERATIONS = 20
_BLOCKS = "▁▂▃▄▅▆▇█"
# A new program is what one would expect for these; for all others it is wasted.
_EXPECTED = frozenset(
    {"shape", "dtype", "static-value", "aux-data", "tree-length", "arity", "trace-context"}
)


@dataclass(frozen=True, slots=True)
class FunctionCache:
    """One jitted function, and how often it was compiled."""

    name: str
    source: Site | None
    compiles: int
    misses: int
    seconds: float
    causes: tuple[tuple[str, int], ...]
    """Causes of its misses with their number, the most frequent first."""
    lane: str
    """Its compilations over the time of the watch, in as many cells as all other lanes have."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """Misses of one function for the same reason."""

    name: str
    differences: tuple[Difference, ...]
    """As of the last one."""
    count: int
    seconds: float
    sites: tuple[Site, ...]
    """Where it was called, each line once."""


@dataclass(frozen=True, slots=True)
class JitCache:
    """What a watch saw of the caches of `jax.jit`."""

    log: Log
    functions: tuple[FunctionCache, ...]
    """By the seconds they took, the most first."""
    repeated: tuple[Repeated, ...]
    """Misses of functions, by the seconds they took, the most first."""

    @property
    def wasted(self) -> float:
        """Seconds spent on compiling again what was compiled before."""
        return sum(miss.seconds.total for miss in self.log.misses)

    @property
    def seconds(self) -> float:
        """Seconds spent on compiling."""
        return sum(compile.seconds.total for compile in self.log.compiles)

    def document(self) -> Document:
        """Sums, functions, and each reason for compiling again with its fix."""
        return Document("Jit cache", tuple(_parts(self)))


def jit_cache(log: Log) -> JitCache:
    """What `log` says of each function, and of each reason for compiling again."""
    functions: dict[tuple[str, Site | None], list[Compile]] = {}
    reasons: dict[object, list[Compile]] = {}
    for compile in log.compiles:
        if compile.kind != "function":
            continue
        functions.setdefault((compile.name, compile.source), []).append(compile)
        if compile.is_miss:
            why = tuple((found.path, found.cause) for found in compile.differences)
            reasons.setdefault((compile.name, compile.source, why), []).append(compile)
    return JitCache(
        log,
        tuple(
            sorted(
                (_function(group, log.seconds) for group in functions.values()),
                key=lambda function: -function.seconds,
            )
        ),
        tuple(sorted(map(_repeated, reasons.values()), key=lambda repeated: -repeated.seconds)),
    )


def _seconds(compiles: Iterable[Compile]) -> float:
    return sum(compile.seconds.total for compile in compiles)


def _function(compiles: Sequence[Compile], watched: float) -> FunctionCache:
    misses = [compile for compile in compiles if compile.is_miss]
    causes = Counter(cause for miss in misses for cause in {d.cause for d in miss.differences})
    return FunctionCache(
        name=compiles[0].name,
        source=compiles[0].source,
        compiles=len(compiles),
        misses=len(misses),
        seconds=_seconds(compiles),
        causes=tuple(causes.most_common()),
        lane=_lane(compiles, watched),
    )


def _lane(compiles: Sequence[Compile], watched: float) -> str:
    """One character for each part of the time; the higher, the more of it went into compiling."""
    width = watched / _LANE
    if width <= 0:
        return ""
    spent = [0.0] * _LANE
    for compile in compiles:
        # Where it ended; a long one reaches back over the cells before.
        end, left = min(compile.at, watched), compile.seconds.total
        cell = min(int(end / width), _LANE - 1)
        while left > 0 and cell >= 0:
            here = min(left, end - cell * width)
            spent[cell] += here
            left, end, cell = left - here, cell * width, cell - 1
    return "".join(
        "·" if part <= 0 else _BLOCKS[min(int(part / width * len(_BLOCKS)), len(_BLOCKS) - 1)]
        for part in spent
    )


def _repeated(compiles: Sequence[Compile]) -> Repeated:
    return Repeated(
        compiles[0].name,
        compiles[-1].differences,
        len(compiles),
        _seconds(compiles),
        tuple(dict.fromkeys(compile.site for compile in compiles if compile.site is not None)),
    )


def _parts(cache: JitCache) -> Iterable[Part]:
    log = cache.log
    yield Facts(
        (
            Fact("compiled", len(log.compiles), "count"),
            Fact("compiled again", len(log.misses), "count"),
            Fact("time in compiling", cache.seconds, "seconds"),
            Fact("time in compiling again", cache.wasted, "seconds"),
            Fact("time watched", log.seconds, "seconds"),
            Fact("read from disk", sum(c.from_disk for c in log.compiles), "count"),
        )
    )
    yield from _warnings(log)
    yield _functions_table(cache)
    yield _causes_bars(cache)
    if cache.repeated:
        yield _misses_table(cache)
        yield from _advice(cache)
    yield _others_table(log, "operation", "Operations outside of jitted functions")
    yield _others_table(log, "other", "Compiled ahead of time, or for gradients")


def _warnings(log: Log) -> Iterable[Note]:
    if not log.is_explained:
        yield Note(
            f"JAX {log.jax} keeps its calls where we cannot see them: "
            "names and seconds are known, causes are not",
            "warning",
            "wrap each jitted function while watching: step = watch.wrap(step)",
        )
    for line, count in Counter(map(str, log.stale)).items():
        times = "" if count == 1 else f" ({count} times)"
        yield Note(line + times, "error", fix_for(log.stale[0].differences[0]))
    for failure in log.failures:
        yield Note(f"a compilation could not be looked at: {failure}", "error")


def _functions_table(cache: JitCache) -> Table:
    return Table(
        (
            Column("function"),
            Column("made at"),
            Column("compiled", "count"),
            Column("again", "count"),
            Column("seconds", "seconds"),
            Column("over time"),
            Column("why"),
        ),
        tuple(
            (
                function.name,
                str(function.source or ""),
                function.compiles,
                function.misses,
                function.seconds,
                function.lane,
                ", ".join(
                    f"{cause} × {count}" if count > 1 else cause for cause, count in function.causes
                ),
            )
            for function in cache.functions
        ),
        "Functions",
        tuple("warning" if function.misses else "plain" for function in cache.functions),
        "no jitted function was compiled",
    )


def _causes_bars(cache: JitCache) -> Bars:
    seconds: dict[str, float] = {}
    for miss in cache.log.misses:
        for cause in {found.cause for found in miss.differences}:
            seconds[cause] = seconds.get(cause, 0.0) + miss.seconds.total
    largest = sorted(seconds.items(), key=lambda item: -item[1])
    return Bars(
        tuple(Bar(cause, spent, _tone(cause)) for cause, spent in largest),
        "seconds",
        "Time in compiling again, by cause",
    )


def _tone(cause: str) -> Tone:
    return "plain" if cause in _EXPECTED else "warning"


def _misses_table(cache: JitCache) -> Table:
    rows: list[tuple[Value, ...]] = []
    tones: list[Tone] = []
    for repeated in cache.repeated:
        shown = repeated.differences[:_MAX_PATHS]
        for index, found in enumerate(shown):
            is_first = index == 0
            rows.append(
                (
                    repeated.name,
                    found.path,
                    found.cause,
                    found.before,
                    found.after,
                    repeated.count if is_first else None,
                    repeated.seconds if is_first else None,
                    _sites(repeated.sites),
                    str(found.source or ""),
                )
            )
            tones.append(_tone(found.cause))
    return Table(
        (
            Column("function"),
            Column("what", "path"),
            Column("cause"),
            Column("before"),
            Column("after"),
            Column("times", "count"),
            Column("seconds", "seconds"),
            Column("called at"),
            Column("made at"),
        ),
        tuple(rows),
        "Compiled again",
        tuple(tones),
    )


def _sites(sites: Sequence[Site]) -> str:
    if not sites:
        return ""
    return str(sites[0]) if len(sites) == 1 else f"{sites[0]} and {len(sites) - 1} more"


def _advice(cache: JitCache) -> Iterable[Note]:
    told: set[tuple[str, str]] = set()
    for repeated in cache.repeated:
        more = len(repeated.differences) - _MAX_PATHS
        if more > 0:
            yield Note(f"{repeated.name}: and {more} more differences like these")
        for found in repeated.differences[:_MAX_PATHS]:
            if (found.path, found.cause) in told:
                continue
            told.add((found.path, found.cause))
            times = "once" if repeated.count == 1 else f"{repeated.count} times"
            yield Note(
                f"{repeated.name} compiled again {times}: {explain(found)}",
                "info" if found.cause in _EXPECTED else "warning",
                fix_for(found),
            )


def _others_table(log: Log, kind: str, title: str) -> Table:
    groups: dict[tuple[str, Site | None], list[Compile]] = {}
    for compile in log.compiles:
        if compile.kind == kind:
            groups.setdefault((compile.name, compile.site), []).append(compile)
    largest = sorted(groups.items(), key=lambda item: -_seconds(item[1]))
    rows: list[tuple[Value, ...]] = [
        (name, str(site or ""), len(group), _seconds(group), _why(group))
        for (name, site), group in largest[:_MAX_OPERATIONS]
    ]
    if len(largest) > _MAX_OPERATIONS:
        rest = [compile for _, group in largest[_MAX_OPERATIONS:] for compile in group]
        rows.append((f"{len(largest) - _MAX_OPERATIONS} more", "", len(rest), _seconds(rest), ""))
    return Table(
        (
            Column("name"),
            Column("called at"),
            Column("compiled", "count"),
            Column("seconds", "seconds"),
            Column("why again"),
        ),
        tuple(rows),
        title,
    )


def _why(compiles: Sequence[Compile]) -> str:
    causes = Counter(found.cause for compile in compiles for found in compile.differences)
    return ", ".join(
        f"{cause} × {count}" if count > 1 else cause for cause, count in causes.most_common()
    )
