"""The child process: opens files as `eqxview` does, under an audit hook, and measures.

Run as `python -P watch.py MANIFEST`. The manifest (JSON) holds `runs`, a list of command lines
with a name and bounds, and where to write. The process dies on the first event that reading a
file does not need; its last words are in the report.

Nothing but the standard library and eqxview may be imported here.
"""

import contextlib
import faulthandler
import io
import json
import os
import re
import resource
import sys
import time
from pathlib import Path

KILLED = 97
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

# Events that say nothing: `id(x)`, `array.array(...)`, and the hook's own look at its caller.
_HARMLESS = frozenset({"builtins.id", "array.__new__", "sys._getframe"})


# What Python itself does on the way to a module or a class; only in a cold run.
_OF_IMPORTS = frozenset(
    {"marshal.loads", "os.listdir", "object.__getattr__", "object.__setattr__", "code.__new__"}
)


class Watch:
    """The audit hook. Once added it cannot be removed, only told to look away."""

    def __init__(self, report: int, source_roots: list[str], *, cold: bool) -> None:
        self.report = report
        self.roots = tuple(os.path.realpath(root) + os.sep for root in source_roots)
        self.cold = cold
        """Whether eqxview itself is still to be imported (a whole command)."""
        self.file: str | None = None
        """The file that may be opened; `None` while the watch looks away."""
        import ast
        import collections
        import dataclasses
        import enum
        import functools
        import typing

        self.parse = ast.parse.__code__
        # Where code may come from in a cold run: Python itself and eqxview, not the canary.
        import eqxview

        self.own = os.path.dirname(os.path.realpath(eqxview.__file__)) + os.sep
        self.trusted = (
            self.own,
            os.path.dirname(os.path.realpath(os.__file__)) + os.sep,
            "<frozen ",
        )
        # A cold run makes classes: these write methods as source, and set odd attributes.
        self.makers = tuple(
            os.path.realpath(module.__file__)
            for module in (collections, dataclasses, enum, functools, typing)
        )

    def hook(self, event: str, arguments: tuple) -> None:
        """Let pass what reading needs; die on everything else."""
        if self.file is None or event in _HARMLESS:
            return
        # What the checks themselves do (looking at a frame, say) is not watched.
        file, self.file = self.file, None
        if self.allows(event, arguments, file):
            self.file = file
            return
        os.write(
            self.report, json.dumps({"violation": f"{event} {arguments!r:.300}"}).encode() + b"\n"
        )
        os._exit(KILLED)

    def allows(self, event: str, arguments: tuple, file: str) -> bool:
        """Whether reading the file, or the source of a class, needs this."""
        if event == "open":
            path, _, flags = arguments
            if flags & _WRITES or not isinstance(path, str | bytes | os.PathLike):
                return False
            return self.may_read(os.fsdecode(path), file)
        if event in ("os.listdir", "os.scandir") and not self.cold:
            return (os.path.realpath(os.fsdecode(arguments[0])) + os.sep).startswith(self.roots)
        if event == "compile":
            # `ast.parse` compiles to a syntax tree, which runs nothing.
            return sys._getframe(2).f_code is self.parse or self.comes_from_us(3)
        if event == "import":
            return self.cold and not arguments[0].startswith("eqxview_canary")
        if event == "exec":
            return self.comes_from_us(3) or (
                self.cold and arguments[0].co_filename.startswith(self.trusted)
            )
        return event in _OF_IMPORTS and self.cold and self.comes_from_us(3)

    def may_read(self, path: str, file: str) -> bool:
        """Whether `path` is the file itself, a class's source, or a module of our own."""
        if path in (file, os.devnull):
            return True
        real = os.path.realpath(path)
        if real.endswith(".py"):
            return real.startswith(self.roots)
        if real.endswith(".json"):
            # The table of well-known classes, which comes with eqxview.
            return real.startswith(self.own)
        return self.cold and real.startswith(self.trusted)

    def comes_from_us(self, depth: int) -> bool:
        """Whether a cold run's own import, or a class that it makes, is at work."""
        name = sys._getframe(depth).f_code.co_filename
        return self.cold and (name.startswith("<frozen ") or os.path.realpath(name) in self.makers)


class Memory:
    """Peak memory of this process since `mark()`."""

    def __init__(self) -> None:
        self.base = 0
        try:
            self.clear = os.open("/proc/self/clear_refs", os.O_WRONLY)
            self.status = os.open("/proc/self/status", os.O_RDONLY)
        except OSError:
            # No Linux: the peak of the whole process, which can only be too high.
            self.clear = self.status = -1

    def mark(self) -> None:
        """Forget the peak so far."""
        if self.clear >= 0:
            os.write(self.clear, b"5")
            self.base = self._read("VmRSS")
        else:
            self.base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def peak(self) -> float:
        """MiB since the mark."""
        if self.clear >= 0:
            now = self._read("VmHWM")
        else:
            now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return (now - self.base) / 1024

    def _read(self, word: str) -> int:
        text = os.pread(self.status, 8192, 0).decode()
        found = re.search(rf"{word}:\s+(\d+) kB", text)
        assert found is not None
        return int(found[1])


def main(manifest: str) -> None:
    """Do all runs of the manifest."""
    plan = json.loads(Path(manifest).read_text())
    report = os.open(plan["report"], os.O_WRONLY | os.O_APPEND)
    trace = open(plan["trace"], "w")  # noqa: SIM115  (open to the end of the process)
    watch = Watch(report, plan["source_roots"], cold=False)
    sys.addaudithook(watch.hook)
    from eqxview.cli.main import run

    memory = Memory()
    for path, face in plan["warm_up"]:
        with _captured(os.devnull, os.devnull):
            code = run([path, *face])
        if code not in (0, 2):
            raise SystemExit(f"an honest file is not opened: {path}: exit code {code}")
    _limit_memory(plan["address_space"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (plan["file_size"], plan["file_size"]))
    for number, job in plan["runs"]:
        os.write(report, json.dumps({"start": number}).encode() + b"\n")
        with _captured(job["stdout"], job["stderr"]):
            faulthandler.dump_traceback_later(job["wall"], exit=True, file=trace)
            memory.mark()
            cpu, wall = time.process_time(), time.perf_counter()
            watch.file = job["path"]
            code: int | str
            try:
                code = run(job["arguments"])
                sys.stdout.flush()
            except BaseException as error:  # noqa: BLE001  (whatever escapes is the finding)
                code = f"{type(error).__name__}: {error}"[:300]
            finally:
                watch.file = None
            seen = {
                "end": number,
                "code": code,
                "cpu": time.process_time() - cpu,
                "wall": time.perf_counter() - wall,
                "mebibytes": memory.peak(),
            }
            faulthandler.cancel_dump_traceback_later()
        os.write(report, json.dumps(seen).encode() + b"\n")


def _limit_memory(more: int) -> None:
    """Let the process grow by `more` bytes and no further."""
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


@contextlib.contextmanager
def _captured(stdout: str, stderr: str):
    """stdout and stderr into files, as strict about encoding as a terminal's."""
    before = sys.stdout, sys.stderr
    with open(stdout, "wb") as out, open(stderr, "wb") as error:
        sys.stdout = io.TextIOWrapper(out, "utf-8", errors="strict")
        sys.stderr = io.TextIOWrapper(error, "utf-8", errors="backslashreplace")
        try:
            yield
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            sys.stdout, sys.stderr = before


if __name__ == "__main__":
    main(sys.argv[1])
