"""An error with everything that was on its way, while it is looked at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Any

from eqxview.document import Part
from eqxview.inspect.explain.explanation import Explanation, Finding
from eqxview.inspect.explain.seen_call import SeenCall, complete, seen_call
from eqxview.inspect.explain.steps import Step, steps_of
from eqxview.tree.sanitise import sanitise
from eqxview.watching.site import Site

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_MAX_CAUSES = 8
_MAX_LINE = 200


@dataclass(frozen=True)
class Scene:
    """An error and the frames on its way. Refers to them: not to be kept."""

    error: BaseException
    text: str
    """All that it says."""
    steps: list[Step]
    """Outermost first."""

    @cached_property
    def users(self) -> list[Step]:
        """The steps in the user's code."""
        return [step for step in self.steps if not step.owner]

    @cached_property
    def calls(self) -> list[tuple[Step, SeenCall]]:
        """The calls that could be read, innermost first."""
        pairs = zip(self.steps, (*self.steps[1:], None), strict=False)
        calls = [(step, _call(step, inner)) for step, inner in pairs]
        return [(step, call) for step, call in reversed(calls) if call is not None]

    @cached_property
    def user_call(self) -> SeenCall | None:
        """The call that the innermost line of the user's was at."""
        users = self.users[-1:]
        return next((call for step, call in self.calls if users and step is users[0]), None)

    @property
    def library(self) -> str:
        """What the user calls the library with `filter_jit`: `eqx`, `eqxcore`, `equinox`."""
        for step in reversed(self.users):
            names = [
                name
                for name, value in (*step.frame.f_locals.items(), *step.frame.f_globals.items())
                if isinstance(value, ModuleType) and value.__name__ in ("equinox", "eqxcore")
            ]
            if names:
                # Of both libraries, the one that the line is about; or the one used for short.
                in_line = [name for name in names if re.search(rf"\b{name}\.", step.code)]
                return next(iter(in_line), "eqx" if "eqx" in names else names[0])
        return "eqx"

    def explained(
        self,
        kind: str,
        summary: str,
        fix: str,
        *,
        findings: "tuple[Finding, ...] | list[Finding]" = (),
        sides: tuple[str, str] = ("", ""),
        notes: tuple[str, ...] = (),
        details: tuple[Part, ...] = (),
    ) -> Explanation:
        """The explanation of this error, with what it said and where."""
        return replace(
            self.unexplained(),
            kind=kind,
            summary=summary,
            fix=fix,
            findings=tuple(findings),
            sides=sides,
            notes=notes,
            details=details,
        )

    def unexplained(self) -> Explanation:
        """What the error said, and where."""
        sites = [step.site for step in self.users]
        return Explanation(
            type(self.error).__name__,
            _first_line(self.text),
            site=sites[-1] if sites else None,
            code=sanitise(self.users[-1].code, limit=_MAX_LINE) if sites else "",
            came_from=_once(sites[:-1]),
        )


def _call(step: Step, inner: Step | None) -> SeenCall | None:
    call = seen_call(step)
    if call is not None and inner is not None and inner.owner in ("equinox", "eqxcore"):
        complete(call, inner)
    return call


def scenes_of(error: BaseException) -> Iterator[Scene]:
    """The scenes of an error: itself, then what it was raised from."""
    seen: set[int] = set()
    steps: list[Step] = []
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < _MAX_CAUSES:
        seen.add(id(current))
        # The frames of a cause begin where it was caught: those before are of the error.
        own = steps_of(current)
        known = {id(step.frame) for step in own}
        outer = [step for step in steps if id(step.frame) not in known]
        whole = own if current is error else [*_before(outer, own), *own]
        steps = steps or own
        yield Scene(current, _text(current), whole)
        cause = current.__cause__
        if cause is None and not current.__suppress_context__:
            cause = current.__context__
        current = cause


def _before(outer: list[Step], own: list[Step]) -> list[Step]:
    """Those of `outer` that called what `own` begins with."""
    if not own:
        return outer
    callers: set[int] = set()
    frame: Any = own[0].frame
    while frame is not None:
        callers.add(id(frame))
        frame = frame.f_back
    return [step for step in outer if id(step.frame) in callers] or outer


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:  # noqa: BLE001  said in the place of what the error would say
        return f"<an error whose text raised {type(broken).__name__}>"


def _first_line(text: str) -> str:
    line = next((line for line in text.splitlines() if line.strip()), "")
    # An address says nothing, and is another one each time.
    return sanitise(_ADDRESS.sub("", line.strip()), limit=_MAX_LINE)


def _once(sites: list[Site]) -> tuple[Site, ...]:
    return tuple(dict.fromkeys(sites))
