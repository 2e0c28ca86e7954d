"""`nontraceable`: an identity that no transformation gets past."""

from typing import Any, NoReturn

import jax.tree_util as jtu
from jax.interpreters import ad, batching

from eqxcore._jax_internals import Primitive
from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree

from ._identity_primitive import identity_primitive

nontraceable_p: Primitive = identity_primitive("nontraceable")


def _refuse(what: str) -> Any:
    def rule(*args: Any, name: str) -> NoReturn:
        raise RuntimeError(f"Detected {what} of {name}")

    return rule


ad.primitive_jvps[nontraceable_p] = _refuse("differentiation")
ad.primitive_transposes[nontraceable_p] = _refuse("transposition")
batching.primitive_batchers[nontraceable_p] = _refuse("batching")


def nontraceable(x: PyTree, *, name: str = "nontraceable operation") -> PyTree:
    """`x`; raises `RuntimeError` naming `name` when differentiated, transposed or batched.

    At the end of the implementation of a primitive that calls a function, it shows that this
    function closes over nothing that is being transformed: that would be missed silently.
    `jax.jit` is allowed.
    """
    return jtu.tree_map(
        lambda leaf: nontraceable_p.bind(leaf, name=name) if is_array(leaf) else leaf, x
    )
