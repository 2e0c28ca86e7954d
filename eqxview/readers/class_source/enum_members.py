"""The members of an enumeration, as far as their values are literals or `auto()`."""

import ast
from collections.abc import Iterator

from eqxview.readers.class_source.module_source import dotted_name


def enum_members(node: ast.ClassDef) -> Iterator[tuple[str, object]]:
    """Pairs of name and value, aliases included."""
    is_flag = _base_name(node).endswith("Flag")
    is_text = _base_name(node) == "StrEnum"
    last: object = 0
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not _is_special(name):
                if _is_auto(value):
                    found = name.lower() if is_text else _next(last, is_flag)
                else:
                    found = _literal(value)
                if found is not None:
                    last = found
                    yield name, found


def _is_special(name: str) -> bool:
    """`_ignore_`, `__doc__` and private names are no members; `_plain` is one."""
    return name.startswith("__") or (name.startswith("_") and name.endswith("_"))


def _base_name(node: ast.ClassDef) -> str:
    names = dotted_name(node.bases[-1]) if node.bases else None
    return names[-1] if names else ""


def _is_auto(value: ast.expr) -> bool:
    if not isinstance(value, ast.Call):
        return False
    names = dotted_name(value.func)
    return names is not None and names[-1] == "auto"


def _next(last: object, is_flag: bool) -> int | None:
    if type(last) is not int:
        return None
    return 1 << last.bit_length() if is_flag else last + 1


def _literal(value: ast.expr) -> object:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
