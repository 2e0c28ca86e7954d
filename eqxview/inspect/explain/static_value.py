"""The value of an expression in a frame, found without running anything of the user's.

Names, attributes that objects hold themselves, items of Python's own containers, displays of
those, and constants. Nothing is called: no property, no `__getattr__`, no `__getitem__`.
"""

import ast
import builtins
import inspect
import types
from collections.abc import Mapping
from typing import Any, Final

_MAX_DEPTH = 40


class _Unknown:
    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN: Final = _Unknown()
"""Stands for a value that cannot be had without running something."""


class Scope:
    """The names that a frame sees. Refers to the frame's values: not to be kept."""

    def __init__(self, frame: types.FrameType) -> None:
        self._spaces: tuple[Mapping[str, Any], ...] = (
            frame.f_locals,
            frame.f_globals,
            vars(builtins),
        )

    def find(self, name: str) -> Any:
        """The value of `name`, or `UNKNOWN`."""
        for space in self._spaces:
            if name in space:
                return space[name]
        return UNKNOWN


def static_value(node: ast.expr, scope: Scope, depth: int = 0) -> Any:
    """The value of `node`, or `UNKNOWN` where something would have to run."""
    if depth > _MAX_DEPTH:
        return UNKNOWN
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return scope.find(node.id)
        case ast.Attribute():
            return attribute(static_value(node.value, scope, depth + 1), node.attr)
        case ast.Subscript():
            of, key = (static_value(part, scope, depth + 1) for part in (node.value, node.slice))
            return _item(of, key)
        case ast.Tuple() | ast.List():
            items = [static_value(item, scope, depth + 1) for item in node.elts]
            if any(item is UNKNOWN for item in items):
                return UNKNOWN
            return tuple(items) if isinstance(node, ast.Tuple) else items
        case ast.Dict():
            return _dict(node, scope, depth)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
    return UNKNOWN


def attribute(of: Any, name: str) -> Any:
    """The attribute that `of` holds itself, or a method of its class; or `UNKNOWN`."""
    if of is UNKNOWN:
        return UNKNOWN
    if isinstance(of, types.ModuleType):
        # A module may load what it is asked for; what it has loaded is in its dict.
        return vars(of).get(name, UNKNOWN)
    held = held_by(of)
    if name in held and name in getattr(type(of), "__dataclass_fields__", ()):
        return held[name]
    try:
        found = inspect.getattr_static(of, name)
    except AttributeError:
        return UNKNOWN
    kind = type(found)
    if kind is types.MemberDescriptorType or kind.__name__ == "_tuplegetter":
        # A slot, a field of a namedtuple: both are Python's own.
        try:
            return found.__get__(of)
        except AttributeError:
            return UNKNOWN
    if kind is staticmethod:
        return found.__func__
    if kind is types.FunctionType and not isinstance(of, type):
        return found if held.get(name) is found else types.MethodType(found, of)
    if hasattr(kind, "__get__") and kind is not types.FunctionType:
        return UNKNOWN
    return found


def held_by(of: Any) -> dict[str, Any]:
    """What `of` holds in its `__dict__`; nothing where asking would run code of the user's."""
    for cls in type(of).__mro__:
        descriptor = cls.__dict__.get("__dict__")
        if descriptor is not None:
            # eqxcore's Modules look through to what they hold: that is ours, and only reads.
            is_plain = type(descriptor) is types.GetSetDescriptorType
            if is_plain or cls.__module__.startswith("eqxcore."):
                held = of.__dict__
                return held if type(held) is dict else {}
            return {}
    return {}


def _item(of: Any, key: Any) -> Any:
    if of is UNKNOWN or key is UNKNOWN or type(key) not in (str, int, bool, bytes, type(None)):
        return UNKNOWN
    # Python's own way to an item; a class of the user's may have another, which would run.
    own: Any = getattr(type(of), "__getitem__", None)
    if own not in (dict.__getitem__, list.__getitem__, tuple.__getitem__):
        return UNKNOWN
    try:
        return own(of, key)
    except (KeyError, IndexError, TypeError):
        return UNKNOWN


def _dict(node: ast.Dict, scope: Scope, depth: int) -> Any:
    made: dict[Any, Any] = {}
    for key, item in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant):
            return UNKNOWN
        value = static_value(item, scope, depth + 1)
        if value is UNKNOWN:
            return UNKNOWN
        made[key.value] = value
    return made
