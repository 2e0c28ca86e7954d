"""Finds the arrays that a program holds as constants in the variables of its function.

Which arrays a program holds is told by JAX; a variable is named only if one of these very arrays
is in it, so one may look generously. Nothing that is looked at is kept.
"""

import functools
import inspect
import types
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.tree_util as jtu
import numpy as np

from eqxview.tree.live.value_repr import key_text
from eqxview.tree.wording import array_type
from eqxview.watching.call_key import entry_text
from eqxview.watching.constant import LEAST, Constant, Scope, worth_telling
from eqxview.watching.function_mark import links_of

_MOST_VALUES = 50_000
_MOST_EQUATIONS = 50_000
_DEEPEST_OBJECT = 3
# Larger ones are not compared by what is in them.
_MOST_COMPARED = 2**26

_Variable = tuple[Scope, str, Any]


def closed_over(function: Any, jaxpr: Any) -> tuple[Constant, ...]:
    """The constants of `jaxpr`, the program of `function`, each with the variable it is in.

    Without those that are too small to matter: for these, nothing is looked for.
    """
    arrays = list({id(array): array for array in _held(jaxpr)}.values())
    if sum(map(_nbytes, arrays)) < LEAST:
        return ()
    return worth_telling(_Search(arrays).look(function))


def _held(jaxpr: Any) -> Iterator[Any]:
    """The arrays that a jaxpr holds, and those that jitted functions hold that it calls."""
    jaxprs, left = deque([jaxpr]), _MOST_EQUATIONS
    while jaxprs:
        jaxpr = jaxprs.popleft()
        yield from (each for each in getattr(jaxpr, "consts", ()) if hasattr(each, "dtype"))
        for equation in getattr(jaxpr, "eqns", ()):
            left -= 1
            if left < 0:
                return
            for value in equation.params.values():
                # A conditional has several.
                for inner in value if isinstance(value, (tuple, list)) else (value,):
                    if hasattr(inner, "eqns"):
                        jaxprs.append(inner)


def _nbytes(array: Any) -> int:
    return int(getattr(array, "nbytes", 0) or array.size * array.dtype.itemsize)


def _constant(array: Any, path: str = "", variable: _Variable = ("", "", None)) -> Constant:
    scope, name, value = variable
    holder = "" if value is None or _is_array(value) else type(value).__name__
    return Constant(
        path, array_type(str(array.dtype), tuple(array.shape)), _nbytes(array), name, scope, holder
    )


def _is_array(value: Any) -> bool:
    return isinstance(value, (jax.Array, np.ndarray))


class _Search:
    def __init__(self, arrays: Sequence[Any]) -> None:
        self._arrays = arrays
        self._wanted = {id(array): at for at, array in enumerate(arrays)}
        # JAX wraps arrays of NumPy: these are told by their memory.
        self._of_numpy = [
            (at, np.asarray(array))
            for at, array in enumerate(arrays)
            if not isinstance(array, jax.Array)
        ]
        self._found: dict[int, Constant] = {}
        self._functions: deque[tuple[str, Any]] = deque()
        self._seen: set[int] = set()

    def look(self, function: Any) -> list[Constant]:
        """All constants, in the order of the program."""
        self._functions.append(("<function>", function))
        # The nearest variables first: what a function calls is looked at after what it holds.
        while self._functions and not self._is_over():
            path, called = self._functions.popleft()
            for variable in _variables(called):
                name = f".{variable[1]}" if variable[1] else ""
                self._value(path + name, variable[2], variable, 0)
        return [self._found.get(at) or _constant(array) for at, array in enumerate(self._arrays)]

    def _is_over(self) -> bool:
        return len(self._found) == len(self._arrays) or len(self._seen) > _MOST_VALUES

    def _value(self, path: str, value: Any, variable: _Variable, depth: int) -> None:
        if _is_array(value):
            self._array(path, value, variable)
            return
        if isinstance(value, (types.ModuleType, type, *_PLAIN)) or self._is_over():
            return
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        if _is_function(value):
            self._functions.append((path, value))
            return
        try:
            leaves = jtu.tree_leaves_with_path(value)
        except Exception:  # noqa: BLE001  anybody's pytree; what does not flatten is not traced
            return
        if len(leaves) == 1 and not leaves[0][0]:
            # No pytree: an object as people write them.
            if depth < _DEEPEST_OBJECT:
                for name, part in tuple(getattr(value, "__dict__", {}).items()):
                    self._value(f"{path}.{name}", part, variable, depth + 1)
            return
        for keys, leaf in leaves:
            if not isinstance(leaf, _PLAIN):
                self._value(path + "".join(map(entry_text, keys)), leaf, variable, depth + 1)

    def _array(self, path: str, value: Any, variable: _Variable) -> None:
        at = self._wanted.get(id(value))
        if at is None and isinstance(value, np.ndarray):
            at = next((at for at, array in self._of_numpy if _is_copy(array, value)), None)
        if at is not None and at not in self._found:
            self._found[at] = _constant(self._arrays[at], path, variable)


_PLAIN = (type(None), bool, int, float, complex, str, bytes)


def _is_copy(constant: np.ndarray, array: np.ndarray) -> bool:
    """Whether the constant is this array, or what it became for JAX: float64 as float32."""
    if constant.shape != array.shape:
        return False
    if constant.dtype == array.dtype:
        return constant.ctypes.data == array.ctypes.data and constant.strides == array.strides
    if array.dtype.kind != constant.dtype.kind or array.nbytes > _MOST_COMPARED:
        return False
    return np.array_equal(constant, array.astype(constant.dtype))


def _is_function(value: Any) -> bool:
    if isinstance(value, (types.FunctionType, types.MethodType, functools.partial)):
        return True
    # What jax.jit, custom_jvp and filter_jit make.
    return callable(value) and inspect.getattr_static(value, "__wrapped__", None) is not None


def _variables(function: Any) -> Iterator[_Variable]:
    """All that a function reaches without being given it."""
    for link in links_of(function):
        if isinstance(link, types.FunctionType):
            yield from _variables_of(link)
        elif isinstance(link, types.MethodType):
            yield "self", "self", link.__self__
        elif isinstance(link, functools.partial):
            for index, value in enumerate(link.args):
                yield "partial", f"args[{index}]", value
            for name, value in link.keywords.items():
                yield "partial", f"keywords[{key_text(name)}]", value
        elif not _is_function(link):
            yield "callable", "", link


def _variables_of(function: types.FunctionType) -> Iterator[_Variable]:
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            yield "closure", name, cell.cell_contents
        except ValueError:
            continue  # a variable that has no value yet
    parameters = function.__code__.co_varnames[: function.__code__.co_argcount]
    defaults = function.__defaults__ or ()
    for name, value in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
        yield "default", name, value
    for name, value in (function.__kwdefaults__ or {}).items():
        yield "default", name, value
    for name in dict.fromkeys(_global_names(function.__code__)):
        if name in function.__globals__:
            yield "global", name, function.__globals__[name]


def _global_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _global_names(constant)
