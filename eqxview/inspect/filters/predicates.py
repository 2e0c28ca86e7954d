"""Predicates of Equinox by name, answered from what the tree tells about a leaf.

They say of a leaf what the functions of the same name say of the object itself, with one
exception that no tree can tell: `is_array_like` also takes instances of subclasses of Python's
numbers, and objects with `__jax_array__`.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from eqxview.inspect.filters.expression import Python
from eqxview.inspect.masks import (
    Mask,
    all_rows,
    both,
    either,
    looked_up,
    no_rows,
    without,
)
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Flag, Kind


class Predicate(NamedTuple):
    """A predicate that a filter may name."""

    name: str
    summary: str
    rows: Callable[[Tree], Mask]
    code: Python
    """The call on a leaf."""
    spec: str
    """The predicate itself, as a filter spec in Python."""


def is_array(tree: Tree) -> Mask:
    """Arrays: of JAX, of NumPy, NumPy's scalars."""
    return looked_up(tree.kind, [kind == Kind.ARRAY for kind in Kind])


def is_inexact_array(tree: Tree) -> Mask:
    """Arrays of floating-point or complex numbers."""
    inexact = _by_dtype(tree, _INEXACT)
    # Equinox asks NumPy about NumPy's arrays, for whom bfloat16 and its kin are no numbers.
    foreign = without(with_flag(tree, Flag.NUMPY), _by_dtype(tree, _NUMPY_INEXACT))
    return without(both(is_array(tree), inexact), foreign)


def is_array_like(tree: Tree) -> Mask:
    """Arrays, and Python's numbers."""
    numbers = looked_up(tree.kind, [kind in (Kind.BOOL, Kind.NUMBER) for kind in Kind])
    return either(is_array(tree), numbers)


def is_inexact_array_like(tree: Tree) -> Mask:
    """Arrays of floating-point or complex numbers, and Python's."""
    numbers = looked_up(tree.kind, [kind == Kind.NUMBER for kind in Kind])
    inexact = looked_up(tree.type, [path in _PYTHON_INEXACT for _, path in tree.types] + [False])
    return either(is_inexact_array(tree), both(numbers, inexact))


def with_flag(tree: Tree, flag: Flag) -> Mask:
    """The rows on which `flag` is set."""
    bit = int(flag)
    return looked_up(tree.flags, [value & bit != 0 for value in range(_MANY_FLAGS)])


def _by_dtype(tree: Tree, pattern: re.Pattern[str]) -> Mask:
    return looked_up(tree.dtype, [bool(pattern.match(name)) for name in tree.dtypes] + [False])


_INEXACT = re.compile(r"b?float[1-9]|complex|[<>][fc]\d")
_NUMPY_INEXACT = re.compile(r"(float(16|32|64|80|96|128|256)|complex\d+|[<>][fc]\d+)\Z")
_PYTHON_INEXACT = ("builtins.float", "builtins.complex")
_MANY_FLAGS = 2 * max(map(int, Flag))


def _of_equinox(name: str, summary: str, rows: Callable[[Tree], Mask]) -> Predicate:
    return Predicate(name, summary, rows, Python(f"eqx.{name}(leaf)"), f"eqx.{name}")


PREDICATES: tuple[Predicate, ...] = (
    _of_equinox("is_array", "arrays: what filter_jit traces", is_array),
    _of_equinox(
        "is_inexact_array", "float and complex arrays: what has gradients", is_inexact_array
    ),
    _of_equinox("is_array_like", "arrays and Python's numbers", is_array_like),
    _of_equinox(
        "is_inexact_array_like", "float and complex, arrays or Python's", is_inexact_array_like
    ),
    Predicate("True", "every leaf", all_rows, Python("True"), "True"),
    Predicate("False", "no leaf", no_rows, Python("False"), "False"),
)

PREFIXES = ("eqx.", "equinox.", "eqxcore.")
"""What may stand before a predicate's name."""


def find_predicate(word: str) -> Predicate | None:
    """The predicate called `word`, with or without the library's name before it."""
    for prefix in PREFIXES:
        word = word.removeprefix(prefix)
    return next((known for known in PREDICATES if known.name == word), None)
