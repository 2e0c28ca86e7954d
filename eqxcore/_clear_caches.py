"""`clear_caches`: forgets everything that was compiled."""

import jax

from ._jit import clear_traces


def clear_caches() -> None:
    """Forgets all that was traced and compiled, by `filter_jit` and by JAX.

    Every function compiles again when it is called next.
    """
    clear_traces()
    jax.clear_caches()
