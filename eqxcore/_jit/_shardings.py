"""`in_shardings` and `out_shardings`: where arguments are expected, and where results are put."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.core
import jax.tree_util as jtu

from eqxcore._call_place import place_in_arguments, place_in_call
from eqxcore._function_name import function_name
from eqxcore._predicates import is_array
from eqxcore._prefix import Prefix
from eqxcore._shard_shape import why_not_sharded

from ._split import split

_Call = tuple[Any, tuple[Any, ...], dict[str, Any]]


def shardings_of_arguments(
    prefix: Prefix, call: _Call, is_dynamic: Callable[[Any], bool] = is_array
) -> tuple[Any, ...]:
    """The sharding of each array in the call, `None` where none is specified.

    `prefix` is one of the tuple of positional arguments. What is in the function itself has none.
    Raises `ValueError` when it is no prefix, and when there are arrays in keyword arguments for
    which it says nothing.
    """
    function, args, kwargs = call
    subtrees = prefix.subtrees(
        args,
        name="in_shardings",
        of=f"filter_jit({function_name(function)})",
        whole="the positional arguments, a tuple",
        name_path=functools.partial(place_in_arguments, function),
    )
    shardings: list[Any] = [None] * _count(function, is_dynamic)
    for sharding, subtree in zip(prefix.leaves, subtrees, strict=True):
        shardings += [sharding] * _count(subtree, is_dynamic)
    keywords = _count(kwargs, is_dynamic)
    if keywords and not jtu.treedef_is_leaf(prefix.treedef):
        raise ValueError(
            f"`in_shardings` of `filter_jit({function_name(function)})` goes by position, and the "
            "call has arrays in the keyword arguments "
            f"{', '.join(f'`{key}`' for key in kwargs)}, which the function takes by keyword only. "
            "Expected arrays in positional arguments: let the function take them by position, or "
            "give a single sharding for everything."
        )
    return (*shardings, *(prefix.leaves * keywords))


def check_placement(prefix: Prefix, call: _Call) -> None:
    """Raises `ValueError`, naming the leaf, for an array that cannot be as `in_shardings` says.

    JAX would say so, too, but of an array by its number. An array that was not put anywhere yet is
    moved; one that was, with `jax.device_put`, is not.
    """
    shardings = iter(shardings_of_arguments(prefix, call))
    for path, leaf in jtu.tree_leaves_with_path(call):
        if not is_array(leaf):
            continue
        sharding = next(shardings)
        reason = why_not_sharded(sharding, leaf.shape)
        if reason is not None:
            raise ValueError(
                f"`in_shardings` gives `{place_in_call(call[0], path)}` the sharding {sharding}, "
                f"which does not fit its shape {tuple(leaf.shape)}: {reason}"
            )
        if not _is_put_elsewhere(leaf, sharding):
            continue
        raise ValueError(
            f"`in_shardings` gives `{place_in_call(call[0], path)}` the sharding {sharding}, but "
            f"the array was put elsewhere: {leaf.sharding}. Expected it there, or not put "
            "anywhere, since `jit` moves no array that was placed on purpose: call "
            "`jax.device_put(x, sharding)` first, or leave its entry `None`."
        )


def _is_put_elsewhere(leaf: Any, sharding: Any) -> bool:
    if not isinstance(sharding, jax.sharding.Sharding):
        return False
    if not isinstance(leaf, jax.Array) or isinstance(leaf, jax.core.Tracer):
        return False
    return leaf.committed and not leaf.sharding.is_equivalent_to(sharding, leaf.ndim)


class Statics:
    """A node without leaves: everything of a result but its arrays."""

    __slots__ = ("structure",)

    def __init__(self, structure: Any) -> None:
        self.structure = structure


jtu.register_pytree_node(
    Statics, lambda statics: ((), statics.structure), lambda structure, _: Statics(structure)
)


class GroupedOutput:
    """As `Output`, with the arrays in groups: one for each leaf of `out_shardings`.

    JAX wants a prefix of what the traced function returns, and what it returns is known only
    afterwards. The number of groups is known before.
    """

    __slots__ = ("groups", "statics")

    def __init__(self, groups: Any, statics: Any) -> None:
        self.groups = groups
        self.statics = statics

    @property
    def arrays(self) -> list[Any]:
        """All arrays, in order."""
        return list(itertools.chain.from_iterable(self.groups))

    def unflatten(self) -> Any:
        """The result, put together."""
        return self.statics.structure.unflatten(self.arrays)


jtu.register_pytree_node(
    GroupedOutput,
    lambda output: ((output.groups, output.statics), None),
    lambda _, children: GroupedOutput(*children),
)


def grouped_output(prefix: Prefix, function: Any, result: Any) -> GroupedOutput:
    """The result with its arrays in groups. Raises `ValueError` when it has another structure."""
    subtrees = prefix.subtrees(
        result,
        name="out_shardings",
        of=f"filter_jit({function_name(function)})",
        whole="what the function returns",
    )
    groups = [list(filter(is_array, jtu.tree_leaves(subtree))) for subtree in subtrees]
    return GroupedOutput(groups, Statics(split(result)[1]))


def shardings_of_groups(prefix: Prefix) -> GroupedOutput:
    """The prefix of a `GroupedOutput` that `jax.jit` takes for `out_shardings`."""
    return GroupedOutput(list(prefix.leaves), None)


def _count(pytree: Any, is_dynamic: Callable[[Any], bool]) -> int:
    return sum(map(is_dynamic, jtu.tree_leaves(pytree)))
