"""What a live callable is made of: its code, its defaults, what it closes over.

Objects are looked into, not asked: no `__eq__`, `__hash__` or `__repr__` of a user's is called.
"""

import functools
import sys
import types
from collections.abc import Hashable, Iterator
from hashlib import blake2b
from os.path import basename
from typing import Any

from eqxview.tree.callable_content import CLOSURE, CallableContent, Part
from eqxview.tree.sanitise import sanitise
from eqxview.tree.value_text import primitive_text

_MAX_DEPTH = 12
_MAX_VALUES = 5_000
_MAX_LINKS = 16
_MAX_BYTES = 1 << 20
"""Bytes of an array in a closure that are compared; of larger ones dtype and shape are."""


def live_content(value: Any) -> CallableContent | None:
    """The content of a function, of what wraps one, or of a partial; `None` for others.

    Arrays of up to 1 MiB that it holds are brought to the host.
    """
    taken = _TakenApart()
    parts: dict[str, Part] = {}
    where = ""
    for link in _links(value):
        for name, part in taken.parts_of(link):
            # The outer one of two wrappers is what a user has written last.
            parts.setdefault(name, part)
        if isinstance(link, types.FunctionType):
            code = link.__code__
            where = sanitise(f"{basename(code.co_filename)}:{code.co_firstlineno}")
    return CallableContent("live", parts, where) if parts else None


def _links(value: Any) -> Iterator[Any]:
    """The callable, what it wraps, what that wraps, and so on."""
    for _ in range(_MAX_LINKS):
        yield value
        if isinstance(value, functools.partial):
            inner = value.func
        elif isinstance(value, types.MethodType):
            inner = value.__func__
        elif isinstance(value, type):
            return
        else:
            attributes = getattr(value, "__dict__", None)
            held = attributes if isinstance(attributes, dict) else {}
            # `jax.custom_jvp` keeps its function under another name than `functools.wraps`.
            inner = held.get("fun", getattr(value, "__wrapped__", None))
        if inner is None or not callable(inner):
            return
        value = inner


class _TakenApart:
    """Tokens of the values in one callable, so many in all."""

    def __init__(self) -> None:
        self._left = _MAX_VALUES
        self._above: list[int] = []
        """The values that we are in, by identity, outermost first."""

    def parts_of(self, link: Any) -> Iterator[tuple[str, Part]]:
        """The parts of one link of a chain of wrappers, by their names."""
        if isinstance(link, functools.partial):
            for index, item in enumerate(link.args):
                yield f"argument {index}", self._part(item)
            for name, item in link.keywords.items():
                yield f"argument {sanitise(str(name))}", self._part(item)
        elif isinstance(link, types.MethodType):
            yield "object it is bound to", self._part(link.__self__)
        elif isinstance(link, types.FunctionType):
            yield from self._parts_of_function(link)

    def _parts_of_function(self, function: types.FunctionType) -> Iterator[tuple[str, Part]]:
        code = function.__code__
        yield "code", Part(self._code(code, 0), "")
        names = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        for name, item in zip(names[len(names) - len(defaults) :], defaults, strict=True):
            yield f"default of {name}", self._part(item)
        for name, item in (function.__kwdefaults__ or {}).items():
            yield f"default of {name}", self._part(item)
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            try:
                item = cell.cell_contents
            except ValueError:
                continue  # a variable without a value yet, as of a function that calls itself
            if item is not function:
                yield f"{name} {CLOSURE}", self._part(item)

    def _part(self, value: Any) -> Part:
        text = primitive_text(value)
        if text is None and callable(value):
            text = ""
        elif text is None:
            text = sanitise(f"<{type(value).__name__}>")
        return Part(self._token(value, 1), text)

    def _code(self, code: types.CodeType, depth: int) -> Hashable:
        """The code without its place: a function that moved down a line is the same."""
        return (
            *(code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags),
            *(code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
            getattr(code, "co_exceptiontable", b""),
            tuple(self._token(item, depth + 1) for item in code.co_consts),
        )

    def _token(self, value: Any, depth: int) -> Hashable:
        cls = type(value)
        if value is None or value is Ellipsis or cls in (bool, int, str, bytes):
            return cls.__name__, value
        if cls in (float, complex):
            return cls.__name__, repr(value)  # `nan` equals itself so, and 0.0 is not -0.0
        if isinstance(value, type):
            return "class", _class_name(value)
        if isinstance(value, types.ModuleType):
            return "module", value.__name__
        if id(value) in self._above:
            return "cycle", self._above.index(id(value))
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0:
            return "not followed", _class_name(cls)
        self._above.append(id(value))
        try:
            return self._inside(value, cls, depth + 1)
        finally:
            self._above.pop()

    def _inside(self, value: Any, cls: type, depth: int) -> Hashable:
        if isinstance(value, types.CodeType):
            return "code", self._code(value, depth)
        if (array := _array_token(value)) is not None:
            return array
        if isinstance(value, (types.FunctionType, types.MethodType, functools.partial)):
            name = getattr(value, "__qualname__", "")
            parts = [(name, part.token) for name, part in self.parts_of(value)]
            links = [self._token(link, depth) for link in list(_links(value))[1:]]
            return "function", name, tuple(parts), tuple(links)
        name = _class_name(cls)
        if isinstance(value, (list, tuple)):
            return name, tuple(self._token(item, depth) for item in value)
        if isinstance(value, dict):
            pairs = ((self._token(k, depth), self._token(v, depth)) for k, v in dict.items(value))
            return name, tuple(pairs)
        if isinstance(value, (set, frozenset)):
            # In no order, so none of its items may count what came before it.
            texts = sorted(primitive_text(item) or _class_name(type(item)) for item in value)
            return name, tuple(texts)
        attributes = getattr(value, "__dict__", None)
        if type(attributes) is dict:
            items = ((str(key), self._token(item, depth)) for key, item in attributes.items())
            return name, tuple(items)
        return name, getattr(value, "__qualname__", "") if callable(value) else ""


def _array_token(value: Any) -> Hashable | None:
    """Dtype and shape of an array, and a digest if it is small; `None` for what is none."""
    import numpy as np

    jax = sys.modules.get("jax")
    if jax is not None and isinstance(value, jax.Array):
        facts = "array", str(value.dtype), tuple(value.shape)
        is_tracer = isinstance(value, jax.core.Tracer)
        if is_tracer or value.is_deleted() or not value.is_fully_addressable:
            return facts
        if jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
            value = jax.random.key_data(value)
    elif isinstance(value, (np.ndarray, np.generic)):
        facts = "array", str(value.dtype), tuple(value.shape)
    else:
        return None
    if value.dtype.hasobject or value.nbytes > _MAX_BYTES:
        return facts
    return *facts, blake2b(np.asarray(value).tobytes(), digest_size=16).digest()


def _class_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
