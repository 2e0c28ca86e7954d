"""Arrays that are part of a program, because its function does not take them as arguments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from eqxview.tree.wording import byte_size, counted

Scope = Literal["closure", "global", "default", "partial", "self", "callable", ""]


@dataclass(frozen=True, slots=True)
class Constant:
    """One array that was compiled in."""

    path: str
    """Rooted at `<function>`: `<function>.model.layers[0].weight`; empty where it is found in no
    variable of the function, as what is made while it is traced."""
    array: str
    """Its type: `f32[64,64]`."""
    nbytes: int
    variable: str = ""
    """The variable of the function by which it is reached."""
    scope: Scope = ""
    """What kind of variable: of an enclosing function, a global one, a default of a parameter, an
    argument held by a partial; `self` of a method; or the callable itself."""
    holder: str = ""
    """The class of what is in the variable; empty where it is the array itself."""


@dataclass(frozen=True, slots=True)
class Captured:
    """The constants of one program that are reached by one variable. Its text is a clause."""

    constants: tuple[Constant, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all of them."""
        return sum(constant.nbytes for constant in self.constants)

    def fix_for(self, function: str) -> str:
        """What to do about it in the function of this name."""
        first = self.constants[0]
        if not first.path:
            return "make it outside of the function, and pass it as an argument"
        if first.scope in ("self", "callable"):
            return f"jit a function that takes the {first.holder} as an argument, and pass it"
        return f"make {first.variable} a parameter of {function}, and pass it in each call"

    def __str__(self) -> str:
        number = counted(len(self.constants), "array")
        return f"{number}, {byte_size(self.nbytes)}, {self._whence()}"

    def _whence(self) -> str:
        first = self.constants[0]
        if not first.path:
            return "made while it is traced"
        where = {
            "closure": f"in {first.variable}, a variable around it",
            "global": f"in {first.variable}, a global variable",
            "default": f"that is the default of {first.variable}",
            "partial": f"that its partial holds as {first.variable}",
            "self": "whose method it is",
            "callable": "that is jitted",
        }[first.scope or "closure"]
        if not first.holder:
            return where
        start = len("<function>") + (len(first.variable) + 1 if first.variable else 0)
        names = [constant.path[start:] for constant in self.constants]
        if len(names) > 3:
            names = [*names[:2], f"{len(names) - 2} more"]
        listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        return f"{listed} of the {first.holder} {where}"


def captured(constants: Iterable[Constant]) -> tuple[Captured, ...]:
    """The constants of a program by the variables they are reached by, the largest first."""
    groups: dict[tuple[str, str, str], list[Constant]] = {}
    for constant in constants:
        root = (constant.scope, constant.variable, constant.holder)
        groups.setdefault(root, []).append(constant)
    found = [Captured(tuple(group)) for group in groups.values()]
    return tuple(sorted(found, key=lambda each: -each.nbytes))


# A small table is better off inside of the program.
LEAST = 1024
"""Bytes from which the arrays of one variable are told."""
LEAST_MADE = 1024 * 1024
"""The same for arrays of no variable: nobody has them twice, so only large ones are told."""


def worth_telling(constants: Sequence[Constant]) -> tuple[Constant, ...]:
    """The constants of a program without those that are too small to matter."""
    return tuple(
        constant
        for group in captured(constants)
        if group.nbytes >= (LEAST if group.constants[0].path else LEAST_MADE)
        for constant in group.constants
    )
