"""Times whole commands against each other: interleaved, in one run, medians and ratios.

Wall time, CPU time (user and system) and peak memory of each process come from `wait4`, which
counts the child alone. A command that draws on a terminal is run on a pseudo-terminal and
stopped as soon as the text that we wait for is on its screen: its *first paint*.
"""

import datetime
import fcntl
import os
import platform
import pty
import resource
import select
import shlex
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
DATA = Path(__file__).with_name("data")


@dataclass(frozen=True)
class Cost:
    """What one run of a command took."""

    wall: float
    cpu: float
    peak: int
    """Peak resident memory in bytes. A child starts with that of the process that starts it, so
    one that takes less than we do shows ours: see `_is_ours`."""


@dataclass(frozen=True)
class Command:
    """A command under measurement."""

    name: str
    arguments: Sequence[str]
    paints: str | None = None
    """Text whose appearance on the screen is the first paint; `None`: run to the end."""


def run(command: Command) -> Cost:
    """Run `command` once."""
    if command.paints is not None:
        return _until_painted(command)
    start = time.perf_counter()
    process = subprocess.Popen(
        command.arguments, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command.name}: exit code {process.returncode}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, _bytes(usage.ru_maxrss))


def _until_painted(command: Command) -> Cost:
    import pyte

    screen = pyte.Screen(80, 24)
    stream = pyte.ByteStream(screen)
    environ = {**os.environ, "TERM": "xterm-256color"}
    for name in ("COLUMNS", "LINES"):
        environ.pop(name, None)
    start = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command.arguments[0], list(command.arguments), environ)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    deadline = start + 60
    while command.paints not in "\n".join(screen.display):
        if time.perf_counter() > deadline:
            os.kill(pid, signal.SIGKILL)
            raise SystemExit(f"{command.name}: {command.paints!r} never appeared")
        ready, _, _ = select.select([terminal], [], [], 0.05)
        if ready:
            try:
                stream.feed(os.read(terminal, 65536))
            except OSError:
                raise SystemExit(f"{command.name}: ended before it painted") from None
    wall = time.perf_counter() - start
    os.kill(pid, signal.SIGKILL)
    _, _, usage = os.wait4(pid, 0)
    os.close(terminal)
    return Cost(wall, usage.ru_utime + usage.ru_stime, _bytes(usage.ru_maxrss))


def _bytes(maxrss: int) -> int:
    # Kilobytes on Linux, bytes on macOS.
    return maxrss if sys.platform == "darwin" else maxrss * 1024


def _is_ours(peak: int) -> bool:
    """Whether a peak may be that of this process: the command took at most so much."""
    return peak <= 1.1 * _bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _memory(peak: int) -> str:
    return f"{'<= ' if _is_ours(peak) else ''}{peak / 2**20:.0f} MiB"


def compare(title: str, commands: Sequence[Command], *, repeats: int, record: bool) -> list[Cost]:
    """Run all commands in turn, `repeats` times; print medians and ratios to the first.

    With `record`, one line for each comparison goes into `RESULTS.md`.
    """
    for command in commands:
        run(command)
    runs: list[list[Cost]] = [[] for _ in commands]
    for _ in range(repeats):
        for costs, command in zip(runs, commands, strict=True):
            costs.append(run(command))
    medians = [
        Cost(
            statistics.median(cost.wall for cost in costs),
            statistics.median(cost.cpu for cost in costs),
            int(statistics.median(cost.peak for cost in costs)),
        )
        for costs in runs
    ]
    base = medians[0]
    print(f"\n{title}  ({repeats} interleaved runs, medians)")
    for command, cost in zip(commands, medians, strict=True):
        print(
            f"  {command.name:<34} {1000 * cost.wall:8.0f} ms wall  {1000 * cost.cpu:8.0f} ms CPU"
            f"  {_memory(cost.peak):>12}   {base.wall / cost.wall:6.2f}x wall of this"
        )
    if record:
        for command, cost in zip(commands[1:], medians[1:], strict=True):
            _record(title, commands[0], base, command, cost)
    return medians


def _record(title: str, ours: Command, base: Cost, other: Command, cost: Cost) -> None:
    script = shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])
    memory = ""
    if not _is_ours(base.peak) and not _is_ours(cost.peak):
        memory = f", {base.peak / cost.peak:.2f} memory"
    line = (
        f"| {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d} | {title} | `{script}` | {machine()} "
        f"| {ours.name}: {_figures(base)} | {other.name}: {_figures(cost)} "
        f"| {base.wall / cost.wall:.2f} wall{memory} |\n"
    )
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(line)


def _figures(cost: Cost) -> str:
    return f"{1000 * cost.wall:.0f} ms wall, {1000 * cost.cpu:.0f} ms CPU, {_memory(cost.peak)}"


def machine() -> str:
    """The machine in a few words: no name of it, only what makes it fast or slow."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}"
    )
