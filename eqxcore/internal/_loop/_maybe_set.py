"""The primitive `maybe_set`: `xs.at[item].set(x)` if a predicate holds, in place.

`jnp.where(pred, xs.at[item].set(x), xs)` says the same, but copies all of `xs`. The primitive
reads and writes only what `item` selects, and so do its derivatives, also under `vmap`.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, ArrayLike, Bool, Shaped

from eqxcore._jax_internals import Primitive

from ._select_if_vmap import select_if_vmap_p

maybe_set_p: Primitive = Primitive("maybe_set")

# Which arguments a `vmap` batches, along their first axis: the predicate, and each array of the
# item. The array and the new value always are. One tuple for every `vmap`, the innermost first.
_Batched = tuple[bool, ...]


class _Slice(NamedTuple):
    """A slice that can be hashed on every Python: as a parameter, it is part of cache keys."""

    start: Any
    stop: Any
    step: Any


class _Item(NamedTuple):
    """What goes between the brackets of `xs[...]`, less its arrays."""

    parts: tuple[Hashable, ...]
    """Ints, `None`, `...`, `_Slice`, and `_ARRAY` where the next of the arrays goes."""
    is_tuple: bool

    def with_arrays(self, arrays: Sequence[Any]) -> Any:
        """The item as JAX takes it."""
        rest = iter(arrays)
        parts = []
        for part in self.parts:
            if part is _ARRAY:
                parts.append(next(rest))
            elif isinstance(part, _Slice):
                parts.append(slice(*part))
            else:
                parts.append(part)
        return tuple(parts) if self.is_tuple else parts[0]


class _ArrayPlace:
    def __repr__(self) -> str:
        return "array"


_ARRAY = _ArrayPlace()


def maybe_set(
    pred: Bool[Array, ""] | bool,
    xs: Shaped[Array, "..."],
    x: Shaped[ArrayLike, "..."],
    item: Any,
    *,
    may_be_false: bool,
    write_once: bool,
    options: dict[str, Any],
) -> Shaped[Array, "..."]:
    """`xs.at[item].set(x, **options)` where `pred` is true, and `xs` where it is not.

    With `may_be_false=False` the caller promises that `pred` is true unless it is batched;
    then nothing is selected where it is not. With `write_once=True` the caller promises that no
    place is written twice, and none of the initial `xs` that has a derivative; then the gradient
    need not clear what it has read, which takes XLA a copy of all of `xs`.
    """
    split, arrays = _split(item)
    target = jax.eval_shape(lambda a, i: a[split.with_arrays(i)], xs, arrays)
    x = jnp.broadcast_to(jnp.asarray(x).astype(xs.dtype), target.shape)
    return maybe_set_p.bind(
        jnp.asarray(pred, bool),
        xs,
        x,
        *arrays,
        item=split,
        may_be_false=may_be_false,
        write_once=write_once,
        options=tuple(sorted(options.items())),
        batched=(),
    )


def _split(item: Any) -> tuple[_Item, list[Any]]:
    is_tuple = isinstance(item, tuple)
    parts: list[Any] = []
    arrays: list[Any] = []
    for part in item if is_tuple else (item,):
        if part is None or part is Ellipsis or isinstance(part, int):
            parts.append(part)
        elif isinstance(part, slice):
            parts.append(_Slice(part.start, part.stop, part.step))
        else:
            # Lists too, as NumPy takes them; what is no index at all, JAX complains of below.
            parts.append(_ARRAY)
            arrays.append(part if isinstance(part, jax.Array) else jnp.asarray(np.asarray(part)))
    return _Item(tuple(parts), is_tuple), arrays


def _vmapped(
    fun: Callable[..., Any], batched: tuple[_Batched, ...], num_always: int
) -> Callable[..., Any]:
    """`fun(pred, *always, *arrays)` under the `vmap`s told by `batched`."""
    for pred, *arrays in batched:
        axes = [0 if is_batched else None for is_batched in (pred, *arrays)]
        fun = jax.vmap(fun, in_axes=(axes[0], *[0] * num_always, *axes[1:]))
    return fun


class _Form(NamedTuple):
    """The parameters of the primitive."""

    item: _Item
    may_be_false: bool
    write_once: bool
    options: tuple[tuple[str, Any], ...]
    batched: tuple[_Batched, ...]

    @property
    def selects(self) -> bool:
        """Whether the predicate counts."""
        return self.may_be_false or any(pred for pred, *_ in self.batched)


def _impl(*args: Any, **params: Any) -> Any:
    form = _Form(**params)

    def of_one(pred: Any, xs: Any, x: Any, *arrays: Any) -> Any:
        where = form.item.with_arrays(arrays)
        if form.selects:
            x = jnp.where(pred, x, xs[where])
        return xs.at[where].set(x, **dict(form.options))

    return _vmapped(of_one, form.batched, 2)(*args)


def _abstract_eval(pred: ShapedArray, xs: ShapedArray, *_: ShapedArray, **params: Any) -> Any:
    return xs.update(weak_type=False)


def _jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...], **params: Any) -> tuple[Any, Any]:
    pred, _, _, *arrays = primals
    _, xs_dot, x_dot, *_ = tangents
    out = maybe_set_p.bind(*primals, **params)
    if type(xs_dot) is ad.Zero and type(x_dot) is ad.Zero:
        return out, xs_dot
    xs_dot, x_dot = ad.instantiate_zeros(xs_dot), ad.instantiate_zeros(x_dot)
    return out, maybe_set_p.bind(pred, xs_dot, x_dot, *arrays, **params)


def _transpose(ct: Any, pred: Any, xs: Any, x: Any, *arrays: Any, **params: Any) -> list[Any]:
    form = _Form(**params)

    def read_one(pred: Any, ct: Any, *arrays: Any) -> Any:
        written = ct[form.item.with_arrays(arrays)]
        return jnp.where(pred, written, jnp.zeros_like(written)) if form.selects else written

    ct_x = _vmapped(read_one, form.batched, 1)(pred, ct, *arrays)
    if not form.selects:
        ct_x = _zero_unless(pred, ct_x)
    ct_xs = None
    if ad.is_undefined_primal(xs):
        ct_xs = ct
        if not form.write_once:
            # What was overwritten has no part in the result.
            ct_xs = maybe_set_p.bind(pred, ct, jnp.zeros_like(ct_x), *arrays, **params)
    return [None, ct_xs, ct_x if ad.is_undefined_primal(x) else None, *[None for _ in arrays]]


def _zero_unless(pred: Any, ct: Any) -> Any:
    """`ct`, and zero where a `vmap` further out batches `pred` after all."""
    return select_if_vmap_p.bind(pred, ct, jnp.zeros_like(ct))


def _batch(args: tuple[Any, ...], dims: tuple[Any, ...], **params: Any) -> tuple[Any, int]:
    size = next(x.shape[d] for x, d in zip(args, dims, strict=True) if d is not None)
    moved = []
    for place, (x, d) in enumerate(zip(args, dims, strict=True)):
        if d is not None:
            moved.append(jnp.moveaxis(x, d, 0))
        else:
            is_always = place in (1, 2)
            # What is not batched may be a literal of the program, a number without a dtype.
            x = jnp.asarray(x, args[1].dtype) if is_always else x
            moved.append(jnp.broadcast_to(x, (size, *jnp.shape(x))) if is_always else x)
    level = (dims[0] is not None, *[d is not None for d in dims[3:]])
    params["batched"] = (*params["batched"], level)
    return maybe_set_p.bind(*moved, **params), 0


maybe_set_p.def_impl(_impl)
maybe_set_p.def_abstract_eval(_abstract_eval)
ad.primitive_jvps[maybe_set_p] = _jvp
ad.primitive_transposes[maybe_set_p] = _transpose
batching.primitive_batchers[maybe_set_p] = _batch
mlir.register_lowering(maybe_set_p, mlir.lower_fun(_impl, multiple_results=False))
