"""What `filter_jit(f).lower(...)` gives, and what compiling that gives."""

from collections.abc import Callable
from typing import Any

import jax
import jax.tree_util as jtu

from eqxcore._predicates import is_array
from eqxcore._static_key import static_key

from ._call_form import CallForms
from ._hashable import check_hashable
from ._options import Options
from ._split import PublicStructure, split_publicly
from ._traces import jit_of_arrays


def _is_array_or_struct(leaf: Any) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct) or is_array(leaf)


def lower(
    function: Callable[..., Any],
    options: Options,
    forms: CallForms,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> "Lowered":
    """The program of `function` for these arguments."""
    call = function, *forms.normalise(args, kwargs)
    check_hashable(call)
    arrays, structure = split_publicly(call, _is_array_or_struct)
    lowered = jit_of_arrays(options, call, structure).lower(*arrays)
    return Lowered(lowered, function, forms, structure)


class Lowered:
    """As `jax.stages.Lowered`: every attribute of it is here."""

    def __init__(
        self,
        lowered: jax.stages.Lowered,
        function: Callable[..., Any],
        forms: CallForms,
        structure: PublicStructure,
    ) -> None:
        self.lowered = lowered
        """What `jax.jit` lowered: a function of arrays only."""
        self._call = function, forms, structure

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lowered, name)

    def compile(self, compiler_options: dict[str, Any] | None = None) -> "Compiled":
        """The program, compiled: called with arguments as the function is."""
        return Compiled(self.lowered.compile(compiler_options), *self._call)


class Compiled:
    """As `jax.stages.Compiled`: every attribute of it is here. Call it as the function."""

    def __init__(
        self,
        compiled: jax.stages.Compiled,
        function: Callable[..., Any],
        forms: CallForms,
        structure: PublicStructure,
    ) -> None:
        self.compiled = compiled
        """What `jax.jit` compiled: a function of arrays only."""
        self._function = function
        self._forms = forms
        self._structure = structure

    def __getattr__(self, name: str) -> Any:
        return getattr(self.compiled, name)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """The result. Raises `TypeError` when the arguments are of another structure."""
        call = self._function, *self._forms.normalise(args, kwargs)
        arrays, structure = split_publicly(call)
        if structure != self._structure:
            raise TypeError(
                "A compiled program was called with arguments of another structure than it was "
                f"lowered for.{_difference(self._structure, structure)} Expected the same "
                "containers, static fields and static values, since they are built into the "
                "program: lower it again for these arguments."
            )
        return self.compiled(*arrays).unflatten()


def _difference(expected: PublicStructure, got: PublicStructure) -> str:
    was, now = (
        structure.treedef.unflatten([0] * structure.treedef.num_leaves)
        for structure in (expected, got)
    )
    try:
        jtu.tree_map(lambda one, other: None, was, now)
    except ValueError as error:
        return f" Of (function, positional arguments, keyword arguments), JAX says: {error}."
    for one, other in zip(expected.statics, got.statics, strict=False):
        if static_key(one) != static_key(other):
            return f" A static value was {one!r} then, and is {other!r} now."
    return " Something that was an array then is none now, or the other way round."
