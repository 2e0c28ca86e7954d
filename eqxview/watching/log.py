"""What was compiled, as data: plain, frozen, and the same after a trip through JSON."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from eqxview.errors import UnreadableFile
from eqxview.watching.changed import Difference as Difference
from eqxview.watching.constant import Constant
from eqxview.watching.reasons import reasons
from eqxview.watching.site import Site

FORMAT = "eqxview compile log"
VERSION = 1

Kind = Literal["function", "operation", "other"]


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
    constants: tuple[Constant, ...] = ()
    """Arrays that the program holds, because the function does not take them as arguments.
    Small ones are left out."""

    @property
    def is_miss(self) -> bool:
        """Whether earlier programs of this function were there, and did not serve."""
        return bool(self.differences)

    @property
    def is_of_user(self) -> bool:
        """Whether a function of the user's was compiled: a jitted one, or one that was made anew
        for an operation that takes functions, as `jax.lax.scan` does."""
        return self.kind == "function" or any(
            difference.path.startswith("<function>") for difference in self.differences
        )

    def __str__(self) -> str:
        where = f", {self.site}" if self.site else ""
        if not self.is_miss:
            return f"{self.name} compiled ({self.seconds.total:.2f} s{where})"
        told = reasons([self.differences])
        text = "; ".join(map(str, told[:3]))
        if len(told) > 3:
            text += f"; and {len(told) - 3} more"
        fix = next((reason.fix for reason in told), "")
        return f"{self.name} compiled again ({self.seconds.total:.2f} s{where}): {text}." + (
            f"  fix: {fix}" if fix else ""
        )


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
        why = "; ".join(map(str, reasons([self.differences])))
        return f"{self.name}{where} may have given a stale answer: {why}"


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
        """The compilations of functions that had been compiled before.

        Not those of JAX's own operations, which are compiled again for other types or options.
        """
        return tuple(c for c in self.compiles if c.is_miss and c.is_of_user)

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
            **_known(Compile, data),
            "seconds": Seconds(**_known(Seconds, data["seconds"])),
            "site": _site(data["site"]),
            "source": _site(data["source"]),
            "differences": _differences(data["differences"]),
            "constants": tuple(
                Constant(**_known(Constant, each)) for each in data.get("constants", ())
            ),
        }
    )


def _stale(data: Mapping[str, Any]) -> Stale:
    return Stale(
        **{
            **_known(Stale, data),
            "site": _site(data["site"]),
            "differences": _differences(data["differences"]),
        }
    )


def _known(cls: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a later eqxview may add: a log of it can still be read."""
    return {name: data[name] for name in cls.__dataclass_fields__ if name in data}


def _differences(data: Iterable[Mapping[str, Any]]) -> tuple[Difference, ...]:
    return tuple(
        Difference(**{**_known(Difference, found), "source": _site(found["source"])})
        for found in data
    )


def _site(data: Mapping[str, Any] | None) -> Site | None:
    return None if data is None else Site(**_known(Site, data))
