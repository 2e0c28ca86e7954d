"""Whether a class's own module registers it with JAX, by a decorator or by a call below it."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from eqxview.readers.class_source.module_source import dotted_name
from eqxview.readers.class_source.resolve import Definition, Resolver
from eqxview.readers.class_source.roots import Decorator, decorator_named


class Application(NamedTuple):
    """One decorator, or one registering call, applied to a class."""

    what: Decorator | None
    """`None`: it is not known what it does."""
    call: ast.Call | None
    """The call with its keywords, where there is one."""


class DataclassOptions(NamedTuple):
    """What `@dataclass(...)` was told that decides how instances hash."""

    eq: bool
    frozen: bool
    unsafe_hash: bool


def applications(definition: Definition, resolver: Resolver) -> Iterator[Application]:
    """The decorators of a class, and the calls of its module that register it."""
    source, name = definition
    node = source.classes[name]
    for decorator in node.decorator_list:
        yield _decoration(definition, decorator, resolver)
    for call in source.calls:
        if call.args and dotted_name(call.args[0]) == name.split("."):
            what = _meaning(definition, call.func, resolver)
            called = dotted_name(call.func)
            if what is None and called is not None and "register" in called[-1]:
                what = Decorator.REGISTER_NODE
            if what is not None:
                yield Application(what, call)


def listed_fields(call: ast.Call | None, keyword: str, place: int) -> tuple[str, ...] | None:
    """The names that a registering call lists, e.g. as `data_fields=["weight"]`."""
    if call is None:
        return None
    value = next((k.value for k in call.keywords if k.arg == keyword), None)
    if value is None and len(call.args) > place:
        value = call.args[place]
    if not isinstance(value, (ast.List, ast.Tuple)):
        return None
    names = [item.value if isinstance(item, ast.Constant) else None for item in value.elts]
    return tuple(name for name in names if isinstance(name, str))


def dataclass_options(call: ast.Call | None, *, frozen: bool) -> DataclassOptions:
    """The options of a dataclass decorator; `frozen` is what it means by default."""
    given = {
        keyword.arg: keyword.value.value
        for keyword in (call.keywords if call is not None else ())
        if isinstance(keyword.value, ast.Constant)
    }
    return DataclassOptions(
        eq=given.get("eq", True) is True,
        frozen=given.get("frozen", frozen) is True,
        unsafe_hash=given.get("unsafe_hash", False) is True,
    )


def _decoration(definition: Definition, node: ast.expr, resolver: Resolver) -> Application:
    if not isinstance(node, ast.Call):
        return Application(_meaning(definition, node, resolver), None)
    # `@partial(register_dataclass, data_fields=...)`
    is_partial = (name := dotted_name(node.func)) is not None and name[-1] == "partial"
    function = node.args[0] if is_partial and node.args else node.func
    return Application(_meaning(definition, function, resolver), node)


def _meaning(definition: Definition, node: ast.expr, resolver: Resolver) -> Decorator | None:
    found = resolver.follow(definition.source, node)
    if found is None:
        return None
    return decorator_named(found.qualified if isinstance(found, Definition) else found)
