"""What a `noinline` call is in a traced program, and how it is transformed.

The first argument is the number of the function; the others are all arrays that it takes. A
transformed call calls the transformed function, and is still one call.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import ShapedArray, Tracer
from jax.interpreters import ad, batching, mlir

from eqxcore._jax_internals import Primitive
from eqxcore._runtime_errors import notice_check
from eqxcore.internal._finalise import register_impl_finalisation

from ._on_host import call_back
from ._program import Program
from ._transforms import Batch, PullBack, Tangent, Transpose, pick

noinline_p: Primitive = Primitive("noinline")
noinline_p.multiple_results = True


def _impl(number: Any, *arrays: Any, program: Program) -> list[Any]:
    if isinstance(number, Tracer):
        return call_back(number, *arrays, program=program)
    return program.function(int(number))(*arrays)


def _abstract_eval(number: Any, *arrays: Any, program: Program) -> list[ShapedArray]:
    return list(program.outputs)


def _jvp(
    primals: Sequence[Any], tangents: Sequence[Any], *, program: Program
) -> tuple[list[Any], list[Any]]:
    number, *arrays = primals
    array_tangents = tangents[1:]
    perturbed = tuple(not _is_zero(tangent) for tangent in array_tangents)
    differentiable = tuple(_is_inexact(aval) for aval in program.outputs)
    outs = noinline_p.bind(number, *arrays, program=program)
    # A call of its own: in reverse mode only this one is deferred, and transposed.
    given = noinline_p.bind(
        number,
        *arrays,
        *pick(array_tangents, perturbed),
        program=program.transformed(
            Tangent(perturbed, differentiable), pick(program.outputs, differentiable)
        ),
    )
    rest = iter(given)
    return outs, [
        next(rest) if has_tangent else ad.Zero(jax.typeof(out).to_tangent_aval())
        for out, has_tangent in zip(outs, differentiable, strict=True)
    ]


def _is_zero(tangent: Any) -> bool:
    return isinstance(tangent, ad.Zero) or jax.typeof(tangent).dtype == jax.dtypes.float0


def _is_inexact(aval: ShapedArray) -> bool:
    return bool(jnp.issubdtype(aval.dtype, jnp.inexact))


def _transpose(cts: Sequence[Any], number: Any, *arrays: Any, program: Program) -> list[Any]:
    undefined = tuple(isinstance(array, ad.UndefinedPrimal) for array in arrays)
    nonzero = tuple(not isinstance(ct, ad.Zero) for ct in cts)
    linear = tuple(array.aval for array in pick(arrays, undefined))
    last = program.transforms[-1] if program.transforms else None
    if isinstance(last, Tangent) and undefined == _is_tangent(last):
        # In place of the tangents, not after them.
        transform = PullBack(last, nonzero, program.outputs)
        before = program.without_last()
    else:
        transform = Transpose(
            tuple(a.aval if u else None for a, u in zip(arrays, undefined, strict=True)),
            nonzero,
            program.outputs,
        )
        before = program
    defined = [array for array, u in zip(arrays, undefined, strict=True) if not u]
    found = noinline_p.bind(
        number,
        *defined,
        *pick(cts, nonzero),
        program=before.transformed(transform, [_plain(aval) for aval in linear]),
    )
    rest = iter(found)
    return [None, *[next(rest) if u else None for u in undefined]]


def _is_tangent(tangent: Tangent) -> tuple[bool, ...]:
    count = len(tangent.perturbed)
    return (False,) * count + (True,) * sum(tangent.perturbed)


def _plain(aval: Any) -> ShapedArray:
    return ShapedArray(aval.shape, aval.dtype)


def _batch(
    axis_data: Any, args: Sequence[Any], axes: Sequence[int | None], *, program: Program
) -> tuple[list[Any], list[int | None]]:
    number, *arrays = args
    if axes[0] is not None:
        raise NotImplementedError(
            "A `noinline` function cannot be vmap'd over which function it is. Expected the same "
            "one for the whole batch: pass it with `in_axes=None`."
        )
    if all(axis is None for axis in axes):
        outs = noinline_p.bind(*args, program=program)
        return outs, [None] * len(outs)
    size = axis_data.size
    outputs = [ShapedArray((size, *aval.shape), aval.dtype) for aval in program.outputs]
    outs = noinline_p.bind(
        number, *arrays, program=program.transformed(Batch(tuple(axes[1:]), size), outputs)
    )
    return outs, [0] * len(outs)


noinline_p.def_impl(_impl)
noinline_p.def_abstract_eval(_abstract_eval)
ad.primitive_jvps[noinline_p] = _jvp
ad.primitive_transposes[noinline_p] = _transpose
batching.fancy_primitive_batchers[noinline_p] = _batch


def _lowered(number: Any, *arrays: Any, program: Program) -> list[Any]:
    # There may be a check inside, which is lowered only when the program already runs.
    notice_check()
    return call_back(number, *arrays, program=program)


mlir.register_lowering(noinline_p, mlir.lower_fun(_lowered, multiple_results=True))
register_impl_finalisation(noinline_p)
