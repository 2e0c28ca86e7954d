"""Tells which values depend on what is being differentiated, from inside a `jax.jvp`."""

from typing import Any

import jax
from jax.custom_derivatives import SymbolicZero


def depend_on(values: list[Any], differentiated: Any) -> list[bool]:
    """Whether each of `values` has a tangent in the innermost `jax.jvp` that is being traced.

    `differentiated` is an argument that this `jax.jvp` handed to its function. What depends on
    outer levels of differentiation only does not count.
    """
    seen: list[list[bool]] = []

    # JAX tells nobody but the rule of a `custom_jvp` which tangents are symbolically zero. It
    # asks the innermost level first, and `differentiated` makes sure that this level is asked.
    # The rule has no outputs, and so leaves nothing in the program.
    @jax.custom_jvp
    def look(values: list[Any], differentiated: Any) -> tuple[()]:
        return ()

    def rule(primals: Any, tangents: Any) -> tuple[tuple[()], tuple[()]]:
        seen.append([not isinstance(tangent, SymbolicZero) for tangent in tangents[0]])
        return (), ()

    look.defjvp(rule, symbolic_zeros=True)
    look(values, differentiated)
    return seen[0]
