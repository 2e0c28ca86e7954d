"""A jitted function that tells its recorder of its calls: for when the stack cannot be read."""

import functools
import sys
from collections.abc import Callable
from typing import Any

from eqxview.watching.call import Call, filtered_call, jitted_call
from eqxview.watching.frames import stack_site
from eqxview.watching.function_mark import name_of
from eqxview.watching.listener import Recorder, listener
from eqxview.watching.log import Seconds
from eqxview.watching.site import Site


def wrapped(function: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    """`function`, looking after each call whether JAX compiled during it.

    A call that found its program costs a comparison more than without.
    """
    inner = getattr(function, "__wrapped__", function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        heard: dict[str, float] = {}
        outer = listener.collect_in(heard)
        try:
            return function(*args, **kwargs)
        finally:
            listener.collect_in(outer)
            if "compile" in heard:
                site = stack_site(sys._getframe(1))
                try:
                    made = _call(function, inner, args, kwargs, site)
                except Exception as error:  # noqa: BLE001  looking must not break the call
                    recorder.failed(error)
                else:
                    recorder.compiled(name_of(inner), made, site, Seconds(**heard), from_disk=False)

    return call


def _call(
    function: Any, inner: Any, args: tuple[Any, ...], kwargs: dict[str, Any], site: Site | None
) -> Call:
    if type(function).__module__.partition(".")[0] in ("equinox", "eqxcore"):
        return filtered_call(inner, args, kwargs, site)
    # Private to JAX, too: without it, static arguments that could be arrays are taken for arrays.
    return jitted_call(inner, getattr(function, "_jit_info", None), args, kwargs, site)
