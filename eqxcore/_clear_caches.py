"""`clear_caches`: forgets everything that was compiled."""

import sys

import jax

from ._jit import clear_jit_caches, clear_traces

# Of modules that are loaded when they are first asked for: what was not loaded has no cache.
_LOADED_LATER = (
    ("eqxcore.internal._cached_eval_shape", "clear_eval_shapes"),
    ("eqxcore.internal._noinline", "clear_programs"),
)


def clear_caches() -> None:
    """Forgets all that was traced and compiled, by `filter_jit` and by JAX.

    Every function compiles again when it is called next.
    """
    clear_jit_caches()
    clear_traces()
    for module, clear in _LOADED_LATER:
        if module in sys.modules:
            getattr(sys.modules[module], clear)()
    jax.clear_caches()
