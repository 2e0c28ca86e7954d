"""Map a function over an axis of the arrays in its arguments."""

import inspect
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, NamedTuple, overload

import jax
import jax.numpy as jnp
import numpy as np

from eqxcore._function_name import function_name
from eqxcore._module import Module, field, module_update_wrapper
from eqxcore._partial import Partial
from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree

from ._axes import FIRST_AXIS, AxesOf, AxisSpec, ResolvedAxis

# What `jax.vmap` takes besides the function and what we decide ourselves.
_VMAP_OPTIONS = tuple(
    name
    for name in inspect.signature(jax.vmap).parameters
    if name not in ("fun", "in_axes", "out_axes", "axis_name", "axis_size")
)


_ARRAY = object()


class _Told(NamedTuple):
    """What the mapped function says of its outputs besides their arrays."""

    treedef: Any
    axes: list[ResolvedAxis]
    leaves: list[Any]
    """The outputs, with `_ARRAY` for those that JAX carries."""


class _Vmap(Module):
    """The callable behind `filter_vmap`."""

    _fun: Callable
    _in_axes: PyTree[AxisSpec]
    _out_axes: PyTree[AxisSpec]
    _axis_name: Hashable
    _axis_size: int | None
    _options: tuple[tuple[str, Any], ...] = field(static=True)

    @property
    def __wrapped__(self) -> Callable:
        return self._fun

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        fun = self._fun
        axes = AxesOf("filter_vmap", fun)
        axes.refuse_keywords(kwargs)
        leaves, treedef = jax.tree_util.tree_flatten(args)
        in_axes = axes.resolve_in_axes(self._in_axes, args, leaves)
        mapped = [place for place, axis in enumerate(in_axes) if axis is not None]
        if mapped:
            axes.check_mapped(args, leaves, in_axes, self._axis_size)
        elif self._axis_size is None:
            # Nothing says how long the axis is. That is fine as long as the outputs have none.
            out = fun(*args)
            axes.refuse_output_axes(self._out_axes, out)
            return out

        # The tree of the outputs, their axes, and what is no array are known only inside, and JAX
        # carries nothing but arrays out.
        told: _Told | None = None

        def of_arrays(arrays: list[Any]) -> tuple[list[Any], list[Any]]:
            nonlocal told
            inner = leaves.copy()
            for place, array in zip(mapped, arrays, strict=True):
                inner[place] = array
            out = fun(*treedef.unflatten(inner))
            out_leaves, out_treedef = jax.tree_util.tree_flatten(out)
            out_axes = axes.resolve("out_axes", self._out_axes, out, out_leaves)
            axes.check_returned(out, out_leaves, out_axes)
            batched, unbatched = [], []
            for place, axis in enumerate(out_axes):
                if axis is not None:
                    batched.append(out_leaves[place])
                    out_leaves[place] = _ARRAY
                elif is_array(out_leaves[place]):
                    unbatched.append(out_leaves[place])
                    out_leaves[place] = _ARRAY
            told = _Told(out_treedef, out_axes, out_leaves)
            return batched, unbatched

        of_arrays.__name__ = of_arrays.__qualname__ = function_name(fun)
        vmapped = jax.vmap(
            of_arrays,
            in_axes=([in_axes[place] for place in mapped],),
            out_axes=(0, None),
            axis_name=self._axis_name,
            axis_size=self._axis_size,
            **dict(self._options),
        )
        try:
            batched, unbatched = vmapped([leaves[place] for place in mapped])
        except ValueError as error:
            if told is not None and "axis spec None" in str(error):
                error.add_note(_unmapped_outputs(axes, told))
            raise
        assert told is not None
        return _put_together(told, batched, unbatched)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Partial(self, instance)


@overload
def filter_vmap(
    *,
    in_axes: PyTree[AxisSpec] = ...,
    out_axes: PyTree[AxisSpec] = ...,
    axis_name: Hashable = None,
    axis_size: int | None = None,
    **vmapkwargs: Any,
) -> Callable: ...
@overload
def filter_vmap(
    fun: Callable,
    *,
    in_axes: PyTree[AxisSpec] = ...,
    out_axes: PyTree[AxisSpec] = ...,
    axis_name: Hashable = None,
    axis_size: int | None = None,
    **vmapkwargs: Any,
) -> Any: ...
def filter_vmap(
    fun: Callable | None = None,
    *,
    in_axes: PyTree[AxisSpec] = FIRST_AXIS,
    out_axes: PyTree[AxisSpec] = FIRST_AXIS,
    axis_name: Hashable = None,
    axis_size: int | None = None,
    **vmapkwargs: Any,
) -> Any:
    """`fun`, mapped over an axis of the arrays in its arguments; everything else is broadcast.

    `in_axes` and `out_axes` are prefix pytrees of the arguments (a tuple) and of the result.
    At their leaves stand `None`, to broadcast; an integer, the axis to map (negative ones count
    from the end, of an output with its new axis); or a function from a leaf to one of these, as
    the default `if_array(0)`. `in_axes` may also be a dictionary from names of parameters; those
    not named get `if_array(0)`. The axes of the outputs are decided inside, on unbatched arrays.

    Outputs that are no arrays come out as they are, the same objects, unless `out_axes` gives
    them an axis: then numbers are broadcast. With nothing to map and no `axis_size`, `fun` is
    simply called. `axis_name` names the axis for collectives; other keywords go to `jax.vmap`.

    To make an ensemble, map over the keys that make its members:
    `eqx.filter_vmap(lambda key: eqx.nn.Linear(2, 3, key=key))(jax.random.split(key, 5))`.

    Without `fun`, a decorator. On a method, `self` is the first argument.

    Raises, at the call, `RuntimeError` for keyword arguments; `ValueError` or `TypeError`, naming
    the leaf, where an axis does not exist, does not fit, or stands at something that is no array.
    """
    for option in vmapkwargs:
        if option not in _VMAP_OPTIONS:
            raise TypeError(
                f"`filter_vmap` got an unexpected keyword argument `{option}`; it takes `in_axes`, "
                "`out_axes`, `axis_name`, `axis_size`, and for `jax.vmap`: "
                f"{', '.join(f'`{known}`' for known in _VMAP_OPTIONS)}."
            )
    if fun is None:
        return partial(
            filter_vmap,
            in_axes=in_axes,
            out_axes=out_axes,
            axis_name=axis_name,
            axis_size=axis_size,
            **vmapkwargs,
        )
    options = tuple(sorted(vmapkwargs.items()))
    return module_update_wrapper(_Vmap(fun, in_axes, out_axes, axis_name, axis_size, options))


def _put_together(told: _Told, batched: list[Any], unbatched: list[Any]) -> Any:
    from_batched, from_unbatched = iter(batched), iter(unbatched)
    leaves = told.leaves.copy()
    for place, axis in enumerate(told.axes):
        if axis is not None:
            array = next(from_batched)
            if isinstance(array, np.ndarray):
                # An argument that came back as it was: `jax.vmap` hands over what it was given.
                array = jnp.asarray(array)
            leaves[place] = array if axis == 0 else jnp.moveaxis(array, 0, axis)
        elif leaves[place] is _ARRAY:
            leaves[place] = next(from_unbatched)
    return told.treedef.unflatten(leaves)


def _unmapped_outputs(axes: AxesOf, told: _Told) -> str:
    arrays = [
        place
        for place, axis in enumerate(told.axes)
        if axis is None and told.leaves[place] is _ARRAY
    ]
    tree = told.treedef.unflatten(told.leaves)
    return (
        "`out_axes` is None at "
        + ", ".join(axes.returned(tree, place) for place in arrays)
        + "; expected it to be the same for every element. Give it an axis, as in `out_axes=0`."
    )
