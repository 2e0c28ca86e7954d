"""Primitives whose arguments and results are any pytrees.

JAX's primitives take and return flat lists of arrays. `filter_primitive_bind` flattens, and the
other functions here wrap a rule so that it sees pytrees again:

    p = jax.extend.core.Primitive("scale")
    p.multiple_results = True

    @p.def_impl
    @filter_primitive_def
    def _(model, x, how):
        ...

    filter_primitive_bind(p, model, x, "how")

Everything that is no array is held in a parameter of the primitive, `call`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.tree_util as jtu
import numpy as np
from jax.core import AbstractValue
from jax.interpreters import ad

from eqxcore._jax_internals import Primitive
from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree


class _Hole:
    """Stands where an array was taken out."""

    def __repr__(self) -> str:
        return "*"


_HOLE = _Hole()

_Rule = Callable[..., Any]


class _Structure:
    """A pytree without its arrays."""

    __slots__ = ("statics", "treedef")

    def __init__(self, treedef: Any, statics: list[Any]) -> None:
        self.treedef = treedef
        self.statics = statics

    @staticmethod
    def split(pytree: PyTree) -> tuple[list[Any], "_Structure"]:
        """The arrays of a pytree (or what is abstractly one), and the rest of it."""
        leaves, treedef = jtu.tree_flatten(pytree)
        arrays = [leaf for leaf in leaves if _is_dynamic(leaf)]
        statics = [_HOLE if _is_dynamic(leaf) else leaf for leaf in leaves]
        return arrays, _Structure(treedef, statics)

    def join(self, arrays: Sequence[Any]) -> PyTree:
        """The pytree, with these in place of its arrays."""
        rest = iter(arrays)
        return self.treedef.unflatten(
            [next(rest) if static is _HOLE else static for static in self.statics]
        )

    def beside(self, arrays: Sequence[Any]) -> PyTree:
        """A pytree of this structure with these in place of arrays, `None` of everything else."""
        rest = iter(arrays)
        return self.treedef.unflatten(
            [next(rest) if static is _HOLE else None for static in self.statics]
        )

    def take_beside(self, pytree: PyTree, what: str) -> list[Any]:
        """What `beside` was given. Raises `ValueError` if `pytree` does not fit."""
        try:
            leaves = self.treedef.flatten_up_to(pytree)
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"The {what} that this rule returned do not have the structure of what they "
                f"belong to.\n  expected: {self.treedef}\n"
                f"  found:    {jtu.tree_structure(pytree, is_leaf=_is_none)}\n"
                "Return one of them for each array, and `None` for everything else."
            ) from error
        for static, leaf in zip(self.statics, leaves, strict=True):
            if static is not _HOLE and leaf is not None:
                raise ValueError(
                    f"Among the {what} that this rule returned is {leaf!r}, which belongs to "
                    f"{static!r}. That is no array, so that `None` is expected."
                )
        return [leaf for static, leaf in zip(self.statics, leaves, strict=True) if static is _HOLE]

    def __repr__(self) -> str:
        return repr(self.treedef.unflatten(self.statics))


def _is_none(node: Any) -> bool:
    return node is None


def _is_dynamic(leaf: Any) -> bool:
    return is_array(leaf) or isinstance(leaf, AbstractValue)


class _Call:
    """How arguments and result of one call of a primitive are pytrees.

    The structure of the result is known once any rule has run: abstract evaluation while tracing,
    the implementation otherwise. Two calls are never equal, although their arguments may be: no
    cache of JAX's can then answer a call without running a rule. It also means that what is static
    in them need not hash.
    """

    __slots__ = ("arguments", "result")

    def __init__(self, arguments: _Structure) -> None:
        self.arguments = arguments
        self.result: _Structure | None = None

    def take_result(self, result: PyTree) -> list[Any]:
        """The arrays in what a rule returned; its structure is kept."""
        arrays, structure = _Structure.split(result)
        known = self.result
        if known is not None and (
            known.treedef != structure.treedef or known.statics.count(_HOLE) != len(arrays)
        ):
            raise ValueError(
                "Two rules of a primitive returned different structures for the same call.\n"
                f"  first: {known}\n  then:  {structure}\n"
                "Expected the same, with arrays at the same places: abstract evaluation, the "
                "implementation and all other rules must agree."
            )
        self.result = structure
        return arrays

    def known_result(self) -> _Structure:
        assert self.result is not None, "no rule has run"
        return self.result

    def __repr__(self) -> str:
        return repr(self.arguments)


def filter_primitive_bind(prim: Primitive, *args: PyTree) -> PyTree:
    """Calls a primitive, whose rules were wrapped with the functions below, on any pytrees.

    Raises `TypeError` unless `prim.multiple_results` is true.
    """
    if not prim.multiple_results:
        raise TypeError(
            f"`filter_primitive_bind` got the primitive `{prim.name}`, which returns one array. "
            "Expected one that returns a list: set `prim.multiple_results = True` where it is "
            "made, before its rules."
        )
    arrays, structure = _Structure.split(args)
    call = _Call(structure)
    arrays = prim.bind(*arrays, call=call)
    return call.known_result().join(arrays)


def filter_primitive_def(rule: _Rule) -> _Rule:
    """Wraps an implementation or an abstract evaluation: any pytrees in, any pytree out.

    For `Primitive.def_impl`, `Primitive.def_abstract_eval` and `mlir.lower_fun`. In abstract
    evaluation, arrays are `jax.core.ShapedArray`s, in the result as well.
    """

    def flat_rule(*arrays: Any, call: _Call) -> list[Any]:
        return call.take_result(rule(*call.arguments.join(arrays)))

    return flat_rule


def filter_primitive_jvp(rule: _Rule) -> _Rule:
    """Wraps a rule for forward-mode differentiation: `rule(primals, tangents)`.

    `tangents` are a pytree like `primals`, with `None` for everything that has no tangent:
    what is no array, or does not depend on what is differentiated. The rule returns the result
    and its tangents, in the same form. For `jax.interpreters.ad.primitive_jvps`.
    """

    def flat_rule(primals: Any, tangents: Any, *, call: _Call) -> tuple[list[Any], list[Any]]:
        given = [None if _is_zero(tangent) else tangent for tangent in tangents]
        result, result_tangents = rule(call.arguments.join(primals), call.arguments.beside(given))
        arrays = call.take_result(result)
        found = call.known_result().take_beside(result_tangents, "tangents")
        return arrays, [
            _zero_like(array) if tangent is None else tangent
            for array, tangent in zip(arrays, found, strict=True)
        ]

    return flat_rule


def _is_zero(tangent: Any) -> bool:
    return isinstance(tangent, ad.Zero) or (
        isinstance(tangent, np.ndarray) and tangent.dtype == jax.dtypes.float0
    )


def _zero_like(array: Any) -> ad.Zero:
    return ad.Zero(jax.typeof(array).to_tangent_aval())


def filter_primitive_transpose(
    rule: _Rule | None = None, *, materialise_zeros: bool = False
) -> Any:
    """Wraps a rule for transposition: `rule(inputs, cts_out)`.

    `inputs` are the arguments, with a `jax.interpreters.ad.UndefinedPrimal` for each array that
    the primitive is linear in. `cts_out` is a pytree like the result, with `None` for everything
    that has no cotangent; with `materialise_zeros=True`, only for what is no array. The rule
    returns a pytree like `inputs`, of cotangents of what was undefined, and otherwise of `None`.
    For `jax.interpreters.ad.primitive_transposes`. Without `rule`, a decorator.
    """
    if rule is None:
        return lambda rule: filter_primitive_transpose(rule, materialise_zeros=materialise_zeros)

    def flat_rule(cts_out: Any, *inputs: Any, call: _Call) -> list[Any]:
        if materialise_zeros:
            cts = [ad.instantiate_zeros(ct) for ct in cts_out]
        else:
            cts = [None if _is_zero(ct) else ct for ct in cts_out]
        found = rule(call.arguments.join(inputs), call.known_result().beside(cts))
        return call.arguments.take_beside(found, "cotangents")

    return flat_rule


def filter_primitive_batching(rule: _Rule) -> _Rule:
    """Wraps a rule for `vmap`: `rule(inputs, batch_axes)`.

    `batch_axes` is a pytree like `inputs`: the axis that is mapped, or `None` for none, and for
    everything that is no array. The rule returns the result and its axes, in the same form.
    For `jax.interpreters.batching.primitive_batchers`.
    """

    def flat_rule(inputs: Any, batch_axes: Any, *, call: _Call) -> tuple[list[Any], list[Any]]:
        result, result_axes = rule(
            call.arguments.join(inputs), call.arguments.beside(list(batch_axes))
        )
        arrays = call.take_result(result)
        return arrays, call.known_result().take_beside(result_axes, "batch axes")

    return flat_rule
