"""What `filter_jit(f).lower(...)` gives, and what compiling that gives."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax

from eqxcore._call_place import place_in_call
from eqxcore._runtime_errors import PROGRAM_ERRORS, Checks, failure_in
from eqxcore._static_key import static_key
from eqxcore._structs import is_array_or_struct
from eqxcore._trees._mismatch import mismatch_table

from ._call_form import CallForms
from ._hashable import check_hashable
from ._options import Options
from ._split import PublicStructure, split_publicly
from ._traces import jit_of_arrays


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
    arrays, structure = split_publicly(call, is_array_or_struct)
    checks = Checks()
    with checks:
        lowered = jit_of_arrays(options, call, structure, is_array_or_struct).lower(*arrays)
    return Lowered(lowered, function, forms, structure, checks)


class Lowered:
    """As `jax.stages.Lowered`: every attribute of it is here."""

    def __init__(
        self,
        lowered: jax.stages.Lowered,
        function: Callable[..., Any],
        forms: CallForms,
        structure: PublicStructure,
        checks: Checks,
    ) -> None:
        self.lowered = lowered
        """What `jax.jit` lowered: a function of arrays only."""
        self._call = function, forms, structure, checks

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
        checks: Checks,
    ) -> None:
        self.compiled = compiled
        """What `jax.jit` compiled: a function of arrays only."""
        self._function = function
        self._forms = forms
        self._structure = structure
        self._checks = checks

    def __getattr__(self, name: str) -> Any:
        return getattr(self.compiled, name)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """The result.

        Raises `TypeError` when the arguments are of another structure, and `EquinoxRuntimeError`
        when an `error_if` in the program failed.
        """
        call = self._function, *self._forms.normalise(args, kwargs)
        arrays, structure = split_publicly(call)
        if structure != self._structure:
            raise TypeError(
                "A compiled program was called with arguments of another structure than it was "
                f"lowered for:\n{_difference(self._function, self._structure, structure)}\n"
                "Expected the same containers, static fields and static values, since they are "
                "built into the program. Lower it again for these arguments."
            )
        try:
            output = self.compiled(*arrays)
            if self._checks.found:
                self._checks.wait_for(output.arrays)
        except PROGRAM_ERRORS as error:
            failure = failure_in(error)
            if failure is None:
                raise
            raise failure from None
        return output.unflatten()


class _Array:
    """Stands for an array."""

    def __repr__(self) -> str:
        return "an array"


def _difference(
    function: Callable[..., Any], expected: PublicStructure, got: PublicStructure
) -> str:
    """Lines that show what differs, by the names of arguments."""
    array = _Array()
    table = mismatch_table(
        ("lowered for", "called with"),
        expected.unflatten(itertools.repeat(array)),
        got.unflatten(itertools.repeat(array)),
        same_leaf=lambda one, other: static_key(one) == static_key(other),
        name_path=functools.partial(place_in_call, function),
    )
    return table or f"  {expected.treedef}\n  {got.treedef}"
