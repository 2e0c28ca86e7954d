"""Who explains recompilations: eqxview, and `jax_explain_cache_misses`, on the same calls.

    python benchmarks/recompiles.py [--cases DIR] [-v] [--record]

Without `--cases`, on our own trials; with it, on those of the module `corpus` in DIR, by its
module `grade` where it has one. A trial is *right* when of every call after the first exactly
what is expected is told: which path, for which cause (and on which line, where a line is asked
for). Exit code 1 unless eqxview is right in all.

JAX's log is judged more kindly. It is right when it names the path or the name of the parameter,
or the place among the arguments, and says what was before and what is now in up to 200
characters, or that a function is defined again; *vague* where the place is one in a flat list or
the two values are dumps or addresses; *wrong* where it names something else; *silent* where it
says nothing. A call of which nothing is to be said is a false alarm once a cause is named.
Before 0.9 the log was written otherwise, and in places raised: there it is not judged.
"""

import os

if __name__ == "__main__":
    # Read when JAX is imported. Some trials need several devices.
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=4")

import argparse
import datetime
import importlib
import importlib.util
import logging
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import jax
from measure import RESULTS, machine
from recompile_adapter import Explainer
from recompile_trials import Expected, Trial, own_trials, trials_of

_FALSE_ALARM = "FALSE-ALARM"
_ORDER = ["right", "right-no-src", "noisy", "path-only", "vague", "wrong", "silent", _FALSE_ALARM]
_TOLD = [*_ORDER, "not judged"]
_LONGEST = 200

Judge = Callable[[set[Expected], set[Expected]], str]
"""From what is expected and what is told to a word of `_ORDER`."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=Path, metavar="DIR", help="a folder with corpus.py")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each trial")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    trials = own_trials() if options.cases is None else trials_of(options.cases)
    verdict_of: Judge = _verdict
    if options.cases is not None and importlib.util.find_spec("grade"):
        verdict_of = importlib.import_module("grade").verdict
    explainer = Explainer()
    verdicts: list[tuple[Trial, str, str]] = []
    for trial in trials:
        try:
            verdicts.append((trial, _ours(trial, explainer, verdict_of), _jaxs(trial)))
        except (AttributeError, ImportError, IndexError, TypeError) as error:
            # A corpus for another version of JAX.
            print(f"left out, not to be made with JAX {jax.__version__}: {trial.name} ({error})")
            continue
        if options.verbose or verdicts[-1][1] != "right":
            print(f"{trial.name:<52} {verdicts[-1][1]:<14} {verdicts[-1][2]}")
    _tell(verdicts)
    if options.record and _CAN_JUDGE:
        _record(verdicts, "" if options.cases is None else " --cases DIR")
    return 0 if all(ours == "right" for _, ours, _ in verdicts) else 1


def _ours(trial: Trial, explainer: Explainer, verdict_of: Judge) -> str:
    worst = "right"
    for index, call in enumerate(trial.make()):
        explainer.start()
        call()
        told = explainer.take()
        if index:
            got = {(d["path"], d["cause"], d["src"]) for miss in told for d in miss["diffs"]}
            verdict = verdict_of(set(trial.expected.get(index, ())), got)
            worst = max(worst, verdict, key=_ORDER.index)
    return worst


def _verdict(expected: set[Expected], got: set[Expected]) -> str:
    pairs, told = ({(path, cause) for path, cause, _ in rows} for rows in (expected, got))
    # JAX's own operations are told of, too: that is no answer to what is asked here.
    told = {(path, cause) for path, cause in told if not path.startswith("<op>")}
    if not pairs:
        return _FALSE_ALARM if told else "right"
    if pairs == told:
        return "right"
    if pairs < told:
        return "noisy"
    if {path for path, _ in pairs} & {path for path, _ in told}:
        return "path-only"
    return "wrong" if told else "silent"


# The log that the patterns below are written for.
_CAN_JUDGE = jax.__version_info__ >= (0, 9)


def _jaxs(trial: Trial) -> str:
    if not _CAN_JUDGE:
        return "not judged"
    worst = "right"
    for index, call in enumerate(trial.make()):
        with _explanations() as told:
            call()
        if index:
            verdict = _judged(trial.expected.get(index, frozenset()), told)
            worst = max(worst, verdict, key=_ORDER.index)
    return worst


@contextmanager
def _explanations() -> Iterator[list[str]]:
    """What JAX logs of misses of its tracing cache."""
    told: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            message = record.getMessage()
            if message.startswith("TRACING CACHE MISS"):
                told.append(message)

    logger = logging.getLogger("jax")
    handlers, propagates = list(logger.handlers), logger.propagate
    logger.handlers, logger.propagate = [Handler()], False
    before = jax.config.values["jax_explain_cache_misses"]
    jax.config.update("jax_explain_cache_misses", True)
    try:
        yield told
    finally:
        jax.config.update("jax_explain_cache_misses", before)
        logger.handlers, logger.propagate = handlers, propagates


_ITEM = re.compile(r"\* at (?:input path )?(.*?), now (.*?) and before (.*?)(?:, so .*)?$", re.M)
_SETTING = re.compile(r"\* (\S+) differs: now (.*?) and before (.*?)$", re.M)
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_REDEFINED = "seen another function defined on the same line"


def _judged(expected: frozenset[Expected], told: Sequence[str]) -> str:
    causes = [
        message for message in told if "closest previous key" in message or _REDEFINED in message
    ]
    if not expected:
        return _FALSE_ALARM if causes else "right"
    if not told:
        return "silent"
    text = "\n".join(causes or told)
    return max((_judged_one(path, cause, text) for path, cause, _ in expected), key=_ORDER.index)


def _judged_one(path: str, cause: str, text: str) -> str:
    root = re.split(r"[.\[]", path)[0]
    if root == "<config>" or root == "<mesh>":
        name = "mesh" if root == "<mesh>" else path.partition(".")[2].removeprefix("jax_")
        return "right" if any(name in item[0] for item in _SETTING.findall(text)) else "wrong"
    if root in ("<function>", "<op>"):
        if _REDEFINED not in text:
            return "wrong"
        return "vague" if cause == "closure-value" else "right"
    if _REDEFINED in text:
        return "wrong"
    items = _ITEM.findall(text)
    if not items:
        return "wrong" if _SETTING.search(text) else "vague"
    here = [item for item in items if item[0] == path or item[0].startswith("[")]
    flat = [item for item in items if "dynamic_nodonate" in item[0]]
    if not here and not flat:
        return "wrong"
    is_readable = any(
        max(len(now), len(before)) <= _LONGEST and _ADDRESS.sub("", now) != _ADDRESS.sub("", before)
        for _, now, before in here
    )
    return "right" if is_readable else "vague"


def _tell(verdicts: Sequence[tuple[Trial, str, str]]) -> None:
    print(f"\nJAX {jax.__version__}{'':<22}{'eqxview':>10}  {'jax_explain_cache_misses':>26}")
    for title, is_control in (("misses", False), ("nothing to be said", True)):
        of_kind = [row for row in verdicts if row[0].is_control == is_control]
        tallies = [Counter(row[at] for row in of_kind) for at in (1, 2)]
        print(f"{title}: {len(of_kind)}")
        for verdict in _TOLD:
            counts = [tally[verdict] for tally in tallies]
            if any(counts):
                print(f"  {verdict:<28}{counts[0]:>13}  {counts[1]:>26}")


def _record(verdicts: Sequence[tuple[Trial, str, str]], arguments: str) -> None:
    misses = [row for row in verdicts if not row[0].is_control]
    controls = [row for row in verdicts if row[0].is_control]

    def figures(at: int) -> str:
        right = sum(row[at] == "right" for row in misses)
        alarms = sum(row[at] != "right" for row in controls)
        return f"{right} of {len(misses)} right, {alarms} of {len(controls)} false alarms"

    theirs = sum(row[2] == "right" for row in misses)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(
            f"| {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d} | why it recompiled "
            f"| `python benchmarks/recompiles.py{arguments}` | JAX {jax.__version__}, {machine()} "
            f"| eqxview: {figures(1)} | jax_explain_cache_misses: {figures(2)} "
            f"| {sum(row[1] == 'right' for row in misses) / max(theirs, 1):.2f} |\n"
        )


if __name__ == "__main__":
    sys.exit(main())
