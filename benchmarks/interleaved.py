"""Times functions against each other in one process: interleaved, CPU time, medians.

CPU time of the calling thread, so that whatever else the machine does counts little; and each
round runs all contenders, in another order each time, so that what is left hits all alike.
"""

import gc
import random
import statistics
import time
from collections.abc import Callable

Contender = Callable[[], object]


def medians(
    contenders: dict[str, Contender], *, budget: float, rounds: int = 9
) -> dict[str, float]:
    """The median seconds that one call of each takes.

    `budget` is about how many seconds all of it may take, unless `rounds` rounds take longer.
    """
    calls: dict[str, int] = {}
    for name, run in contenders.items():
        run()
        run()
        once = _seconds(run, 3)
        calls[name] = max(1, int(0.002 / max(once, 1e-8)))
        once = _seconds(run, min(calls[name], 100))
        calls[name] = max(1, int(0.002 / max(once, 1e-8)))
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    shuffle = random.Random(0).shuffle
    end = time.perf_counter() + budget
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        done = 0
        while done < rounds or time.perf_counter() < end:
            shuffle(names)
            for name in names:
                taken[name].append(_seconds(contenders[name], calls[name]))
            done += 1
            if done % 8 == 0:
                gc.collect()
    finally:
        if was_enabled:
            gc.enable()
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def _seconds(run: Contender, calls: int) -> float:
    start = time.thread_time_ns()
    for _ in range(calls):
        run()
    return (time.thread_time_ns() - start) / calls / 1e9
