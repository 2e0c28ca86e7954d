"""Axes of arguments and results: which leaves are mapped, and along what."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from eqxcore._call_place import place_in_arguments
from eqxcore._function_name import function_name
from eqxcore._predicates import is_array
from eqxcore._prefix import prefix_of
from eqxcore._pytree import PyTree
from eqxcore._trees._mismatch import describe

ResolvedAxis = int | None
"""The axis of one leaf: `None` when it is not mapped."""

AxisSpec = int | None | Callable[[Any], int | None]
"""What may stand at a leaf of `in_axes` or `out_axes`."""


@dataclass(frozen=True)
class if_array:
    """Map arrays over `axis`, and broadcast everything else."""

    axis: int

    def __call__(self, x: Any) -> int | None:
        return self.axis if is_array(x) else None


FIRST_AXIS = if_array(0)
"""What `in_axes` and `out_axes` are by default."""


class AxesOf(NamedTuple):
    """The axes of one function under one transformation, and what to say when they do not fit."""

    transformation: str
    """Its name, as in "filter_vmap"."""
    fun: Callable[..., Any]

    @property
    def call(self) -> str:
        """How the user wrote it."""
        return f"{self.transformation}({function_name(self.fun)})"

    @property
    def plain(self) -> str:
        """The name of JAX's transformation underneath."""
        return self.transformation.removeprefix("filter_")

    def refuse_keywords(self, kwargs: dict[str, Any]) -> None:
        """Raises `RuntimeError` when there are any."""
        if kwargs:
            raise RuntimeError(
                f"`{function_name(self.fun)}`, wrapped by `{self.transformation}`, was called with "
                f"the keyword {', '.join(f'`{name}`' for name in kwargs)}; expected positional "
                "arguments only, for `in_axes` goes by position. Pass them by position, or close "
                "over what is not mapped: "
                f"`eqx.{self.transformation}(lambda x: f(x, scale=scale))(x)`."
            )

    def resolve_in_axes(
        self, in_axes: PyTree[AxisSpec], args: tuple[Any, ...], leaves: list[Any]
    ) -> list[ResolvedAxis]:
        if not isinstance(in_axes, dict):
            return self.resolve("in_axes", in_axes, args, leaves)
        arguments = inspect.signature(self.fun).bind(*args).arguments
        unknown = [name for name in in_axes if name not in arguments]
        if unknown:
            raise ValueError(
                f"`in_axes` names {', '.join(map(repr, unknown))}, which did not correspond to any "
                f"argument of this call to `{function_name(self.fun)}`; it was given "
                f"{', '.join(map(repr, arguments)) or 'none'}. Correct the name, or pass the "
                "argument: what keeps its default cannot be mapped."
            )
        resolved: list[ResolvedAxis] = []
        # In the order of the arguments, so their leaves are those of `args`; `*rest` is a tuple.
        for name, value in arguments.items():
            spec = in_axes.get(name, FIRST_AXIS)
            part = jax.tree_util.tree_leaves(value)
            resolved += self.resolve(f"in_axes[{name!r}]", spec, value, part)
        return resolved

    def resolve(
        self, which: str, axes: PyTree[AxisSpec], tree: Any, leaves: list[Any]
    ) -> list[ResolvedAxis]:
        """The axis of every leaf of `tree`, in order."""
        if isinstance(axes, if_array):
            # By far the most frequent, and worth not asking the tree for.
            axis = self.check_axis(which, axes.axis)
            return [axis if is_array(leaf) else None for leaf in leaves]

        whole, name_path = "what it stands for", jax.tree_util.keystr
        if which == "in_axes":
            whole = "the positional arguments, a tuple"
            name_path = functools.partial(place_in_arguments, self.fun)
        prefix = prefix_of(axes)
        subtrees = prefix.subtrees(tree, name=which, of=self.call, whole=whole, name_path=name_path)
        return [
            self.check_axis(which, spec(leaf) if callable(spec) else spec)
            for spec, subtree in zip(prefix.leaves, subtrees, strict=True)
            for leaf in jax.tree_util.tree_leaves(subtree)
        ]

    def check_axis(self, which: str, axis: Any) -> ResolvedAxis:
        """The axis. Raises `TypeError` or `ValueError` if it is none."""
        if axis is None or (isinstance(axis, int) and not isinstance(axis, bool)):
            return axis
        if hasattr(axis, "__index__") and not isinstance(axis, bool) and not is_array(axis):
            return axis.__index__()
        if isinstance(axis, bool):
            raise TypeError(
                f"`{which}` of `{self.call}` has the bool {axis!r}; an axis "
                "is an integer, or None to broadcast. For a filter, write "
                "`lambda x: 0 if is_mapped(x) else None`."
            )
        raise ValueError(
            f"`{which}` of `{self.call}` has {axis!r}, of type "
            f"{type(axis).__name__}; `in_axes` and `out_axes` must consist of None, ints, and "
            "callables only."
        )

    def check_mapped(
        self,
        args: tuple[Any, ...],
        leaves: list[Any],
        in_axes: list[ResolvedAxis],
        axis_size: int | None,
    ) -> int | None:
        """The number of elements, `None` if nothing is mapped and there is no `axis_size`.

        Raises, naming the leaf, unless every mapped leaf has its axis, all of one length.
        """
        sizes: dict[int, int] = {}
        for place, axis in enumerate(in_axes):
            if axis is None:
                continue
            leaf = leaves[place]
            shape = getattr(leaf, "shape", None)
            if shape is None:
                if not isinstance(leaf, (bool, int, float, complex)):
                    raise TypeError(
                        f"{self.argument(args, place)} is {describe(leaf)}, of type "
                        f"{type(leaf).__name__}, which is not a valid JAX type, but `in_axes` "
                        f"maps it over axis {axis}; expected an array. Use `eqx.if_array({axis})`, "
                        "which maps the arrays of an argument only, or None."
                    )
                shape = ()
            if not -len(shape) <= axis < len(shape):
                needs = axis + 1 if axis >= 0 else -axis
                raise ValueError(
                    f"{self.plain} was requested to map its argument along axis {axis}, but "
                    f"{self.argument(args, place)} has shape {tuple(shape)}; expected rank {needs} "
                    "or more. Give `in_axes=None` to what all calls share, or add the axis."
                )
            sizes.setdefault(shape[axis], place)
        if len(sizes) > 1:
            lines = [
                f"  {size}: axis {in_axes[place]} of {self.argument(args, place)}, of shape "
                f"{tuple(leaves[place].shape)}"
                for size, place in sizes.items()
            ]
            raise ValueError(
                f"{self.plain} got inconsistent sizes for array axes to be mapped:\n"
                + "\n".join(lines)
                + "\nexpected one size. Give `in_axes=None` to what all calls share, as in "
                "`in_axes=(None, 0)` for a model and a batch."
            )
        if not sizes:
            return axis_size
        (size,) = sizes
        if axis_size is not None and size != axis_size:
            (place,) = sizes.values()
            raise ValueError(
                f"`axis_size` is {axis_size}, but axis {in_axes[place]} of "
                f"{self.argument(args, place)} has size {size}; expected the same. Leave "
                "`axis_size` out: it is needed only when nothing is mapped."
            )
        return size

    def check_returned(self, out: Any, leaves: list[Any], out_axes: list[ResolvedAxis]) -> None:
        for place, axis in enumerate(out_axes):
            leaf = leaves[place]
            if axis is None:
                continue
            if is_array(leaf) or isinstance(leaf, (bool, int, float, complex)):
                rank = jnp.ndim(leaf) + 1
                if -rank <= axis < rank:
                    continue
                raise ValueError(
                    f"`out_axes` gives {self.returned(out, place)} axis {axis}, which is out of "
                    f"bounds; its elements have shape {jnp.shape(leaf)}, so expected {-rank} to "
                    f"{rank - 1}."
                )
            raise TypeError(
                f"{self.returned(out, place)} is {describe(leaf)}, of type "
                f"{type(leaf).__name__}, which is not a valid JAX type, but `out_axes` gives "
                f"it axis {axis}; expected an array. Use `eqx.if_array({axis})`, which lets other "
                "objects through, or None."
            )

    def refuse_output_axes(self, axes: PyTree[AxisSpec], out: Any) -> None:
        leaves = jax.tree_util.tree_leaves(out)
        for place, axis in enumerate(self.resolve("out_axes", axes, out, leaves)):
            if axis is not None:
                raise ValueError(
                    "Cannot resolve batch dimension. Non-`None` `out_axes` requires either "
                    "`in_axes` or `axis_size` to be not `None`: no argument of "
                    f"`{function_name(self.fun)}` is mapped, and {self.returned(out, place)} is to "
                    f"get axis {axis}. Pass "
                    "`axis_size=` to say how long it is, or `out_axes=None`."
                )

    def argument(self, args: tuple[Any, ...], place: int) -> str:
        """How a user would write the leaf at `place` among the leaves of the arguments."""
        path, _ = jax.tree_util.tree_leaves_with_path(args)[place]
        return f"`{place_in_arguments(self.fun, path)}`"

    def returned(self, out: Any, place: int) -> str:
        path, _ = jax.tree_util.tree_leaves_with_path(out)[place]
        where = jax.tree_util.keystr(path)
        return f"the output of `{function_name(self.fun)}`" + (f" at `{where}`" if where else "")
