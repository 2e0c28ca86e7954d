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
from eqxview.tree.wording import counted
from eqxview.watching.causes import CAUSES
from eqxview.watching.changed import Difference
from eqxview.watching.constant import captured
from eqxview.watching.log import Compile, Log
from eqxview.watching.reasons import Reason, reasons
from eqxview.watching.site import Site

_LANE = 24
_MAX_PATHS = 8
_MAX_NOTES = 12
_MAX_OPERATIONS = 20
_MAX_CONSTANTS = 20
_BLOCKS = "▁▂▃▄▅▆▇█"
# A new program is what one would expect for these; for all others it is wasted.
_EXPECTED = frozenset(
    {"shape", "dtype", "static-value", "aux-data", "tree-length", "arity", "trace-context"}
)
# But not again and again: a rate that is another number in each step.
_OFTEN = 3


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
    reasons: tuple[Reason, ...]
    """The same in words, over all of them."""
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
        """Seconds spent on compiling functions again that were compiled before."""
        return _seconds(self.log.misses)

    @property
    def seconds(self) -> float:
        """Seconds spent on compiling functions. Operations outside of them are not among them."""
        return _seconds(compile for compile in self.log.compiles if compile.is_of_user)

    def document(self) -> Document:
        """Each reason for compiling again with its cost and its fix; then sums and functions."""
        return Document("Jit cache", tuple(_parts(self)))


def jit_cache(log: Log) -> JitCache:
    """What `log` says of each function, and of each reason for compiling again."""
    functions: dict[tuple[str, Site | None], list[Compile]] = {}
    alike: dict[object, list[Compile]] = {}
    for compile in log.compiles:
        if compile.kind == "function":
            functions.setdefault((compile.name, compile.source), []).append(compile)
    for miss in log.misses:
        why = tuple((found.path, found.cause) for found in miss.differences)
        alike.setdefault((miss.name, miss.source, why), []).append(miss)
    return JitCache(
        log,
        tuple(
            sorted(
                (_function(group, log.seconds) for group in functions.values()),
                key=lambda function: -function.seconds,
            )
        ),
        tuple(sorted(map(_repeated, alike.values()), key=lambda repeated: -repeated.seconds)),
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
        reasons([compile.differences for compile in compiles]),
        len(compiles),
        _seconds(compiles),
        tuple(dict.fromkeys(compile.site for compile in compiles if compile.site is not None)),
    )


def _parts(cache: JitCache) -> Iterable[Part]:
    log = cache.log
    # The answer first: which leaf, why, what it cost, what to do.
    yield from _warnings(log)
    yield from _advice(cache)
    yield from _constants(cache)
    yield _sums(cache)
    if cache.repeated:
        yield _misses_table(cache)
        yield _causes_bars(cache)
    yield _functions_table(cache)
    yield _constants_table(cache)
    yield _others_table(log, "operation", "Operations outside of jitted functions")
    yield _others_table(log, "other", "Compiled ahead of time, or for gradients")


def _sums(cache: JitCache) -> Facts:
    log = cache.log
    functions = [compile for compile in log.compiles if compile.is_of_user]
    operations = [c for c in log.compiles if c.kind == "operation" and not c.is_of_user]
    return Facts(
        (
            Fact("functions compiled", len(functions), "count"),
            Fact("compiled again", len(log.misses), "count"),
            Fact("time in compiling", cache.seconds, "seconds"),
            Fact("time in compiling again", cache.wasted, "seconds"),
            Fact("operations outside of functions", len(operations), "count"),
            Fact("time in these", _seconds(operations), "seconds"),
            Fact("time watched", log.seconds, "seconds"),
            Fact("read from disk", sum(c.from_disk for c in log.compiles), "count"),
        )
    )


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
        yield Note(line + times, "error", CAUSES["static-mutated"].fix)
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
                    repeated.count if is_first else None,
                    repeated.seconds if is_first else None,
                    repeated.name,
                    found.path,
                    found.cause,
                    found.before,
                    found.after,
                    _sites(repeated.sites),
                    str(found.source or ""),
                )
            )
            tones.append(_tone(found.cause))
        more = len(repeated.differences) - len(shown)
        if more > 0:
            rows.append((None, None, repeated.name, f"{more} more", "", "", "", "", ""))
            tones.append("faint")
    return Table(
        (
            Column("times", "count"),
            Column("seconds", "seconds"),
            Column("function"),
            Column("what", "path"),
            Column("cause"),
            Column("before"),
            Column("after"),
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
    if cache.log.compiles and not cache.repeated and cache.log.is_explained:
        yield Note("no function was compiled again")
    for repeated in cache.repeated[:_MAX_NOTES]:
        # What it cost is said once, though there may be several things to repair.
        begun = _cost(repeated)
        for reason in repeated.reasons:
            is_expected = reason.cause in _EXPECTED and repeated.count < _OFTEN
            level = "info" if is_expected else "warning"
            yield Note(f"{begun}: {reason}", level, reason.fix)
            begun = f"{repeated.name}, in the same calls"
    rest = cache.repeated[_MAX_NOTES:]
    if rest:
        spent = sum(repeated.seconds for repeated in rest)
        yield Note(f"and {counted(len(rest), 'more reason')}, {spent:.2f} s in all: see below")


def _constants(cache: JitCache) -> Iterable[Note]:
    """What the programs of functions hold of arrays, each variable of a function once."""
    told: dict[tuple[str, Site | None, str], Note] = {}
    for compile in cache.log.compiles:
        for group in captured(compile.constants):
            text = f"{compile.name} is compiled with constants: {group}"
            hint = group.fix_for(compile.name)
            told.setdefault((compile.name, compile.source, str(group)), Note(text, "warning", hint))
    notes = list(told.values())
    yield from notes[:_MAX_NOTES]
    if len(notes) > _MAX_NOTES:
        yield Note(f"and {counted(len(notes) - _MAX_NOTES, 'more function')} with constants")


def _cost(repeated: Repeated) -> str:
    times = "once" if repeated.count == 1 else f"{repeated.count} times"
    text = f"{repeated.name} compiled again {times}, {repeated.seconds:.2f} s"
    return f"{text}, at {_sites(repeated.sites)}" if repeated.sites else text


def _constants_table(cache: JitCache) -> Table:
    latest = {
        (compile.name, compile.source): compile.constants
        for compile in cache.log.compiles
        if compile.constants
    }
    rows: list[tuple[Value, ...]] = [
        (name, constant.path or "made while tracing", constant.array, constant.nbytes)
        for (name, _), constants in latest.items()
        for constant in sorted(constants, key=lambda constant: -constant.nbytes)
    ]
    if len(rows) > _MAX_CONSTANTS:
        rest = sum(int(row[3] or 0) for row in rows[_MAX_CONSTANTS:])
        rows[_MAX_CONSTANTS:] = [("", f"{len(rows) - _MAX_CONSTANTS} more", "", rest)]
    return Table(
        (Column("function"), Column("array", "path"), Column("type"), Column("size", "bytes")),
        tuple(rows),
        "Compiled in as constants",
    )


def _others_table(log: Log, kind: str, title: str) -> Table:
    groups: dict[tuple[str, Site | None], list[Compile]] = {}
    for compile in log.compiles:
        if compile.kind == kind and not compile.is_of_user:
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
