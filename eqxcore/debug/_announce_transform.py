"""Says which transformations reach a value, as they do."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax.numpy as jnp
import jax.tree_util as jtu
from jax.core import ShapedArray
from jax.interpreters import ad, batching, mlir

from eqxcore._jax_internals import Primitive
from eqxcore._predicates import is_array

_T = TypeVar("_T")


def announce_transform(
    x: _T,
    name: Any = None,
    intermediates: bool = False,
    announce: Callable[[str], Any] = print,
) -> _T:
    """`x`, unchanged; `announce` is called with each transformation that reaches its arrays.

    A line is what has been applied so far, the outermost transformation last: `jvp_p:vmap:impl`
    is a primal (`jvp_t` would be a tangent), in a `vmap`, that is now computed. A line ends in
    `impl` (computed at once), `abstract` (traced) or `mlir` (compiled). With `intermediates`,
    also those before anything is done with them. `name` comes in front, in parentheses.
    """
    leaves, treedef = jtu.tree_flatten(x)
    places = [place for place, leaf in enumerate(leaves) if is_array(leaf)]
    arrays = announce_jaxpr_p.bind(
        *[jnp.asarray(leaves[place]) for place in places],
        stack=(),
        name="" if name is None else f"({name}) ",
        intermediates=intermediates,
        announce=announce,
    )
    for place, array in zip(places, arrays, strict=True):
        leaves[place] = array
    return jtu.tree_unflatten(treedef, leaves)


def _say(last: str, *, stack: tuple[str, ...], name: str, announce: Callable[[str], Any]) -> None:
    announce(name + ":".join((*stack, last)))


def _further(transform: str, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters once `transform` is applied."""
    stack = (*params["stack"], transform)
    if params["intermediates"]:
        params["announce"](params["name"] + ":".join(stack))
    return {**params, "stack": stack}


def _run(*arrays: Any, intermediates: bool, **params: Any) -> list[Any]:
    _say("impl", **params)
    return list(arrays)


def _abstract_eval(
    *avals: ShapedArray, intermediates: bool, **params: Any
) -> Sequence[ShapedArray]:
    _say("abstract", **params)
    return avals


def _batch(
    arrays: Sequence[Any], dims: Sequence[int | None], **params: Any
) -> tuple[list[Any], Sequence[int | None]]:
    return announce_jaxpr_p.bind(*arrays, **_further("vmap", params)), dims


def _jvp(
    primals: Sequence[Any], tangents: Sequence[Any], **params: Any
) -> tuple[list[Any], list[Any]]:
    if params["intermediates"]:
        _say("jvp", **{key: params[key] for key in ("stack", "name", "announce")})
    stack = params["stack"]
    out = announce_jaxpr_p.bind(*primals, **{**params, "stack": (*stack, "jvp_p")})
    places = [place for place, tangent in enumerate(tangents) if type(tangent) is not ad.Zero]
    out_tangents = list(tangents)
    if places:
        found = announce_jaxpr_p.bind(
            *[tangents[place] for place in places], **{**params, "stack": (*stack, "jvp_t")}
        )
        for place, tangent in zip(places, found, strict=True):
            out_tangents[place] = tangent
    return out, out_tangents


def _transpose(cotangents: Sequence[Any], *arrays: Any, **params: Any) -> list[Any]:
    places = [place for place, ct in enumerate(cotangents) if type(ct) is not ad.Zero]
    out = list(cotangents)
    if places:
        found = announce_jaxpr_p.bind(
            *[cotangents[place] for place in places], **_further("transpose", params)
        )
        for place, cotangent in zip(places, found, strict=True):
            out[place] = cotangent
    return out


_lower_nothing = mlir.lower_fun(lambda *arrays: list(arrays), multiple_results=True)


def _lower(ctx: Any, *arrays: Any, intermediates: bool, **params: Any) -> Any:
    _say("mlir", **params)
    return _lower_nothing(ctx, *arrays)


announce_jaxpr_p: Primitive = Primitive("announce_jaxpr")
announce_jaxpr_p.multiple_results = True
announce_jaxpr_p.def_impl(_run)
announce_jaxpr_p.def_abstract_eval(_abstract_eval)
ad.primitive_jvps[announce_jaxpr_p] = _jvp
ad.primitive_transposes[announce_jaxpr_p] = _transpose
batching.primitive_batchers[announce_jaxpr_p] = _batch
mlir.register_lowering(announce_jaxpr_p, _lower)
