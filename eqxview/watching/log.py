"""What was compiled, as data: plain, frozen, and the same after a trip through JSON."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from eqxview.errors import UnreadableFile
from eqxview.watching.causes import CAUSES
from eqxview.watching.site import Site

FORMAT = "eqxview compile log"
VERSION = 1

Kind = Literal["function", "operation", "other"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was."""

    path: str
    """Rooted at a parameter's name, or at `<function>`, `<config>`, `<mesh>`, `<cache>`, …"""
    cause: str
    """One of the words of `causes.CAUSES`."""
    before: str = ""
    after: str = ""
    source: Site | None = None
    """The line that makes the thing, where one does."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """Seconds spent on the way from a Python function to a program."""

    trace: float = 0.0
    lower: float = 0.0
    compile: float = 0.0

    @property
    def total(self) -> float:
        """All of them."""
        return self.trace + self.lower + self.compile


@dataclass(frozen=True, slots=True)
class Compile:
    """One program that was compiled."""

    name: str
    kind: Kind
    """A jitted function of the user's; an operation of JAX called outside of any; or what was
    compiled on another way than by a call: ahead of time, or for a gradient."""
    number: int
    """Which compilation of this function it is, from 1."""
    seconds: Seconds
    site: Site | None
    """The user's line that called."""
    source: Site | None
    """Where the function is written."""
    at: float
    """Seconds since the watch was started."""
    from_disk: bool = False
    """Whether XLA's part was read from the persistent cache."""
    leaves: int = 0
    """Leaves of the arguments."""
    differences: tuple[Difference, ...] = ()
    """From the nearest earlier call; none for the first."""

    @property
    def is_miss(self) -> bool:
        """Whether earlier programs of this function were there, and did not serve."""
        return bool(self.differences)

    def __str__(self) -> str:
        where = f", {self.site}" if self.site else ""
        if not self.is_miss:
            return f"{self.name} compiled ({self.seconds.total:.2f} s{where})"
        reasons = "; ".join(explain(difference) for difference in self.differences[:3])
        more = len(self.differences) - 3
        if more > 0:
            reasons += f"; and {more} more"
        fix = fix_for(self.differences[0])
        return f"{self.name} compiled again ({self.seconds.total:.2f} s{where}): {reasons}." + (
            f"  fix: {fix}" if fix else ""
        )


_SUBJECTS = {
    "<function>": "the function",
    "<trace>": "it",
    "<trace>.batch": "the batch that it is mapped over",
    "<jit>": "it",
    "<cache>": "JAX",
    "<mesh>": "the mesh around it",
}


def explain(difference: Difference) -> str:
    """One difference as a clause: what is not as it was."""
    cause = CAUSES.get(difference.cause)
    meaning = cause.meaning if cause else difference.cause
    text = f"{_SUBJECTS.get(difference.path, difference.path)} {meaning}"
    if difference.source:
        text += f", made at {difference.source}"
    is_told = "identity" in difference.cause or difference.path in ("<trace>", "<cache>")
    if difference.before != difference.after and not is_told:
        text += f": {difference.before} → {difference.after}"
    return text


def fix_for(difference: Difference) -> str:
    """What to do about a difference; empty where nothing is wrong with it."""
    cause = CAUSES.get(difference.cause)
    return cause.fix.replace("{path}", difference.path) if cause else ""


@dataclass(frozen=True, slots=True)
class Stale:
    """A call that got the program of another: a static argument was changed in place."""

    name: str
    site: Site | None
    at: float
    """Seconds since the watch was started."""
    differences: tuple[Difference, ...]
    """From the call that the program was made for."""

    def __str__(self) -> str:
        where = f" ({self.site})" if self.site else ""
        reasons = "; ".join(map(explain, self.differences))
        return f"{self.name}{where} may have given a stale answer: {reasons}"


@dataclass(frozen=True, slots=True)
class Log:
    """All that was compiled while a watch was on, in that order."""

    compiles: tuple[Compile, ...] = ()
    seconds: float = 0.0
    """How long the watch was on."""
    is_explained: bool = True
    """False where JAX's stack could not be read: names and seconds are known, causes are not."""
    failures: tuple[str, ...] = ()
    """What went wrong inside of eqxview, and left a compilation unexplained."""
    jax: str = ""
    """The version of JAX."""
    stale: tuple[Stale, ...] = ()
    """Calls whose answer may be wrong, though nothing was compiled for them."""

    @property
    def misses(self) -> tuple[Compile, ...]:
        """The compilations of functions that had been compiled before."""
        return tuple(compile for compile in self.compiles if compile.is_miss)

    def to_json(self) -> str:
        """The log as JSON text, which `Log.from_json` reads."""
        data = {"format": FORMAT, "version": VERSION, **dataclasses.asdict(self)}
        return json.dumps(data, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Log":
        """The log that `to_json` wrote. Raises `UnreadableFile` for anything else."""
        try:
            data = json.loads(text)
        except ValueError as error:
            raise UnreadableFile(f"this is no compile log: not JSON ({error})") from error
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise UnreadableFile(
                "this is no compile log", hint="write one with: eqxview run --log LOG.json SCRIPT"
            )
        if data.get("version") != VERSION:
            raise UnreadableFile(
                f"a compile log of version {data.get('version')!r}; this eqxview reads {VERSION}",
                hint="update: python -m pip install --upgrade eqxview",
            )
        try:
            return cls(
                compiles=tuple(map(_compile, data["compiles"])),
                seconds=float(data["seconds"]),
                is_explained=bool(data["is_explained"]),
                failures=tuple(map(str, data["failures"])),
                jax=str(data["jax"]),
                stale=tuple(map(_stale, data["stale"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableFile(f"a damaged compile log: {error!r}") from error


def _compile(data: Mapping[str, Any]) -> Compile:
    return Compile(
        **{
            **data,
            "seconds": Seconds(**data["seconds"]),
            "site": _site(data["site"]),
            "source": _site(data["source"]),
            "differences": _differences(data["differences"]),
        }
    )


def _stale(data: Mapping[str, Any]) -> Stale:
    return Stale(
        **{
            **data,
            "site": _site(data["site"]),
            "differences": _differences(data["differences"]),
        }
    )


def _differences(data: Iterable[Mapping[str, Any]]) -> tuple[Difference, ...]:
    return tuple(
        Difference(**{**difference, "source": _site(difference["source"])}) for difference in data
    )


def _site(data: Mapping[str, Any] | None) -> Site | None:
    return None if data is None else Site(**data)
