"""Finalisation: programs without the primitives that only transformations need.

A primitive such as `unvmap_any` is there to behave in its own way under `vmap` or `grad`. Once all
of that has happened, it can be replaced by what it does. What is left is a jaxpr of JAX's own
primitives, which can be exported, or counted, or read.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.tree_util as jtu
from jax.extend.core.primitives import custom_jvp_call_p, stop_gradient_p

from eqxcore._jax_internals import ClosedJaxpr, Jaxpr, Literal, Primitive
from eqxcore._predicates import is_array
from eqxcore._unvmap import unvmap_all_p, unvmap_any_p, unvmap_max_p
from eqxcore.debug._announce_transform import announce_jaxpr_p

primitive_finalisations: dict[Primitive, Callable[..., Any]] = {}
"""What is evaluated in place of `primitive.bind(*arrays, **params)`. May be added to."""


def register_impl_finalisation(prim: Primitive) -> None:
    """Has `prim` replaced, in finalisation, by its implementation, as it is then."""

    def finalise(*args: Any, **params: Any) -> Any:
        # Looked up late: `def_impl` may be called again.
        return prim.impl(*args, **params)

    primitive_finalisations[prim] = finalise


def _finalise_custom_jvp_call(*args: Any, call_jaxpr: ClosedJaxpr, **params: Any) -> list[Any]:
    return finalise_eval_jaxpr(call_jaxpr.jaxpr, call_jaxpr.consts, *args)


primitive_finalisations[custom_jvp_call_p] = _finalise_custom_jvp_call
primitive_finalisations[stop_gradient_p] = lambda x, **params: x
for _primitive in (announce_jaxpr_p, unvmap_all_p, unvmap_any_p, unvmap_max_p):
    register_impl_finalisation(_primitive)


def finalise_eval_jaxpr(jaxpr: Jaxpr, consts: Sequence[Any], *args: Any) -> list[Any]:
    """What `jax.core.eval_jaxpr` returns, finalised: see `primitive_finalisations`."""
    values: dict[Any, Any] = {}

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else values[atom]

    values.update(zip(jaxpr.constvars, consts, strict=True))
    values.update(zip(jaxpr.invars, args, strict=True))
    for eqn in jaxpr.eqns:
        inputs = map(read, eqn.invars)
        context = getattr(eqn, "ctx", None)
        with contextlib.nullcontext() if context is None else context.manager:
            finalise = primitive_finalisations.get(eqn.primitive)
            if finalise is None:
                outs = _bind_finalised(eqn.primitive, inputs, eqn.params)
            else:
                outs = finalise(*inputs, **eqn.params)
        if not eqn.primitive.multiple_results:
            outs = [outs]
        values.update(zip(eqn.outvars, outs, strict=True))
    return list(map(read, jaxpr.outvars))


def _bind_finalised(primitive: Primitive, inputs: Any, params: dict[str, Any]) -> Any:
    finalised = {name: _finalise_param(primitive, param) for name, param in params.items()}
    # Turns jaxprs that are called into functions. Those are among the parameters in JAX 0.10, and
    # were returned beside them earlier.
    found: Any = primitive.get_bind_params(finalised)
    functions, bind_params = ((), found) if isinstance(found, dict) else found
    return primitive.bind(*functions, *inputs, **bind_params)


def _finalise_param(primitive: Primitive, param: Any) -> Any:
    if isinstance(param, ClosedJaxpr):
        return finalise_jaxpr(param)
    if isinstance(param, Jaxpr):
        closed = finalise_jaxpr(ClosedJaxpr(param, ()))
        if closed.consts:
            raise NotImplementedError(
                f"Finalising the inside of the primitive `{primitive.name}` gave a program that "
                f"holds {len(closed.consts)} constant arrays, which it has no place for. Make them "
                "inside of the finalised implementation, as in `jnp.zeros(3)`."
            )
        return closed.jaxpr
    # `lax.cond` has a tuple of branches.
    if type(param) in (tuple, list):
        return type(param)(_finalise_param(primitive, part) for part in param)
    return param


def finalise_jaxpr_as_fn(jaxpr: ClosedJaxpr) -> Callable[..., list[Any]]:
    """A function of a jaxpr's inputs that evaluates it finalised."""

    def finalised(*args: Any) -> list[Any]:
        return finalise_eval_jaxpr(jaxpr.jaxpr, jaxpr.consts, *args)

    return finalised


def finalise_jaxpr(jaxpr: ClosedJaxpr) -> ClosedJaxpr:
    """The jaxpr, finalised."""
    structs = [_struct(aval) for aval in jaxpr.in_avals]
    return jax.make_jaxpr(finalise_jaxpr_as_fn(jaxpr))(*structs)


def _struct(aval: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=aval.weak_type)


def finalise_fn(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function, evaluated finalised. Arguments and result may be any pytrees."""

    def finalised(*args: Any, **kwargs: Any) -> Any:
        leaves, treedef = jtu.tree_flatten((args, kwargs))
        places = [place for place, leaf in enumerate(leaves) if is_array(leaf)]
        out_leaves: list[Any] = []
        out_places: list[int] = []
        out_treedef: Any = None

        def of_arrays(arrays: list[Any]) -> list[Any]:
            nonlocal out_leaves, out_places, out_treedef
            inner = leaves.copy()
            for place, array in zip(places, arrays, strict=True):
                inner[place] = array
            args, kwargs = treedef.unflatten(inner)
            out_leaves, out_treedef = jtu.tree_flatten(fn(*args, **kwargs))
            out_places = [place for place, leaf in enumerate(out_leaves) if is_array(leaf)]
            arrays = [out_leaves[place] for place in out_places]
            for place in out_places:
                out_leaves[place] = None  # a tracer, which must not outlive the trace
            return arrays

        arrays = [leaves[place] for place in places]
        jaxpr = jax.make_jaxpr(of_arrays)(arrays)
        outs = finalise_eval_jaxpr(jaxpr.jaxpr, jaxpr.consts, *arrays)
        for place, out in zip(out_places, outs, strict=True):
            out_leaves[place] = out
        return out_treedef.unflatten(out_leaves)

    return finalised


def finalise_make_jaxpr(fn: Callable[..., Any], *, return_shape: bool = False) -> Any:
    """As `jax.make_jaxpr`, of the finalised function."""
    return jax.make_jaxpr(finalise_fn(fn), return_shape=return_shape)
