"""Map a function over an axis of the arrays in its arguments."""

import inspect
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, overload

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from eqxcore._call_place import function_name, place_in_arguments
from eqxcore._module import Module, field, module_update_wrapper
from eqxcore._partial import Partial
from eqxcore._predicates import is_array
from eqxcore._trees._mismatch import describe, mismatch_table

ResolvedAxis = int | None
"""The axis of one leaf: `None` when it is not mapped."""

AxisSpec = int | None | Callable[[Any], int | None]
"""What may stand at a leaf of `in_axes` or `out_axes`."""

# What `jax.vmap` takes besides the function and what we decide ourselves.
_VMAP_OPTIONS = tuple(
    name
    for name in inspect.signature(jax.vmap).parameters
    if name not in ("fun", "in_axes", "out_axes", "axis_name", "axis_size")
)


@dataclass(frozen=True)
class if_array:
    """Map arrays over `axis`, and broadcast everything else."""

    axis: int

    def __call__(self, x: Any) -> int | None:
        return self.axis if is_array(x) else None


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
        if kwargs:
            raise RuntimeError(
                f"`{function_name(fun)}`, wrapped by `filter_vmap`, was called with the keyword "
                f"{', '.join(f'`{name}`' for name in kwargs)}; expected positional arguments "
                "only, for `in_axes` goes by position. Pass them by position, or close over "
                "what is not mapped: `eqx.filter_vmap(lambda x: f(x, scale=scale))(x)`."
            )
        leaves, treedef = jax.tree_util.tree_flatten(args)
        in_axes = _resolve_in_axes(fun, self._in_axes, args, leaves)
        mapped = [place for place, axis in enumerate(in_axes) if axis is not None]
        if mapped:
            _check_mapped(fun, args, leaves, in_axes, self._axis_size)
        elif self._axis_size is None:
            # Nothing says how long the axis is. That is fine as long as the outputs have none.
            out = fun(*args)
            _refuse_output_axes(fun, self._out_axes, out)
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
            out_axes = _resolve_axes("out_axes", fun, self._out_axes, out, out_leaves)
            _check_returned(fun, out, out_leaves, out_axes)
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
                error.add_note(_unmapped_outputs(fun, told))
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
    in_axes: PyTree[AxisSpec] = if_array(0),
    out_axes: PyTree[AxisSpec] = if_array(0),
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


def _resolve_in_axes(
    fun: Callable, in_axes: PyTree[AxisSpec], args: tuple[Any, ...], leaves: list[Any]
) -> list[ResolvedAxis]:
    if not isinstance(in_axes, dict):
        return _resolve_axes("in_axes", fun, in_axes, args, leaves)
    arguments = inspect.signature(fun).bind(*args).arguments
    unknown = [name for name in in_axes if name not in arguments]
    if unknown:
        raise ValueError(
            f"`in_axes` names {', '.join(map(repr, unknown))}, which did not correspond to any "
            f"argument of this call to `{function_name(fun)}`; it was given "
            f"{', '.join(map(repr, arguments)) or 'none'}. Correct the name, or pass the "
            "argument: what keeps its default cannot be mapped."
        )
    resolved: list[ResolvedAxis] = []
    # In the order of the arguments, so their leaves are those of `args`; `*rest` is a tuple.
    for name, value in arguments.items():
        spec = in_axes.get(name, if_array(0))
        part = jax.tree_util.tree_leaves(value)
        resolved += _resolve_axes(f"in_axes[{name!r}]", fun, spec, value, part)
    return resolved


def _resolve_axes(
    which: str, fun: Callable, axes: PyTree[AxisSpec], tree: Any, leaves: list[Any]
) -> list[ResolvedAxis]:
    """The axis of every leaf of `tree`, in order."""
    if isinstance(axes, if_array):
        # By far the most frequent, and worth not asking the tree for.
        axis = _check_axis(which, fun, axes.axis)
        return [axis if is_array(leaf) else None for leaf in leaves]

    specs, treedef = jax.tree_util.tree_flatten(axes, is_leaf=_is_none)
    try:
        subtrees = treedef.flatten_up_to(tree)
    except ValueError as error:
        raise _no_prefix(which, fun, axes, tree, error) from None
    return [
        _check_axis(which, fun, spec(leaf) if callable(spec) else spec)
        for spec, subtree in zip(specs, subtrees, strict=True)
        for leaf in jax.tree_util.tree_leaves(subtree)
    ]


def _no_prefix(
    which: str, fun: Callable, axes: PyTree[AxisSpec], tree: Any, error: ValueError
) -> ValueError:
    what, name_path = "what it stands for", jax.tree_util.keystr
    if which == "in_axes":
        what, name_path = "the positional arguments, a tuple", partial(place_in_arguments, fun)
    table = mismatch_table(
        (which, "found"), axes, tree, is_prefix=True, is_leaf=_is_none, name_path=name_path
    )
    return ValueError(
        f"`{which}` of `filter_vmap({function_name(fun)})` is not a prefix of {what}:\n"
        f"{table or error}\n"
        "Give one entry for each part (a tuple, not a list, for several arguments), or a single "
        "one for all."
    )


def _is_none(node: Any) -> bool:
    return node is None


def _check_axis(which: str, fun: Callable, axis: Any) -> ResolvedAxis:
    if axis is None or (isinstance(axis, int) and not isinstance(axis, bool)):
        return axis
    if hasattr(axis, "__index__") and not isinstance(axis, bool) and not is_array(axis):
        return axis.__index__()
    if isinstance(axis, bool):
        raise TypeError(
            f"`{which}` of `filter_vmap({function_name(fun)})` has the bool {axis!r}; an axis "
            "is an integer, or None to broadcast. For a filter, write "
            "`lambda x: 0 if is_mapped(x) else None`."
        )
    raise ValueError(
        f"`{which}` of `filter_vmap({function_name(fun)})` has {axis!r}, of type "
        f"{type(axis).__name__}; `in_axes` and `out_axes` must consist of None, ints, and "
        "callables only."
    )


def _check_mapped(
    fun: Callable,
    args: tuple[Any, ...],
    leaves: list[Any],
    in_axes: list[ResolvedAxis],
    axis_size: int | None,
) -> None:
    """Raise, naming the leaf, unless every mapped leaf has its axis, all of one length."""
    sizes: dict[int, int] = {}
    for place, axis in enumerate(in_axes):
        if axis is None:
            continue
        leaf = leaves[place]
        shape = getattr(leaf, "shape", None)
        if shape is None:
            if not isinstance(leaf, (bool, int, float, complex)):
                raise TypeError(
                    f"{_argument(fun, args, place)} is {describe(leaf)}, of type "
                    f"{type(leaf).__name__}, which is not a valid JAX type, but `in_axes` "
                    f"maps it over axis {axis}; expected an array. Use `eqx.if_array({axis})`, "
                    "which maps the arrays of an argument only, or None."
                )
            shape = ()
        if not -len(shape) <= axis < len(shape):
            needs = axis + 1 if axis >= 0 else -axis
            raise ValueError(
                f"vmap was requested to map its argument along axis {axis}, but "
                f"{_argument(fun, args, place)} has shape {tuple(shape)}; expected rank {needs} "
                "or more. Give `in_axes=None` to what all calls share, or add the axis."
            )
        sizes.setdefault(shape[axis], place)
    if len(sizes) > 1:
        lines = [
            f"  {size}: axis {in_axes[place]} of {_argument(fun, args, place)}, of shape "
            f"{tuple(leaves[place].shape)}"
            for size, place in sizes.items()
        ]
        raise ValueError(
            "vmap got inconsistent sizes for array axes to be mapped:\n"
            + "\n".join(lines)
            + "\nexpected one size. Give `in_axes=None` to what all calls share, as in "
            "`in_axes=(None, 0)` for a model and a batch."
        )
    (size,) = sizes
    if axis_size is not None and size != axis_size:
        (place,) = sizes.values()
        raise ValueError(
            f"`axis_size` is {axis_size}, but axis {in_axes[place]} of "
            f"{_argument(fun, args, place)} has size {size}; expected the same. Leave "
            "`axis_size` out: it is needed only when nothing is mapped."
        )


def _check_returned(
    fun: Callable, out: Any, leaves: list[Any], out_axes: list[ResolvedAxis]
) -> None:
    for place, axis in enumerate(out_axes):
        leaf = leaves[place]
        if axis is None:
            continue
        if is_array(leaf) or isinstance(leaf, (bool, int, float, complex)):
            rank = jnp.ndim(leaf) + 1
            if -rank <= axis < rank:
                continue
            raise ValueError(
                f"`out_axes` gives {_returned(fun, out, place)} axis {axis}, which is out of "
                f"bounds; its elements have shape {jnp.shape(leaf)}, so expected {-rank} to "
                f"{rank - 1}."
            )
        raise TypeError(
            f"{_returned(fun, out, place)} is {describe(leaf)}, of type "
            f"{type(leaf).__name__}, which is not a valid JAX type, but `out_axes` gives "
            f"it axis {axis}; expected an array. Use `eqx.if_array({axis})`, which lets other "
            "objects through, or None."
        )


def _refuse_output_axes(fun: Callable, axes: PyTree[AxisSpec], out: Any) -> None:
    leaves = jax.tree_util.tree_leaves(out)
    for place, axis in enumerate(_resolve_axes("out_axes", fun, axes, out, leaves)):
        if axis is not None:
            raise ValueError(
                "Cannot resolve batch dimension. Non-`None` `out_axes` requires either `in_axes` "
                f"or `axis_size` to be not `None`: no argument of `{function_name(fun)}` is "
                f"mapped, and {_returned(fun, out, place)} is to get axis {axis}. Pass "
                "`axis_size=` to say how long it is, or `out_axes=None`."
            )


def _put_together(told: _Told, batched: list[Any], unbatched: list[Any]) -> Any:
    from_batched, from_unbatched = iter(batched), iter(unbatched)
    leaves = told.leaves.copy()
    for place, axis in enumerate(told.axes):
        if axis is not None:
            array = next(from_batched)
            leaves[place] = array if axis == 0 else jnp.moveaxis(array, 0, axis)
        elif leaves[place] is _ARRAY:
            leaves[place] = next(from_unbatched)
    return told.treedef.unflatten(leaves)


def _unmapped_outputs(fun: Callable, told: _Told) -> str:
    arrays = [
        place
        for place, axis in enumerate(told.axes)
        if axis is None and told.leaves[place] is _ARRAY
    ]
    tree = told.treedef.unflatten(told.leaves)
    return (
        "`out_axes` is None at "
        + ", ".join(_returned(fun, tree, place) for place in arrays)
        + "; expected it to be the same for every element. Give it an axis, as in `out_axes=0`."
    )


def _argument(fun: Callable, args: tuple[Any, ...], place: int) -> str:
    """How a user would write the leaf at `place` among the leaves of the arguments."""
    path, _ = jax.tree_util.tree_leaves_with_path(args)[place]
    return f"`{place_in_arguments(fun, path)}`"


def _returned(fun: Callable, out: Any, place: int) -> str:
    path, _ = jax.tree_util.tree_leaves_with_path(out)[place]
    where = jax.tree_util.keystr(path)
    return f"the output of `{function_name(fun)}`" + (f" at `{where}`" if where else "")
