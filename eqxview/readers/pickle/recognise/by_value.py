"""Functions and classes that cloudpickle keeps by value: described, never made.

| in the file | made by | then given |
|---|---|---|
| function | `_make_function(code, globals, name, defaults, closure)` | `(attributes, slots)` |
| class | `_make_skeleton_class(type, name, bases, {"__module__": ...}, id, extra)` | the same |
| enum | `_make_skeleton_enum(bases, name, qualname, members, module, id, extra)` | the same |
| code | `CodeType(...)`, whose arguments changed with each Python | |
"""

from typing import NamedTuple

from eqxview.readers.class_source import ClassFacts, ClassKind, FieldFacts
from eqxview.readers.class_source.roots import Root, root_named
from eqxview.readers.described.descriptions import Call, DictItems
from eqxview.readers.pickle.recognise.context import Context
from eqxview.readers.pickle.recognise.names import Name, arguments_of, called, name_of
from eqxview.readers.pickle.recognise.state import MAX_ATTRIBUTES, attributes_of
from eqxview.tree.kinds import Hashing

_MODULES = ("cloudpickle.cloudpickle.", "cloudpickle.cloudpickle_fast.")
_MAX_BASES = 50
_MAX_CODE = 64
"""Arguments of a code object: Python has eighteen."""
_HIDDEN = "<dynamic-code>"


def _maker(description: object) -> str:
    """`_make_function` and the like, `""` for what none of cloudpickle's functions makes."""
    if type(description) is not Call:
        return ""
    name = called(description)
    return name.rpartition(".")[2] if name.startswith(_MODULES) else ""


def is_function(description: object) -> bool:
    """Whether this is a function by value."""
    return _maker(description) == "_make_function"


def is_class(description: object) -> bool:
    """Whether this is a class by value."""
    return _maker(description) in ("_make_skeleton_class", "_make_skeleton_enum")


def function_name(call: Call) -> Name:
    """What a function by value is called."""
    attributes = attributes_of(call) or {}
    module = attributes.get("__module__")
    name = attributes.get("__qualname__") or attributes.get("__name__")
    if type(name) is not str:
        name = code_facts(call).name
    return Name(module if type(module) is str else "__main__", name)


class CodeFacts(NamedTuple):
    """Where a function by value was written."""

    name: str
    file: str | None
    line: int | None
    free: tuple[str, ...]
    """Names of the variables that the function takes from around it."""


def code_facts(call: Call) -> CodeFacts:
    """What the code object of a function by value tells."""
    arguments = arguments_of(call)
    code = arguments_of(arguments[0]) if arguments and type(arguments[0]) is Call else ()
    if len(code) > _MAX_CODE:
        code = ()
    texts = [item for item in code if type(item) is str]
    # After the constants come file, name and, since Python 3.11, qualified name; then the line.
    # Newer versions of cloudpickle hide the file there; the function's globals have it too.
    line = None
    for index, item in enumerate(code):
        if type(item) is str and index + 1 < len(code) and type(code[index + 1]) is int:
            number = code[index + 1]
            line = number if type(number) is int else None
    tuples = [item for item in code if type(item) is tuple]
    free = tuples[-2] if len(tuples) >= 2 else ()
    return CodeFacts(
        name=texts[-1] if texts else "?",
        file=texts[0] if texts and texts[0] != _HIDDEN else _file(arguments),
        line=line,
        free=tuple(name for name in free if type(name) is str),
    )


def _file(arguments: tuple[object, ...]) -> str | None:
    file = _entry(_item(arguments, 1), "__file__")
    return file if type(file) is str else None


def closure_cells(call: Call) -> list[tuple[str, object]]:
    """The variables that a function by value has taken along, with what is in them."""
    attributes = attributes_of(call) or {}
    cells = attributes.get("__closure__")
    if type(cells) is not tuple:
        return []
    free = code_facts(call).free
    names = free if len(free) == len(cells) else tuple(map(str, range(len(cells))))
    return [
        (name, arguments_of(cell)[0])
        for name, cell in zip(names, cells, strict=True)
        if _maker(cell) == "_make_cell" and type(cell) is Call and arguments_of(cell)
    ]


def class_name(call: Call) -> Name:
    """What a class by value is called."""
    arguments = arguments_of(call)
    attributes = attributes_of(call) or {}
    if _maker(call) == "_make_skeleton_enum":
        name, module = _item(arguments, 2), _item(arguments, 4)
    else:
        name = attributes.get("__qualname__") or _item(arguments, 1)
        module = attributes.get("__module__") or _entry(_item(arguments, 3), "__module__")
    return Name(
        module if type(module) is str else "__main__",
        name if type(name) is str else "?",
    )


def class_of(call: Call) -> Name | None:
    """The class of an object, or the function that makes it; `None` where it has no name."""
    if (name := name_of(call.function)) is not None:
        return name
    if type(call.function) is Call and is_class(call.function):
        return class_name(call.function)
    return None


def class_facts(description: object, context: Context) -> ClassFacts | None:
    """What is known of a class, named or by value; `None`: nothing."""
    name = name_of(description)
    if name is not None:
        return context.classes.facts(name.module, name.name)
    if type(description) is not Call or not is_class(description):
        return None
    known = context.by_value.get(id(description))
    if known is None:
        known = context.by_value[id(description)] = (description, _facts(description, context))
    return known[1]


def _facts(call: Call, context: Context) -> ClassFacts | None:
    """The facts of a class by value; where it does not tell all, its source is asked too."""
    name = class_name(call)
    attributes = attributes_of(call) or {}
    if _maker(call) == "_make_skeleton_enum":
        members = _item(arguments_of(call), 3)
        pairs = members.pairs[:MAX_ATTRIBUTES] if type(members) is DictItems else []
        named = tuple((key, value) for key, value in pairs if type(key) is str)
        return ClassFacts(ClassKind.ENUM, hashing=Hashing.BY_VALUE, members=named)
    kinds = _kinds_above(call, context)
    fields = _dataclass_fields(attributes)
    if ClassKind.MODULE in kinds:
        return ClassFacts(ClassKind.MODULE, fields)
    names = attributes.get("_fields")
    if (
        type(names) is tuple
        and len(names) <= MAX_ATTRIBUTES
        and (ClassKind.NAMEDTUPLE in kinds or _is_tuple(call))
    ):
        items = tuple(FieldFacts(name, False) for name in names if type(name) is str)
        return ClassFacts(ClassKind.NAMEDTUPLE, items, Hashing.BY_VALUE)
    if attributes.get("_flax_dataclass") is True:
        return ClassFacts(ClassKind.REGISTERED, fields)
    from_source = context.classes.facts(name.module, name.name)
    if from_source is not None:
        return from_source
    return ClassFacts(ClassKind.UNSURE, fields, _hashing(attributes)) if fields else None


def _kinds_above(call: Call, context: Context) -> set[ClassKind]:
    """The kinds of the classes that a class by value is made from, all the way up."""
    kinds: set[ClassKind] = set()
    waiting, seen = [call], 0
    while waiting and seen < _MAX_BASES:
        for base in _bases(waiting.pop()):
            seen += 1
            if type(base) is Call and is_class(base):
                waiting.append(base)
            elif (name := name_of(base)) is not None:
                kinds |= _kinds_of_base(name, context)
    return kinds


def _kinds_of_base(name: Name, context: Context) -> set[ClassKind]:
    match root_named(name.qualified):
        case Root.MODULE:
            return {ClassKind.MODULE}
        case Root.NAMEDTUPLE:
            return {ClassKind.NAMEDTUPLE}
        case None:
            facts = context.classes.facts(name.module, name.name)
            return set() if facts is None else {facts.kind}
    return set()


def _is_tuple(call: Call) -> bool:
    names = [name_of(base) for base in _bases(call)]
    return any(name is not None and name.qualified == "builtins.tuple" for name in names)


def _bases(call: Call) -> tuple[object, ...]:
    bases = _item(arguments_of(call), 2)
    return bases[:_MAX_BASES] if type(bases) is tuple else ()


def _dataclass_fields(attributes: dict[str, object]) -> tuple[FieldFacts, ...]:
    """`__dataclass_fields__`: all fields, the inherited ones too, in order, with their flags."""
    described = attributes.get("__dataclass_fields__")
    if type(described) is not DictItems or len(described.pairs) > MAX_ATTRIBUTES:
        return ()
    fields: list[FieldFacts] = []
    for name, field in described.pairs:
        if type(name) is not str or type(field) is not Call:
            continue
        slots = attributes_of(field) or {}
        if not _is_class_variable(slots.get("_field_type")):
            fields.append(FieldFacts(name, _is_static(slots.get("metadata"))))
    return tuple(fields)


def _is_static(metadata: object) -> bool | None:
    """Whether a field's metadata make it static: for Equinox and JAX, or for Flax."""
    if type(metadata) is Call and called(metadata) == "types.MappingProxyType":
        metadata = _item(arguments_of(metadata), 0)
    if metadata is None:
        return False
    if type(metadata) is not DictItems:
        return None
    return _entry(metadata, "static") is True or _entry(metadata, "pytree_node", True) is False


def _is_class_variable(field_type: object) -> bool:
    """Whether cloudpickle says `ClassVar` or `InitVar`: such a field no instance has."""
    name = _item(arguments_of(field_type), 0) if type(field_type) is Call else None
    return name in ("_FIELD_CLASSVAR", "_FIELD_INITVAR") if type(name) is str else False


def _hashing(attributes: dict[str, object]) -> Hashing:
    if "__hash__" in attributes:
        return Hashing.UNHASHABLE if attributes["__hash__"] is None else Hashing.BY_VALUE
    return Hashing.UNHASHABLE if "__eq__" in attributes else Hashing.BY_IDENTITY


def _item(items: tuple[object, ...], index: int) -> object:
    return items[index] if index < len(items) else None


def _entry(items: object, key: str, default: object = None) -> object:
    if type(items) is DictItems:
        for name, value in items.pairs[:MAX_ATTRIBUTES]:
            if type(name) is str and name == key:
                return value
    return default
