"""The vector-Jacobian product of a function of any pytrees."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeVar, overload

import jax
import jax.numpy as jnp
import jax.tree_util as jtu

from eqxcore._function_name import function_name
from eqxcore._module import Module, field
from eqxcore._predicates import is_array, is_array_like, is_inexact_array
from eqxcore._pytree import PyTree
from eqxcore._trees._mismatch import describe, mismatch_table

_Out = TypeVar("_Out")
_Aux = TypeVar("_Aux")


class _Gradients(NamedTuple):
    """Where the gradients that JAX returns belong."""

    treedef: Any
    places: tuple[int, ...]


class _Cotangents(NamedTuple):
    """What is expected of a cotangent."""

    treedef: Any
    types: tuple[jax.ShapeDtypeStruct, ...]


class _VJP(Module):
    """The function from cotangents to gradients. A pytree: it holds what was saved for it."""

    _pullback: Callable[..., Any]
    _gradients: _Gradients = field(static=True)
    _cotangents: _Cotangents = field(static=True)
    _name: str = field(static=True)

    def __call__(self, cotangents: PyTree, /) -> tuple[Any, ...]:
        """The gradients, one for each primal, for a cotangent of the structure of the output.

        Raises `ValueError` where structure, shape or dtype are not those of the output.
        """
        leaves, treedef = jtu.tree_flatten(cotangents)
        if treedef != self._cotangents.treedef:
            raise ValueError(self._other_structure(cotangents))
        for place, (leaf, expected) in enumerate(zip(leaves, self._cotangents.types, strict=True)):
            if (
                not is_array_like(leaf)
                or jnp.shape(leaf) != expected.shape
                or jax.dtypes.result_type(leaf) != expected.dtype
            ):
                path = jtu.tree_leaves_with_path(cotangents)[place][0]
                raise ValueError(
                    f"The cotangent{jtu.keystr(path)} given to the VJP of `{self._name}` is "
                    f"{describe(leaf)}; expected {describe(expected)}, the shape and dtype of "
                    "the output that it belongs to."
                )
        (grads,) = self._pullback(leaves)
        grad_leaves: list[Any] = [None] * self._gradients.treedef.num_leaves
        for place, grad in zip(self._gradients.places, grads, strict=True):
            grad_leaves[place] = grad
        return self._gradients.treedef.unflatten(grad_leaves)

    def _other_structure(self, cotangents: PyTree) -> str:
        expected = self._cotangents.treedef.unflatten(self._cotangents.types)
        return (
            f"The cotangents given to the VJP of `{self._name}` have another structure than its "
            "output, in which `None` stands for everything but floating-point arrays:\n"
            f"{mismatch_table(('expected', 'cotangents'), expected, cotangents)}\n"
            "Give each floating-point array of the output a cotangent, `jnp.zeros_like(...)` if "
            "need be, and everything else `None`."
        )


@overload
def filter_vjp(
    fun: Callable[..., _Out], *primals: Any, has_aux: Literal[False] = False
) -> tuple[_Out, Callable[..., tuple[Any, ...]]]: ...
@overload
def filter_vjp(
    fun: Callable[..., tuple[_Out, _Aux]], *primals: Any, has_aux: Literal[True]
) -> tuple[_Out, Callable[..., tuple[Any, ...]], _Aux]: ...
@overload
def filter_vjp(
    fun: Callable[..., Any], *primals: Any, has_aux: bool = False
) -> tuple[Any, ...]: ...
def filter_vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """`fun(*primals)`, and the function from a cotangent of it to those of the primals.

    Primals and output may be any pytrees. The cotangent has the structure of the output, and the
    result, a tuple, that of the primals: with an array at each floating-point (or complex) array
    and `None` at every other leaf, Python floats too. The function may be passed through
    transformations, and called more than once.

    `has_aux=True`: `fun` returns `(out, aux)`, and the result is `(out, vjp, aux)`; `aux` may be
    any object.

    Raises `TypeError` if `fun` does not return a pair with `has_aux=True`.
    """
    leaves, treedef = jtu.tree_flatten(primals)
    places = tuple(place for place, leaf in enumerate(leaves) if is_inexact_array(leaf))

    # What is no array is known only inside, and JAX carries nothing but arrays out.
    out_treedef: Any = None
    out_leaves: list[Any] = []
    inexact: list[int] = []
    rest: list[int] = []

    def of_arrays(arrays: list[Any]) -> tuple[list[Any], list[Any]]:
        nonlocal out_treedef, out_leaves, inexact, rest
        inner = leaves.copy()
        for place, array in zip(places, arrays, strict=True):
            inner[place] = array
        out = fun(*treedef.unflatten(inner))
        if not has_aux:
            out = out, None
        elif not (isinstance(out, tuple) and len(out) == 2):
            raise TypeError(
                f"`{function_name(fun)}` returned {describe(out)}; with `has_aux=True` it is "
                "expected to return a pair, `(out, aux)`. Return one, or leave `has_aux` out."
            )
        out_leaves, out_treedef = jtu.tree_flatten(out)
        count = len(jtu.tree_leaves(out[0]))
        inexact = [place for place in range(count) if is_inexact_array(out_leaves[place])]
        rest = [
            place
            for place, leaf in enumerate(out_leaves)
            if is_array(leaf) and not (place < count and is_inexact_array(leaf))
        ]
        return [out_leaves[place] for place in inexact], [out_leaves[place] for place in rest]

    of_arrays.__name__ = of_arrays.__qualname__ = function_name(fun)
    values, pullback, others = jax.vjp(of_arrays, [leaves[place] for place in places], has_aux=True)
    wanted: list[Any] = [None] * len(out_leaves)
    for place, value in zip(inexact, values, strict=True):
        out_leaves[place] = value
        wanted[place] = value
    for place, value in zip(rest, others, strict=True):
        out_leaves[place] = value
    out, aux = out_treedef.unflatten(out_leaves)
    differentiable, _ = out_treedef.unflatten(wanted)
    types = tuple(
        jax.ShapeDtypeStruct(jnp.shape(value), jax.dtypes.result_type(value)) for value in values
    )
    vjp = _VJP(
        pullback,
        _Gradients(treedef, places),
        _Cotangents(jtu.tree_structure(differentiable), types),
        function_name(fun),
    )
    return (out, vjp, aux) if has_aux else (out, vjp)
