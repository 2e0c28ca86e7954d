"""`eqxview.watch()`: a watch over JAX's caches that shows what it saw."""

from collections.abc import Callable
from typing import Any

from eqxview.inspect.jit_cache import jit_cache
from eqxview.notebook.display import Display, display_of
from eqxview.watching.log import Compile
from eqxview.watching.switch import Watch as PlainWatch


class Watch(PlainWatch):
    """A watch that a notebook shows as a table: functions, compilations, and why.

    with eqxview.watch() as watch:
        train(model)
    watch                                # as the last line of the cell
    """

    def shown(self) -> Display:
        """What was compiled so far, as it is shown; it can be saved: `shown().save("jit.html")`."""
        return display_of(jit_cache(self.log), view="cache")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_(include, exclude)


def watch(*, on_compile: Callable[[Compile], None] | None = None) -> Watch:
    """A watch over `jax.jit`, `eqxcore.filter_jit` and `equinox.filter_jit`, all at once.

    Use it around the code in question, as a decorator, or by `start()` and `stop()`:

        with eqxview.watch() as watch:
            train(model)
        print(watch.log.misses[0])

    Calls that find their program cost nothing more than without. `on_compile` is called after
    each compilation, in the thread that compiled, with its `Compile`.
    """
    return Watch(on_compile)
