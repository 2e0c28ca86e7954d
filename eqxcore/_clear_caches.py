"""`clear_caches`: forgets everything that was compiled."""

import jax

from ._jit import clear_jit_caches, clear_traces
from .internal._cached_eval_shape import clear_eval_shapes
from .internal._noinline import clear_programs


def clear_caches() -> None:
    """Forgets all that was traced and compiled, by `filter_jit` and by JAX.

    Every function compiles again when it is called next.
    """
    clear_jit_caches()
    clear_traces()
    clear_eval_shapes()
    clear_programs()
    jax.clear_caches()
