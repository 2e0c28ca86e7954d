"""What was compiled for one function, and why: its part of a watch."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from eqxview.document import Document, Note, Part
from eqxview.errors import UsageError
from eqxview.inspect.jit_cache import JitCache, jit_cache
from eqxview.watching.function_mark import function_mark, name_of
from eqxview.watching.log import Compile, Log
from eqxview.watching.site import Site

_START = "watch = eqxview.watch().start(), call it, then eqxview.explain({name})"


@dataclass(frozen=True, slots=True)
class CompileStory:
    """What a watch knows of one jitted function."""

    name: str
    source: Site | None
    """Where it is written."""
    cache: JitCache | None
    """The part of the watch that is about it; `None` where nothing was watched."""

    @property
    def compiles(self) -> tuple[Compile, ...]:
        """The times that it was compiled, in order."""
        return () if self.cache is None else self.cache.log.compiles

    def document(self) -> Document:
        """How often it was compiled, and why again; or how to find out."""
        title = f"What was compiled for {self.name}"
        if self.cache is None:
            note = Note(
                f"nobody watched: what was compiled for {self.name} is not known",
                "warning",
                _START.format(name=self.name if self.name.isidentifier() else "f"),
            )
            return Document(title, (note,))
        if not self.compiles:
            text = f"{self.name} was not compiled while the watch was on"
            hint = "it may have been compiled before: start the watch first"
            return Document(title, (Note(text, hint=hint),))
        parts: list[Part] = [
            part
            for part in self.cache.document().parts
            # Of one function, there are no others to compare with.
            if getattr(part, "title", "") not in _OF_OTHERS
        ]
        return Document(title, tuple(parts))


_OF_OTHERS = (
    "Operations outside of jitted functions",
    "Compiled ahead of time, or for gradients",
)


def compile_story(function: Callable[..., Any], watch: Any = None) -> CompileStory:
    """What `watch` (a watch, a log; else the latest watch) says of `function`."""
    mark = function_mark(getattr(function, "__wrapped__", function))
    name = name_of(function)
    log = _log(watch)
    if log is None:
        return CompileStory(name, mark.source, None)
    own = tuple(c for c in log.compiles if _is_of(c, name, mark.source))
    stale = tuple(s for s in log.stale if s.name == name)
    return CompileStory(
        name, mark.source, jit_cache(replace(log, compiles=own, stale=stale, failures=()))
    )


def _is_of(compile: Compile, name: str, source: Site | None) -> bool:
    if compile.kind != "function":
        return False
    if source is None or compile.source is None:
        return compile.name == name
    here, there = source, compile.source
    return (here.file, here.line) == (there.file, there.line)


def _log(watch: Any) -> Log | None:
    if isinstance(watch, Log):
        return watch
    if watch is not None:
        log = getattr(watch, "log", None)
        if not isinstance(log, Log):
            raise UsageError(
                f"a watch or its log is needed, not an object of {type(watch).__name__}",
                hint="eqxview.explain(step, watch=watch)",
            )
        return log
    # Only there once something was watched.
    switch = sys.modules.get("eqxview.watching.switch")
    latest = None if switch is None else switch.latest_watch()
    return None if latest is None else latest.log
