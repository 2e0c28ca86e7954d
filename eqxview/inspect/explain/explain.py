"""`eqxview.explain`: what an error is about, or what was compiled for a function."""

import sys
from collections.abc import Callable
from typing import Any

from eqxview.errors import UsageError
from eqxview.inspect.explain.compile_story import CompileStory, compile_story
from eqxview.inspect.explain.explanation import Explanation
from eqxview.inspect.explain.refusals import recognised
from eqxview.inspect.explain.scene import scenes_of
from eqxview.inspect.explain.steps import Step, forget


def explain(
    thing: BaseException | Callable[..., Any] | None = None, *, watch: Any = None
) -> Explanation | CompileStory:
    """What an error of JAX, Equinox or eqxcore is about; or why a function compiled again.

    `thing` is an exception; or a jitted function, then of the running watch (or of `watch`, a
    `Watch` or its `Log`) what concerns it; or nothing: the error that is being handled, or the
    last one that Python printed a traceback of. No code of yours is run, and the report keeps no
    array and no frame alive.

    Raises `UsageError` where there was no error, and for what is neither.

    >>> import jax
    >>> try:
    ...     jax.tree.map(lambda a, b: a, {"w": 1}, {"w": 1, "b": 2})
    ... except ValueError as error:
    ...     report = explain(error)
    >>> report.kind
    'tree-structure'
    """
    if thing is None:
        thing = _last_error()
    if isinstance(thing, BaseException):
        return explain_error(thing)
    if callable(thing):
        return compile_story(thing, watch)
    raise UsageError(
        f"an error or a jitted function can be explained, not an object of {type(thing).__name__}",
        hint="for a pytree: eqxview.show(x), for two of them: eqxview.diff(a, b)",
    )


def explain_error(error: BaseException) -> Explanation:
    """What `error` is about; with what it says and where, if we do not know it."""
    looked_at: list[Step] = []
    try:
        return _explained(error, looked_at)
    finally:
        forget(looked_at)


def _explained(error: BaseException, looked_at: list[Step]) -> Explanation:
    first: Explanation | None = None
    for scene in scenes_of(error):
        looked_at += scene.steps
        found = recognised(scene)
        if found is not None:
            return found
        first = first or scene.unexplained()
    assert first is not None, "an error is its own first scene"
    return first


def _last_error() -> BaseException:
    error = sys.exc_info()[1]
    if error is None:
        # Python 3.12 keeps the error itself under the first name.
        error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    if error is None:
        raise UsageError(
            "there was no error yet",
            hint="eqxview.explain(error) inside of `except ... as error:`",
        )
    return error
