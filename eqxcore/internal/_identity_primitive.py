"""Primitives that return what they get: what they do, they do under a transformation."""

from typing import Any

from jax.core import ShapedArray
from jax.interpreters import mlir

from eqxcore._jax_internals import Primitive

from ._finalise import register_impl_finalisation


def identity_primitive(name: str) -> Primitive:
    """A primitive of one array that returns it: evaluated, traced and lowered, and no more.

    The rules for transformations are for the caller to add. Finalised, it is gone.
    """
    primitive = Primitive(name)

    def impl(x: Any, **params: Any) -> Any:
        return x

    def abstract_eval(x: ShapedArray, **params: Any) -> ShapedArray:
        return x

    def lower(ctx: Any, x: Any, **params: Any) -> list[Any]:
        return [x]

    primitive.def_impl(impl)
    primitive.def_abstract_eval(abstract_eval)
    mlir.register_lowering(primitive, lower)
    register_impl_finalisation(primitive)
    return primitive
