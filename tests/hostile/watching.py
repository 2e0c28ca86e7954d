"""Runs the watched child over a family of cases, and collects what was seen."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hostile.assemble import honest
from hostile.case import MARKER, Case, Face
from hostile.source_hunts import plant

HERE = Path(__file__).parent
CANARIES = HERE / "canary"

OPTIONS: dict[Face, tuple[str, ...]] = {
    "print": ("--print",),
    "colour": ("--print", "--color", "always"),
    "json": ("--json",),
}

_ADDRESS_SPACE = 2 * 2**30
"""Bytes by which the child may grow: what the reader would take beyond is refused to it."""


@dataclass(frozen=True)
class Seen:
    """What came of opening one file with one face."""

    code: int | str | None
    """The exit code; the exception that escaped; `None` where the process died."""
    died: str
    """Why the process died, if it did."""
    cpu: float
    mebibytes: float
    output: int
    """Bytes on stdout."""
    stdout: str
    """Its first 4 MiB."""
    stderr: str
    size: int
    """Bytes of the file."""
    marked: bool
    """Whether the payload ran."""


def observe(cases: Sequence[Case]) -> dict[tuple[str, Face], Seen]:
    """Open every case with each of its faces, all in one child where nothing goes wrong."""
    folder = Path(tempfile.mkdtemp(prefix="eqxview-hostile-"))
    try:
        return _Observation(folder, cases).run()
    finally:
        shutil.rmtree(folder)


class _Observation:
    def __init__(self, folder: Path, cases: Sequence[Case]) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir()
        self.work = folder / "work"
        self.work.mkdir()
        (folder / "out").mkdir()
        self.planted = folder / "planted"
        self.planted.mkdir()
        plant(self.planted)
        self.report = folder / "report"
        self.trace = folder / "trace"
        self.jobs: list[tuple[Case, Face, dict]] = []
        self.sizes: dict[str, int] = {}
        for case in cases:
            path = os.fspath(case.write(self.files))
            self.sizes[case.name] = os.path.getsize(path) if os.path.isfile(path) else 0
            for face in case.faces:
                place = folder / "out" / str(len(self.jobs))
                self.jobs.append(
                    (
                        case,
                        face,
                        {
                            "path": path,
                            "arguments": [*OPTIONS[face], *case.options, "--", path],
                            "stdout": f"{place}.out",
                            "stderr": f"{place}.err",
                            # The process's own seconds are what is judged; this one only ends
                            # what hangs, also on a machine that is busy with other things.
                            "wall": 5 * case.seconds + 20,
                        },
                    )
                )

    def run(self) -> dict[tuple[str, Face], Seen]:
        seen: dict[tuple[str, Face], Seen] = {}
        first = 0
        while first < len(self.jobs):
            ended, died = self._child(first)
            for number, record in ended.items():
                case, face, _ = self.jobs[number]
                seen[case.name, face] = self._seen(number, record, "")
            first += len(ended)
            if died is None:
                continue
            if first < len(self.jobs):
                case, face, _ = self.jobs[first]
                seen[case.name, face] = self._seen(first, {}, died)
                first += 1
        return seen

    def _child(self, first: int) -> tuple[dict[int, dict], str | None]:
        """Run the jobs from `first` on; what ended, and why the process died early."""
        plan = {
            "report": str(self.report),
            "trace": str(self.trace),
            "source_roots": [str(CANARIES), str(self.planted), *filter(os.path.isdir, sys.path)],
            "warm_up": self._warm_up(),
            "address_space": _ADDRESS_SPACE,
            "file_size": 2**30,
            "runs": [
                (number, job) for number, (_, _, job) in enumerate(self.jobs) if number >= first
            ],
        }
        manifest = self.folder / "manifest.json"
        manifest.write_text(json.dumps(plan))
        self.report.write_bytes(b"")
        done = subprocess.run(
            [sys.executable, "-P", str(HERE / "watch.py"), str(manifest)],
            cwd=self.work,
            env={
                **os.environ,
                "PYTHONPATH": self._import_path(),
                "PYTHONHASHSEED": "0",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        ended: dict[int, dict] = {}
        violation = ""
        for line in self.report.read_text().splitlines():
            record = json.loads(line)
            if "end" in record:
                ended[record["end"]] = record
            violation = record.get("violation", "")
        if done.returncode == 0:
            return ended, None
        trace = self.trace.read_text() if self.trace.exists() else ""
        if first + len(ended) >= len(self.jobs) or not self.report.stat().st_size:
            raise AssertionError(f"the watched child failed: {done.returncode}\n{done.stderr}")
        words = violation or f"exit {done.returncode}\n{trace[-3000:]}\n{done.stderr[-3000:]}"
        return ended, words

    def _import_path(self) -> str:
        before = os.environ.get("PYTHONPATH", "")
        return os.pathsep.join(filter(None, (str(CANARIES), str(self.planted), before)))

    def _warm_up(self) -> list[tuple[str, list[str]]]:
        """Honest files, so that what eqxview imports when first needed is there."""
        from hostile.compressed import PACKERS

        runs = []
        folder = self.folder / "warm"
        folder.mkdir(exist_ok=True)
        data = honest({"a": [1, 2.0, "x", b"y", {1}, 1j], "b": Path("x")})
        for name, suffix, pack in PACKERS:
            path = folder / f"{name}{suffix}"
            path.write_bytes(pack(data))
            runs.append((str(path), ["--print"]))
        for name, content in (("broken.pkl", data[:-3]), ("source.pkl", _OF_A_CLASS)):
            (folder / name).write_bytes(content)
            runs += [(str(folder / name), list(options)) for options in OPTIONS.values()]
        if any(case.output > Case.output for case, _, _ in self.jobs):
            # A large tree is summed with NumPy.
            (folder / "large.pkl").write_bytes(honest([0] * 120_000))
            runs.append((str(folder / "large.pkl"), ["--print"]))
        return runs

    def _seen(self, number: int, record: dict, died: str) -> Seen:
        case, _, job = self.jobs[number]
        stdout, stderr = Path(job["stdout"]), Path(job["stderr"])
        marker = self.work / MARKER
        marked = marker.exists()
        marker.unlink(missing_ok=True)
        output = stdout.stat().st_size if stdout.exists() else 0
        text = ""
        if output:
            with stdout.open("rb") as file:
                text = file.read(case.output).decode("utf-8", "ignore")
        seen = Seen(
            code=record.get("code"),
            died=died,
            cpu=record.get("cpu", 0.0),
            mebibytes=record.get("mebibytes", 0.0),
            output=output,
            stdout=text,
            stderr=stderr.read_text("utf-8", "surrogateescape") if stderr.exists() else "",
            size=self.sizes[case.name],
            marked=marked,
        )
        stdout.unlink(missing_ok=True)
        return seen


_OF_A_CLASS = b"\x80\x04ceqxview.readers.opened\nOpenedFile\n)\x81}X\1\0\0\0aNsb."
