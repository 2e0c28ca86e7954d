"""`create_vprim`: a primitive that batches itself, its derivatives included.

`jax.vmap` replaces `bind` of such a primitive by one of `batched`, which holds the primitive and
the axes; the rules of `batched` are those of the primitive under `jax.vmap`. Since it is made in
the same way, it batches itself once more.
"""

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import ShapedArray
from jax.interpreters import ad, batching, mlir

from eqxcore._jax_internals import Primitive

from ._finalise import primitive_finalisations

_Params = tuple[tuple[str, Any], ...]


@dataclasses.dataclass(frozen=True)
class _Rules:
    impl: Callable[..., Any]
    abstract_eval: Callable[..., Any]
    jvp: Callable[..., Any] | None
    transpose: Callable[..., Any] | None


@dataclasses.dataclass(frozen=True)
class _Batch:
    """One `jax.vmap`: the axis of each argument (`None`: the same for all) and what it is called.

    All results have the axis first.
    """

    axes: tuple[int | None, ...]
    size: int
    name: Hashable
    spmd_name: Any

    def vmap(self, fn: Callable[..., Any], in_axes: Any) -> Callable[..., Any]:
        return jax.vmap(
            fn,
            in_axes=in_axes,
            out_axes=0,
            axis_size=self.size,
            axis_name=self.name,
            spmd_axis_name=self.spmd_name,
        )


# A primitive's rules as they were given to `create_vprim`: what is set on it afterwards, for
# calls outside of `vmap` only, does not concern us.
_rules: dict[Primitive, _Rules] = {}


def create_vprim(
    name: str,
    impl: Callable[..., Any],
    abstract_eval: Callable[..., Any],
    jvp: Callable[..., Any] | None,
    transpose: Callable[..., Any] | None,
) -> Primitive:
    """A primitive, returning a list, with the given rules, and with `vmap`s of them under `vmap`.

    The rules are those of JAX: `impl(*arrays, **params)`, `abstract_eval(*avals, **params)`,
    `jvp(primals, tangents, **params)`, `transpose(cts, *inputs, **params)`; `None` for a derivative
    that there is not. They are lowered by tracing `impl`. Derivatives do not turn into those of
    `impl`, at any order, under any number of `vmap`s: in `jax.vmap(jax.grad(...))` and in
    `jax.grad(jax.vmap(...))` it is `jvp` and `transpose` that are called, on elements.
    """
    primitive = Primitive(name)
    _set_rules(primitive, _Rules(impl, abstract_eval, jvp, transpose))
    return primitive


def _set_rules(primitive: Primitive, rules: _Rules) -> None:
    _rules[primitive] = rules
    primitive.multiple_results = True
    primitive.def_impl(rules.impl)
    primitive.def_abstract_eval(rules.abstract_eval)
    if rules.jvp is not None:
        ad.primitive_jvps[primitive] = rules.jvp
    if rules.transpose is not None:
        ad.primitive_transposes[primitive] = rules.transpose
    mlir.register_lowering(primitive, mlir.lower_fun(rules.impl, multiple_results=True))

    def batch(
        axis_data: Any, args: Sequence[Any], axes: Sequence[int | None], **params: Any
    ) -> tuple[list[Any], list[int | None]]:
        if all(axis is None for axis in axes):
            unbatched = primitive.bind(*args, **params)
            return unbatched, [None] * len(unbatched)
        outs = batched_p.bind(
            *args,
            prim=primitive,
            params=tuple(params.items()),
            batch=_Batch(tuple(axes), axis_data.size, axis_data.name, axis_data.spmd_name),
        )
        return outs, [0] * len(outs)

    # This one is told the name of the axis, and not its length only.
    batching.fancy_primitive_batchers[primitive] = batch


def _impl(*args: Any, prim: Primitive, params: _Params, batch: _Batch) -> Any:
    return batch.vmap(lambda *args: _rules[prim].impl(*args, **dict(params)), batch.axes)(*args)


def _abstract_eval(
    *avals: ShapedArray, prim: Primitive, params: _Params, batch: _Batch
) -> list[ShapedArray]:
    outs = _rules[prim].abstract_eval(*map(_element, avals, batch.axes), **dict(params))
    return [_with_shape(out, (batch.size, *out.shape)) for out in outs]


def _element(aval: Any, axis: int | None) -> Any:
    if axis is None:
        return aval
    return _with_shape(aval, aval.shape[:axis] + aval.shape[axis + 1 :])


def _with_shape(aval: Any, shape: tuple[int, ...]) -> ShapedArray:
    return ShapedArray(shape, aval.dtype, weak_type=aval.weak_type)


def _jvp(
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    prim: Primitive,
    params: _Params,
    batch: _Batch,
) -> tuple[Any, list[Any]]:
    rule = _rules[prim].jvp
    if rule is None:
        raise NotImplementedError(_no_rule(prim, "forward-mode differentiation"))
    perturbed = [not isinstance(tangent, ad.Zero) for tangent in tangents]
    told: list[bool] = []

    def of_element(primals: Sequence[Any], given: Sequence[Any]) -> tuple[Any, list[Any]]:
        rest = iter(given)
        element_tangents = [
            next(rest) if is_perturbed else _zero_like(primal)
            for primal, is_perturbed in zip(primals, perturbed, strict=True)
        ]
        outs, out_tangents = rule(primals, element_tangents, **dict(params))
        told[:] = [not isinstance(tangent, ad.Zero) for tangent in out_tangents]
        return list(outs), [t for t, keep in zip(out_tangents, told, strict=True) if keep]

    tangent_axes = [a for a, p in zip(batch.axes, perturbed, strict=True) if p]
    outs, given = batch.vmap(of_element, (list(batch.axes), tangent_axes))(
        list(primals), [t for t, p in zip(tangents, perturbed, strict=True) if p]
    )
    rest = iter(given)
    return outs, [
        next(rest) if keep else _zero_like(out) for out, keep in zip(outs, told, strict=True)
    ]


def _zero_like(array: Any) -> ad.Zero:
    return ad.Zero(jax.typeof(array).to_tangent_aval())


def _transpose(
    cts: Sequence[Any], *inputs: Any, prim: Primitive, params: _Params, batch: _Batch
) -> list[Any]:
    rule = _rules[prim].transpose
    if rule is None:
        raise NotImplementedError(_no_rule(prim, "reverse-mode differentiation"))
    zeros = [isinstance(ct, ad.Zero) for ct in cts]
    undefined = [isinstance(x, ad.UndefinedPrimal) for x in inputs]
    told: list[bool] = []

    def of_element(given: Sequence[Any], defined: Sequence[Any]) -> list[Any]:
        given_cts, rest = iter(given), iter(defined)
        element_cts = [
            ad.Zero(_element(ct.aval, 0)) if is_zero else next(given_cts)
            for ct, is_zero in zip(cts, zeros, strict=True)
        ]
        element_inputs = [
            ad.UndefinedPrimal(_element(x.aval, axis)) if is_undefined else next(rest)
            for x, axis, is_undefined in zip(inputs, batch.axes, undefined, strict=True)
        ]
        outs = rule(element_cts, *element_inputs, **dict(params))
        told[:] = [out is not None and not isinstance(out, ad.Zero) for out in outs]
        return [out for out, keep in zip(outs, told, strict=True) if keep]

    defined_axes = [a for a, u in zip(batch.axes, undefined, strict=True) if not u]
    given = batch.vmap(of_element, (0, defined_axes))(
        [ct for ct, is_zero in zip(cts, zeros, strict=True) if not is_zero],
        [x for x, u in zip(inputs, undefined, strict=True) if not u],
    )
    rest = iter(given)
    return [
        _in_place(next(rest), axis) if keep else None
        for axis, keep in zip(batch.axes, told, strict=True)
    ]


def _in_place(ct: Any, axis: int | None) -> Any:
    # What was the same for all elements gets the cotangents of all.
    return jnp.sum(ct, axis=0) if axis is None else jnp.moveaxis(ct, 0, axis)


def _no_rule(prim: Primitive, what: str) -> str:
    return (
        f"The primitive `{prim.name}` has no rule for {what}: it was made with "
        "`create_vprim(...)` and `None` for it."
    )


batched_p: Primitive = Primitive("batched")
_set_rules(batched_p, _Rules(_impl, _abstract_eval, _jvp, _transpose))


def _finalise(*args: Any, prim: Primitive, params: _Params, batch: _Batch) -> Any:
    """Finalised as the primitive inside is, however many `vmap`s there are around it."""
    inner, inner_params = prim, dict(params)
    while inner is batched_p:
        inner, inner_params = inner_params["prim"], dict(inner_params["params"])
    if inner in primitive_finalisations:
        return _impl(*args, prim=prim, params=params, batch=batch)
    return batched_p.bind(*args, prim=prim, params=params, batch=batch)


primitive_finalisations[batched_p] = _finalise
