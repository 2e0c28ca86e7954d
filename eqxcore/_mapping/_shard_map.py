"""`filter_shard_map`: one program for each part of sharded arrays."""

import functools
from collections.abc import Callable, Hashable, Set
from typing import Any, overload

import jax
from jax.sharding import AbstractMesh, Mesh, NamedSharding, PartitionSpec

from eqxcore._call_place import place_in_arguments
from eqxcore._function_name import function_name
from eqxcore._jit._call_form import CallForms
from eqxcore._jit._split import split
from eqxcore._module import Module, field, module_update_wrapper
from eqxcore._partial import Partial
from eqxcore._predicates import is_array
from eqxcore._prefix import Prefix, prefix_of
from eqxcore._pytree import PyTree
from eqxcore._shard_shape import why_not_sharded

SpecOfLeaf = PartitionSpec | None | Callable[[Any], PartitionSpec | None]
"""What may stand at a leaf of `in_specs` or `out_specs`."""


class _ShardMap(Module):
    """The callable behind `filter_shard_map`."""

    _fun: Callable[..., Any]
    _in_specs: Prefix = field(static=True)
    _out_specs: Prefix = field(static=True)
    _mesh: Mesh | AbstractMesh | None = field(static=True)
    _axis_names: frozenset[Hashable] = field(static=True)
    _check_vma: bool = field(static=True)

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return self._fun

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        if kwargs:
            args, kwargs = CallForms(self._fun).normalise(args, kwargs)
        if kwargs:
            raise TypeError(
                f"`{self._call}` was called with the keyword "
                f"{', '.join(f'`{name}`' for name in kwargs)}, which the function takes by keyword "
                "only; expected arguments that have a position, for `in_specs` goes by position. "
                "Close over the others: "
                "`eqx.filter_shard_map(lambda x: f(x, scale=scale), ...)(x)`."
            )
        arrays, structure = split((self._fun, args))
        in_specs = self._specs_of_arguments(args)
        # What JAX does not carry: it knows nothing but arrays.
        out_structure: Any = None

        def of_arrays(*arrays: Any) -> list[list[Any]]:
            nonlocal out_structure
            fun, args = structure.unflatten(arrays)
            out = fun(*args)
            out_structure = split(out)[1]
            return self._grouped(out)

        of_arrays.__name__ = of_arrays.__qualname__ = function_name(self._fun)
        if any(map(_is_function, self._out_specs.leaves)):
            out_specs = self._specs_of_result(structure, in_specs, arrays)
        else:
            out_specs = [_or_everywhere(spec) for spec in self._out_specs.leaves]
        mapped = self._shard_map(of_arrays, in_specs, out_specs, self._check_vma)
        try:
            groups = mapped(*arrays)
        except ValueError as error:
            if "out_specs" in str(error):
                error.add_note(self._places_of_out_specs())
            raise
        return out_structure.unflatten([array for group in groups for array in group])

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Partial(self, instance)

    @property
    def _call(self) -> str:
        """How the user wrote it."""
        return f"filter_shard_map({function_name(self._fun)})"

    def _shard_map(
        self, function: Callable[..., Any], in_specs: Any, out_specs: Any, check: bool
    ) -> Callable[..., Any]:
        if hasattr(jax, "shard_map"):
            return jax.shard_map(
                function,
                mesh=self._mesh,
                in_specs=in_specs,
                out_specs=out_specs,
                axis_names=self._axis_names,
                check_vma=check,
            )
        # Before JAX 0.6.1; its mesh is not optional, and it is told the axes that are left out.
        from jax.experimental.shard_map import shard_map

        mesh: Any = self._mesh
        automatic = frozenset(mesh.axis_names) - self._axis_names if self._axis_names else ()
        return shard_map(
            function,
            mesh=mesh,
            in_specs=in_specs,
            out_specs=out_specs,
            check_rep=check,
            auto=frozenset(automatic),  # type: ignore[call-arg]
        )

    def _specs_of_arguments(self, args: tuple[Any, ...]) -> tuple[PartitionSpec, ...]:
        """The spec of each array in the function, which has none, and in the arguments."""
        subtrees = self._in_specs.subtrees(
            args,
            name="in_specs",
            of=self._call,
            whole="the positional arguments, a tuple",
            name_path=functools.partial(place_in_arguments, self._fun),
        )
        leaf_specs = [
            (leaf, spec)
            for spec, subtree in zip(self._in_specs.leaves, subtrees, strict=True)
            for leaf in jax.tree_util.tree_leaves(subtree)
        ]
        specs = [PartitionSpec()] * _count(self._fun)
        for place, (leaf, spec) in enumerate(leaf_specs):
            if is_array(leaf):
                specs.append(self._resolve("in_specs", spec, leaf))
                self._check_fit(args, place, leaf, specs[-1])
        return tuple(specs)

    def _resolve(self, which: str, spec: SpecOfLeaf, leaf: Any) -> PartitionSpec:
        if _is_function(spec):
            spec = spec(leaf)  # type: ignore[operator]
            if spec is not None and not isinstance(spec, PartitionSpec):
                raise TypeError(_no_spec(f"A function in `{which}` of `{self._call}`", spec))
        return _or_everywhere(spec)

    def _check_fit(self, args: Any, place: int, leaf: Any, spec: PartitionSpec) -> None:
        """Raises `ValueError`, naming the leaf, where the spec does not fit it."""
        if not isinstance(self._mesh, Mesh):
            return
        try:
            reason = why_not_sharded(NamedSharding(self._mesh, spec), leaf.shape)
        except ValueError as error:  # no such axis
            reason = str(error)
        if reason is not None:
            path, _ = jax.tree_util.tree_leaves_with_path(args)[place]
            raise ValueError(
                f"`in_specs` of `{self._call}` gives `{place_in_arguments(self._fun, path)}`, of "
                f"shape {tuple(leaf.shape)}, the spec {spec}, on a mesh of "
                f"{dict(self._mesh.shape)}: {reason}"
            )

    def _grouped(self, out: Any) -> list[list[Any]]:
        """The arrays of the result, those together that have one spec."""
        groups: list[list[Any]] = []
        for spec, subtree in zip(self._out_specs.leaves, self._parts(out), strict=True):
            arrays = list(filter(is_array, jax.tree_util.tree_leaves(subtree)))
            groups += [[array] for array in arrays] if _is_function(spec) else [arrays]
        return groups

    def _parts(self, out: Any) -> list[Any]:
        return self._out_specs.subtrees(
            out, name="out_specs", of=self._call, whole="what the function returns"
        )

    def _specs_of_result(
        self, structure: Any, in_specs: Any, arrays: list[Any]
    ) -> list[PartitionSpec]:
        """The spec of each group of arrays in the result.

        JAX wants them before it traces the function, and functions of leaves want leaves. So it is
        traced once for them alone.
        """
        specs: list[PartitionSpec] = []

        def of_arrays(*arrays: Any) -> list[Any]:
            fun, args = structure.unflatten(arrays)
            out = fun(*args)
            specs.clear()
            for spec, subtree in zip(self._out_specs.leaves, self._parts(out), strict=True):
                if not _is_function(spec):
                    specs.append(_or_everywhere(spec))
                    continue
                leaves = filter(is_array, jax.tree_util.tree_leaves(subtree))
                specs.extend([self._resolve("out_specs", spec, leaf) for leaf in leaves])
            return []

        jax.eval_shape(self._shard_map(of_arrays, in_specs, PartitionSpec(), False), *arrays)
        return specs

    def _places_of_out_specs(self) -> str:
        paths = jax.tree_util.tree_leaves_with_path(
            self._out_specs.tree(), is_leaf=lambda node: node is None
        )
        lines = [
            f"  out_specs[{place}]: `out_specs{jax.tree_util.keystr(path)}`"
            for place, (path, _) in enumerate(paths)
        ]
        return f"In this message of JAX, and in `{self._call}`:\n" + "\n".join(lines)


@overload
def filter_shard_map(
    *,
    in_specs: PyTree[SpecOfLeaf],
    out_specs: PyTree[SpecOfLeaf],
    mesh: Mesh | AbstractMesh | None = None,
    axis_names: Set[Hashable] = frozenset(),
    check_vma: bool = True,
) -> Callable[[Callable[..., Any]], Any]: ...
@overload
def filter_shard_map(
    fun: Callable[..., Any],
    *,
    in_specs: PyTree[SpecOfLeaf],
    out_specs: PyTree[SpecOfLeaf],
    mesh: Mesh | AbstractMesh | None = None,
    axis_names: Set[Hashable] = frozenset(),
    check_vma: bool = True,
) -> Any: ...
def filter_shard_map(
    fun: Callable[..., Any] | None = None,
    *,
    in_specs: PyTree[SpecOfLeaf],
    out_specs: PyTree[SpecOfLeaf],
    mesh: Mesh | AbstractMesh | None = None,
    axis_names: Set[Hashable] = frozenset(),
    check_vma: bool = True,
) -> Any:
    """`fun`, run by each device of `mesh` on its own part of the arrays: `jax.shard_map`.

    `in_specs` and `out_specs` are prefix pytrees of the tuple of positional arguments and of the
    result. At their leaves stands a `jax.sharding.PartitionSpec`, which says along which axes of
    the mesh each axis of an array is split; `None`, for arrays that all devices have whole; or a
    function from an array to one of these. What is no array passes through as it is, in
    arguments and in results, whatever stands there; so do the arrays in `fun` itself, whole.
    Functions in `out_specs` are given parts of the results, and `fun` is traced once more for
    them.

    So a model is on all devices, and a batch is split, with `in_specs=(None, P("batch"))`. Without
    a mesh, it is that of the context. `axis_names` are the axes of the mesh that are split by hand,
    all by default; `check_vma=False` leaves out JAX's check that `out_specs` is true.

    Without `fun`, a decorator. On a method, `self` is the first argument.

    Raises `TypeError` for other things in the specs, and for keyword arguments that have no
    position; `ValueError`, naming the leaf, where a spec does not fit.
    """
    if fun is None:
        return functools.partial(
            filter_shard_map,
            in_specs=in_specs,
            out_specs=out_specs,
            mesh=mesh,
            axis_names=axis_names,
            check_vma=check_vma,
        )
    ins, outs = _checked("in_specs", in_specs), _checked("out_specs", out_specs)
    return module_update_wrapper(_ShardMap(fun, ins, outs, mesh, frozenset(axis_names), check_vma))


def _checked(name: str, specs: Any) -> Prefix:
    prefix = prefix_of(specs)
    for spec in prefix.leaves:
        if spec is not None and not isinstance(spec, PartitionSpec) and not callable(spec):
            raise TypeError(_no_spec(f"`{name}` of `filter_shard_map`", spec))
    return prefix


def _no_spec(where: str, found: Any) -> str:
    return (
        f"{where} has {found!r}, of type {type(found).__name__}. Expected a "
        "`jax.sharding.PartitionSpec`, as in `P('batch')`, or `None` for what all devices have "
        "whole."
    )


def _is_function(spec: Any) -> bool:
    return callable(spec) and not isinstance(spec, PartitionSpec)


def _or_everywhere(spec: Any) -> PartitionSpec:
    return PartitionSpec() if spec is None else spec


def _count(pytree: Any) -> int:
    return sum(map(is_array, jax.tree_util.tree_leaves(pytree)))
