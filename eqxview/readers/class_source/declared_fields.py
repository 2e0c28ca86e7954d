"""The fields that one class body declares, in order, and which of them are static."""

import ast
from collections.abc import Iterator

from eqxview.readers.class_source.facts import FieldFacts
from eqxview.readers.class_source.module_source import ModuleSource, dotted_name
from eqxview.readers.class_source.resolve import Definition, Resolver
from eqxview.readers.class_source.roots import FieldFunction, field_function_named, is_no_field


def declared_fields(
    node: ast.ClassDef, source: ModuleSource, resolver: Resolver
) -> Iterator[FieldFacts]:
    """The fields of `node` alone, those of its bases not."""
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                if not _declares_none(annotation):
                    yield FieldFacts(name, is_static(value, source, resolver))


def _declares_none(annotation: ast.expr) -> bool:
    """Whether the annotation says that there is no field: `ClassVar[int]`."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        # Not parsed: `dataclasses` itself only looks at how the text begins.
        return is_no_field(annotation.value.partition("[")[0].strip().rpartition(".")[2])
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    names = dotted_name(annotation)
    return names is not None and is_no_field(names[-1])


def is_static(
    value: ast.expr | None, source: ModuleSource, resolver: Resolver, *, depth: int = 4
) -> bool | None:
    """Whether a field with this default is static; `None` where that cannot be told.

    A helper of the user's own that returns the declaration is followed `depth` times.
    """
    if not isinstance(value, ast.Call):
        return False
    found = resolver.follow(source, value.func)
    if found is None:
        return False
    qualified = found.qualified if isinstance(found, Definition) else found
    function = field_function_named(qualified)
    if function == FieldFunction.STATIC:
        return True
    if function == FieldFunction.FIELD:
        return _static_of(value, keyword="static", key="static", when=True)
    if function == FieldFunction.FLAX:
        return _static_of(value, keyword="pytree_node", key="pytree_node", when=False)
    if isinstance(found, Definition) and found.name in found.source.functions and depth:
        returned = _returned(found.source.functions[found.name])
        if returned is not None:
            return is_static(returned, found.source, resolver, depth=depth - 1)
    # Most calls make a default, e.g. `rate: float = sqrt(2)`; but a helper that we cannot
    # follow and that is called `..._field` makes a field, of a kind that we do not know.
    return None if "field" in qualified.rpartition(".")[2].lower() else False


def _static_of(call: ast.Call, *, keyword: str, key: str, when: bool) -> bool | None:
    """Whether the keyword, or the entry of `metadata`, is the constant `when`."""
    answer: bool | None = False
    for argument in call.keywords:
        match argument:
            case ast.keyword(arg=None):
                return None
            case ast.keyword(arg=name, value=ast.Constant(value=bool(constant))) if name == keyword:
                return constant is when
            case ast.keyword(arg=name) if name == keyword:
                return None
            case ast.keyword(arg="metadata", value=value):
                answer = _entry(value, key, when)
    return answer


def _entry(metadata: ast.expr, key: str, when: bool) -> bool | None:
    match metadata:
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
            pairs = ((k.arg and ast.Constant(k.arg), k.value) for k in keywords)
        case _:
            return None
    for name, value in pairs:
        match name, value:
            case None, _:
                return None
            case ast.Constant(value=text), ast.Constant(value=constant) if text == key:
                return constant is when
            case ast.Constant(value=text), _ if text == key:
                return None
    return False


def _returned(function: ast.FunctionDef) -> ast.expr | None:
    """What the function returns, if that is all it does."""
    body = function.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    match body:
        case [ast.Return(value=ast.expr() as value)]:
            return value
    return None
