"""`filter_pmap`: one element for each device."""

import contextlib
import functools
import inspect
from collections.abc import Callable, Hashable
from typing import Any, Literal, NamedTuple, get_args, overload

import jax
import jax.numpy as jnp
import numpy as np

from eqxcore._function_name import function_name
from eqxcore._jit._call_form import CallForms
from eqxcore._jit._lowered import Lowered
from eqxcore._jit._split import split, split_publicly
from eqxcore._jit._traces import Traced, found_or_made, quiet_donation
from eqxcore._module import Module, field, module_update_wrapper
from eqxcore._partial import Partial
from eqxcore._predicates import is_array
from eqxcore._prefix import Prefix, prefix_of
from eqxcore._pytree import PyTree
from eqxcore._runtime_errors import PROGRAM_ERRORS, failure_in
from eqxcore._structs import is_array_or_struct

from ._axes import FIRST_AXIS, AxesOf, AxisSpec, ResolvedAxis
from ._mapped_output import MappedOutput

_Donate = Literal["all", "warn", "none"]

_DECIDED = ("fun", "in_axes", "out_axes", "axis_name", "axis_size")
_FORBIDDEN = ("static_broadcasted_argnums", "donate_argnums")
_PMAP_OPTIONS = tuple(
    name for name in inspect.signature(jax.pmap).parameters if name not in (*_DECIDED, *_FORBIDDEN)
)


class _Options(NamedTuple):
    """What distinguishes two mapped versions of one function. Hashable."""

    out_axes: Prefix
    axis_name: Hashable
    axis_size: int | None
    donate: _Donate
    pmapkwargs: tuple[tuple[str, Any], ...]


class _Pmap(Module):
    """The callable behind `filter_pmap`."""

    _fun: Callable[..., Any]
    _in_axes: PyTree[AxisSpec]
    _options: _Options = field(static=True)

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return self._fun

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        options = self._options
        axes = AxesOf("filter_pmap", self._fun)
        axes.refuse_keywords(kwargs)
        call = self._fun, args, {}
        in_axes = _in_axes_of(axes, self._in_axes, options, args)
        arrays, structure = split(call)
        # The function is among the static values, and two of them are hardly ever equal.
        traced = found_or_made(
            ("filter_pmap", options, in_axes, structure),
            call,
            lambda: Traced(_pmap_of_arrays(options, in_axes, call, structure)),
        )
        try:
            with _quietly(options), traced.checks:
                output = traced.jitted(*arrays)
            if traced.checks.found:
                traced.checks.wait_for(output.arrays)
        except PROGRAM_ERRORS as error:
            failure = failure_in(error)
            if failure is None:
                raise
            raise failure from None
        return output.unflatten()

    def lower(self, /, *args: Any, **kwargs: Any) -> Lowered:
        """The program for these arguments, lowered but not compiled.

        A `jax.ShapeDtypeStruct` stands for an array. `.compile()` gives a callable that takes
        arguments as this function does; everything else is as of `jax.pmap(f).lower(...)`.
        """
        options = self._options
        axes = AxesOf("filter_pmap", self._fun)
        axes.refuse_keywords(kwargs)
        call = self._fun, args, {}
        in_axes = _in_axes_of(axes, self._in_axes, options, jax.tree.map(_as_array, args))
        arrays, structure = split_publicly(call, is_array_or_struct)
        traced = Traced(_pmap_of_arrays(options, in_axes, call, structure))
        with traced.checks:
            lowered = traced.jitted.lower(*arrays)  # type: ignore[attr-defined]
        return Lowered(lowered, self._fun, CallForms(self._fun), structure, traced.checks)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Partial(self, instance)


@overload
def filter_pmap(
    *,
    in_axes: PyTree[AxisSpec] = ...,
    out_axes: PyTree[AxisSpec] = ...,
    axis_name: Hashable = None,
    axis_size: int | None = None,
    donate: _Donate = "none",
    **pmapkwargs: Any,
) -> Callable[[Callable[..., Any]], Any]: ...
@overload
def filter_pmap(
    fun: Callable[..., Any],
    *,
    in_axes: PyTree[AxisSpec] = ...,
    out_axes: PyTree[AxisSpec] = ...,
    axis_name: Hashable = None,
    axis_size: int | None = None,
    donate: _Donate = "none",
    **pmapkwargs: Any,
) -> Any: ...
def filter_pmap(
    fun: Callable[..., Any] | None = None,
    *,
    in_axes: PyTree[AxisSpec] = FIRST_AXIS,
    out_axes: PyTree[AxisSpec] = FIRST_AXIS,
    axis_name: Hashable = None,
    axis_size: int | None = None,
    donate: _Donate = "none",
    **pmapkwargs: Any,
) -> Any:
    """`fun`, compiled, with each element of an axis on a device of its own.

    `in_axes` and `out_axes` are as of `filter_vmap`. There must be as many devices as elements.
    What is no array is static, whatever its axis: a call with other static values compiles again,
    and they must hash. Outputs that are no arrays come out as they are, the same objects, unless
    `out_axes` gives them an axis: then numbers are broadcast. An array that has no axis in
    `out_axes` is that of one device.

    `donate="all"` lets the result reuse the memory of the arguments, and `"warn"` does the same
    and lets JAX warn about what could not be reused. `axis_name` names the axis for collectives;
    `**pmapkwargs` go to `jax.pmap`.

    Without `fun`, a decorator. On a method, `self` is the first argument. For arrays that are
    split over a mesh, `filter_jit` with `filter_shard` is the newer way.

    Raises, at the call, `RuntimeError` for keyword arguments; `ValueError` or `TypeError`, naming
    the leaf, where an axis does not exist or does not fit, or where devices are too few.
    """
    if donate not in get_args(_Donate):
        raise ValueError(
            f"`filter_pmap` got `donate={donate!r}`. Expected one of "
            f"{', '.join(repr(choice) for choice in get_args(_Donate))}."
        )
    for option in pmapkwargs:
        if option in _FORBIDDEN:
            hint = (
                'use `donate="all"`'
                if option.startswith("donate")
                else "leave it out: whatever is no array is static already"
            )
            raise ValueError(
                f"`filter_pmap` got `{option}`, which `jax.pmap` needs and it does not: {hint}."
            )
        if option not in _PMAP_OPTIONS:
            raise TypeError(
                f"`filter_pmap` got an unexpected keyword argument `{option}`; it takes `in_axes`, "
                "`out_axes`, `axis_name`, `axis_size`, `donate`, and for `jax.pmap`: "
                f"{', '.join(f'`{known}`' for known in _PMAP_OPTIONS)}."
            )
    if fun is None:
        return functools.partial(
            filter_pmap,
            in_axes=in_axes,
            out_axes=out_axes,
            axis_name=axis_name,
            axis_size=axis_size,
            donate=donate,
            **pmapkwargs,
        )
    prefix = prefix_of(out_axes)
    axes = AxesOf("filter_pmap", fun)
    for spec in prefix.leaves:
        if not callable(spec):
            axes.check_axis("out_axes", spec)
    items = sorted(pmapkwargs.items())
    pmap_options = tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in items)
    options = _Options(prefix, axis_name, axis_size, donate, pmap_options)
    return module_update_wrapper(_Pmap(fun, in_axes, options))


def _in_axes_of(
    axes: AxesOf, in_axes: PyTree[AxisSpec], options: _Options, args: tuple[Any, ...]
) -> tuple[ResolvedAxis, ...]:
    """The axis of each array in the arguments."""
    leaves = jax.tree_util.tree_leaves(args)
    resolved = [
        axis if is_array(leaf) else None
        for leaf, axis in zip(leaves, axes.resolve_in_axes(in_axes, args, leaves), strict=True)
    ]
    size = axes.check_mapped(args, leaves, resolved, options.axis_size)
    if size is None:
        raise ValueError(
            f"`{axes.call}` has nothing to map: no array in its arguments has an axis in "
            "`in_axes`. Expected one at least, or `axis_size=`, to know how many devices there are "
            "to be. To run it on one, use `eqx.filter_jit`."
        )
    kwargs = dict(options.pmapkwargs)
    devices = kwargs.get("devices")
    count = jax.local_device_count(kwargs.get("backend")) if devices is None else len(devices)
    if size > count:
        raise ValueError(
            f"`{axes.call}` maps over {size} elements, and there are {count} devices. Expected a "
            "device for each element: map over several elements on each device, with "
            "`eqx.filter_vmap` inside, or have the array split by "
            "`eqx.filter_shard` under `eqx.filter_jit`."
        )
    # JAX takes negative axes for `vmap` only.
    return tuple(
        None if axis is None else axis % np.ndim(leaf)
        for leaf, axis in zip(leaves, resolved, strict=True)
        if is_array(leaf)
    )


def _pmap_of_arrays(
    options: _Options,
    in_axes: tuple[ResolvedAxis, ...],
    call: tuple[Any, tuple[Any, ...], dict[str, Any]],
    structure: Any,
) -> Callable[..., Any]:
    """A new `jax.pmap` of the call as a function of its arrays, those of the function first."""
    out_axes = options.out_axes.tree()

    def mapped(*arrays: Any) -> MappedOutput:
        fun, args, _ = structure.unflatten(arrays)
        # Of this function, not of the one in the call, whose arrays must not be kept alive.
        axes = AxesOf("filter_pmap", fun)
        out = fun(*args)
        leaves, treedef = jax.tree_util.tree_flatten(out)
        resolved = axes.resolve("out_axes", out_axes, out, leaves)
        axes.check_returned(out, leaves, resolved)
        return MappedOutput.of(treedef, leaves, resolved)

    mapped.__name__ = mapped.__qualname__ = function_name(call[0])
    in_function = sum(map(is_array, jax.tree_util.tree_leaves(call[0])))
    all_axes = (*[None] * in_function, *in_axes)
    pmap = functools.partial(
        jax.pmap,
        out_axes=MappedOutput.out_axes(),
        axis_name=options.axis_name,
        axis_size=options.axis_size,
        **dict(options.pmapkwargs),
    )
    donated = () if options.donate == "none" else tuple(range(len(all_axes)))
    if any(axis is not None for axis in in_axes):
        return pmap(mapped, in_axes=all_axes, donate_argnums=donated)
    assert options.axis_size is not None

    def numbered(_: Any, *arrays: Any) -> MappedOutput:
        return mapped(*arrays)

    numbered.__name__ = numbered.__qualname__ = mapped.__name__
    donated = tuple(place + 1 for place in donated)
    return _Numbered(
        pmap(numbered, in_axes=(0, *all_axes), donate_argnums=donated), options.axis_size
    )


class _Numbered:
    """A function of arrays, or a program of one, that gets a number for each device besides.

    JAX maps nothing where there is nothing to map.
    """

    def __init__(self, inner: Any, size: int) -> None:
        self._inner = inner
        self._numbers = np.arange(size, dtype=np.int32)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __call__(self, *arrays: Any) -> MappedOutput:
        return self._inner(self._numbers, *arrays)

    def lower(self, *arrays: Any) -> "_Numbered":
        return _Numbered(self._inner.lower(self._numbers, *arrays), len(self._numbers))

    def compile(self, *args: Any) -> "_Numbered":
        return _Numbered(self._inner.compile(*args), len(self._numbers))


def _quietly(options: _Options) -> contextlib.AbstractContextManager[Any]:
    return quiet_donation() if options.donate == "all" else contextlib.nullcontext()


def _as_array(leaf: Any) -> Any:
    """An array for a struct, so that functions of leaves in `in_axes` know it for one."""
    if not isinstance(leaf, jax.ShapeDtypeStruct):
        return leaf
    if jnp.issubdtype(leaf.dtype, jax.dtypes.extended):
        return jax.random.split(jax.random.key(0), leaf.shape)
    # It takes no memory, however large it looks.
    return np.broadcast_to(jnp.zeros((), leaf.dtype), leaf.shape)
