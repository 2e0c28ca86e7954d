"""What is static in a pytree, as text that is the same in every run.

Two such values count as the same if their texts are. Of an object whose class says nothing of
its contents that is the name of the class: it is not asked for its repr, which may hold an
address, and never run again.
"""

import dataclasses
import enum
import functools
import hashlib
import types
from typing import Any

import jax
import jax.tree_util as jtu
import numpy as np

from eqxcore._pickling import find_name
from eqxcore._predicates import is_array

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), range, slice)
_FUNCTIONS = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ModuleType,
    np.ufunc,
    jax.custom_jvp,
    jax.custom_vjp,
    type(jax.jit(lambda: None)),
    functools._lru_cache_wrapper,
)

LONGEST = 400
"""Characters of a text; a longer one is cut, and a hash of all of it put behind."""

_DEEPEST = 16


def static_text(value: Any) -> str:
    """The value as text."""
    text = _text(value, 0)
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{text[:LONGEST]}... (sha256 {digest})"


def form_of(value: Any) -> str:
    """What kind of thing the text stands for: a `function`, a `class`, a `value` or an `object`."""
    if isinstance(value, type):
        return "class"
    if isinstance(value, _FUNCTIONS):
        return "function"
    return "value" if isinstance(value, (*_PLAIN, enum.Enum, tuple, np.dtype)) else "object"


def class_name(cls: type) -> str:
    """Module and qualified name of a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def _text(value: Any, depth: int) -> str:
    if depth > _DEEPEST:
        return "..."
    deeper = functools.partial(_text, depth=depth + 1)
    cls = type(value)
    if cls in _PLAIN:
        return repr(value)
    if isinstance(value, enum.Enum):
        return f"{class_name(cls)}.{value.name}"
    if isinstance(value, _FUNCTIONS):
        return _name(value)
    if isinstance(value, np.dtype):
        return f"dtype({value})"
    if isinstance(value, (functools.partial, jtu.Partial)):
        arguments = [deeper(item) for item in value.args]
        arguments += [f"{name}={deeper(item)}" for name, item in value.keywords.items()]
        return f"partial({', '.join([deeper(value.func), *arguments])})"
    if isinstance(value, types.MethodType):
        return f"{deeper(value.__self__)}.{value.__name__}"
    if isinstance(value, (list, tuple)):
        inside = ", ".join(map(deeper, value))
        if cls is list:
            return f"[{inside}]"
        return f"({inside}{',' * (len(value) == 1)})" if cls is tuple else _call(cls, inside)
    if isinstance(value, dict):
        inside = ", ".join(f"{deeper(key)}: {deeper(item)}" for key, item in value.items())
        return f"{{{inside}}}" if cls is dict else _call(cls, inside)
    if isinstance(value, (set, frozenset)):
        # In the order of their texts: that of a set is another one in each run.
        return _call(cls, ", ".join(sorted(map(deeper, value))))
    if is_array(value):
        return _array(value)
    if dataclasses.is_dataclass(cls):
        return _call(
            cls,
            ", ".join(
                f"{field.name}={deeper(getattr(value, field.name, None))}"
                for field in dataclasses.fields(cls)
            ),
        )
    return f"<{class_name(cls)}>"


def _call(cls: type, inside: str) -> str:
    return f"{class_name(cls)}({inside})"


def _name(function: Any) -> str:
    """The name by which it is imported; of a lambda, and its like, that of where it was written."""
    found = find_name(function)
    if found is not None:
        module, qualname = found
        return qualname if module == "builtins" else f"{module}.{qualname}"
    qualname = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    if not isinstance(qualname, str):
        return f"<{class_name(type(function))}>"
    module = getattr(function, "__module__", None)
    return f"{module}.{qualname}" if isinstance(module, str) else qualname


def _array(array: Any) -> str:
    kind = f"{class_name(type(array))} {array.dtype}{list(array.shape)}"
    if isinstance(array, (np.ndarray, np.generic)) and not array.dtype.hasobject:
        return f"<{kind} sha256 {hashlib.sha256(array.tobytes()).hexdigest()[:16]}>"
    return f"<{kind}>"
