"""Objects of classes: Modules, namedtuples, dataclasses, enum members, and everything else."""

from typing import TypeGuard

from eqxview.readers.class_source import ClassFacts, ClassKind
from eqxview.readers.class_source.roots import is_never_registered
from eqxview.readers.described.descriptions import Call, DictItems
from eqxview.readers.pickle.recognise import by_value, callables
from eqxview.readers.pickle.recognise.context import Context
from eqxview.readers.pickle.recognise.names import Name, arguments_of, is_class_name, name_of
from eqxview.readers.pickle.recognise.opaque import opaque_sight
from eqxview.readers.pickle.recognise.state import attributes_of
from eqxview.tree.containers import named_tuple_sight
from eqxview.tree.key_path import attribute_entry
from eqxview.tree.kinds import Hashing, Kind
from eqxview.tree.sanitise import sanitise
from eqxview.tree.walk import Child, Sight, Standing


def known_instance(call: Call, context: Context) -> Sight | None:
    """An object of a class whose declaration tells what its children are."""
    name = by_value.class_of(call)
    if name is None:
        return None
    facts = _facts(call, name, context)
    describe = _KINDS.get(facts.kind) if facts is not None else None
    return None if describe is None or facts is None else describe(call, facts, name, context)


STATIC_FIELDS = "__static_fields__"
"""Under this key a pickled Module of eqxcore tells which of its fields are static."""


def saved_module(call: Call, context: Context) -> Sight | None:
    """A Module that brings the names of its static fields: its class is not asked."""
    name = by_value.class_of(call) if _says_its_statics(call) else None
    attributes = attributes_of(call) if name is not None else None
    if name is None or attributes is None:
        return None
    statics = attributes.pop(STATIC_FIELDS)
    static_names = {item for item in statics if type(item) is str} if _is_tuple(statics) else ()
    return Sight(
        Kind.MODULE,
        context.type_name(*name),
        is_leaf=False,
        children=[
            Child(attribute_entry(sanitise(field)), value, _STANDING[field in static_names])
            for field, value in attributes.items()
            if field not in _OF_WRAPPERS
        ],
        hashing=Hashing.UNKNOWN,
    )


def _is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    return type(value) is tuple


def _says_its_statics(call: Call) -> bool:
    state = call.state
    if call.how != "new" or type(state) is not DictItems or not state.pairs:
        return False
    # It is written last.
    key, statics = state.pairs[-1]
    return key == STATIC_FIELDS and type(key) is str and type(statics) is tuple


def other_instance(call: Call, context: Context) -> Sight | None:
    """An object of any other class that has a name."""
    name = by_value.class_of(call)
    if name is None:
        return None
    return _any_instance(call, _facts(call, name, context), name, context)


def _facts(call: Call, name: Name, context: Context) -> ClassFacts | None:
    if type(call.function) is Call:
        return by_value.class_facts(call.function, context)
    # Python's own classes are leaves, whatever their source says: it is not opened. What
    # `call` names may also be a function, whose source tells nothing of what it returns.
    if is_never_registered(name.module) or (call.how != "new" and not is_class_name(name)):
        return None
    return context.classes.facts(name.module, name.name)


def _module(call: Call, facts: ClassFacts, name: Name, context: Context) -> Sight | None:
    """A Module: its fields in the order of their declaration."""
    return _with_fields(Kind.MODULE, call, facts, name, context)


def _registered(call: Call, facts: ClassFacts, name: Name, context: Context) -> Sight | None:
    """A dataclass registered with JAX: its fields, static ones among them."""
    return _with_fields(Kind.DATACLASS, call, facts, name, context)


def _static(call: Call, facts: ClassFacts, name: Name, context: Context) -> Sight | None:
    """An object that is static as a whole: JAX sees no field of it, and asks it for its hash."""
    return _with_fields(Kind.DATACLASS, call, facts, name, context, static=Standing.INSIDE)


def _with_fields(
    kind: Kind,
    call: Call,
    facts: ClassFacts,
    name: Name,
    context: Context,
    *,
    static: Standing = Standing.STATIC,
) -> Sight | None:
    """A node with the declared fields, then what the declaration does not know of."""
    attributes = attributes_of(call)
    if attributes is None:
        return None
    standing = {False: Standing.CHILD, True: static, None: Standing.UNKNOWN_FIELD}
    children = [
        Child(attribute_entry(sanitise(field.name)), attributes[field.name], standing[field[1]])
        for field in facts.fields
        if field.name in attributes
    ]
    notes: tuple[str, ...] = ()
    if len(children) < len(attributes):
        declared = {field.name for field in facts.fields}
        extra = [key for key in attributes if key not in declared and key not in _OF_WRAPPERS]
        if extra:
            notes = (
                f"the class that was found does not declare {sanitise(', '.join(extra[:8]))}: "
                "the file was written with another version of it",
            )
        children += [
            Child(attribute_entry(sanitise(key)), attributes[key], Standing.UNKNOWN_FIELD)
            for key in extra
        ]
    if notes or any(field.is_static is None for field in facts.fields):
        context.not_known(*name)
    return Sight(
        kind,
        context.type_name(*name),
        is_leaf=False,
        children=children,
        hashing=Hashing.UNKNOWN,
        notes=notes,
    )


_OF_WRAPPERS = frozenset(
    ("__annotations__", "__doc__", "__module__", "__name__", "__qualname__", "__wrapped__")
)
"""What wrapping a function sets on a Module; JAX never sees it."""

_STANDING = {
    False: Standing.CHILD,
    True: Standing.STATIC,
    None: Standing.UNKNOWN_FIELD,
}


def _named_tuple(call: Call, facts: ClassFacts, name: Name, context: Context) -> Sight | None:
    """A namedtuple: its items by the names of its fields."""
    items = arguments_of(call)
    if call.how != "new" or len(items) != len(facts.fields):
        return None
    fields = [field.name for field in facts.fields]
    return named_tuple_sight(items, fields, context.type_name(*name))


def _enum_member(call: Call, facts: ClassFacts, name: Name, context: Context) -> Sight | None:
    """A member of an enumeration, which pickles as its class called with its value."""
    arguments = arguments_of(call)
    if len(arguments) != 1:
        return None
    member = _member(arguments[0], facts)
    return None if member is None else _enum_sight(name, member, context)


def attribute_call(call: Call, context: Context) -> Sight | None:
    """`getattr(owner, "name")`: a member of an enumeration, as some pickle by name; or a method."""
    arguments = arguments_of(call)
    if len(arguments) == 2 and (owner := name_of(arguments[0])) is not None:
        facts = None
        if is_class_name(owner) and not is_never_registered(owner.module):
            facts = context.classes.facts(owner.module, owner.name)
        if facts is not None and facts.kind == ClassKind.ENUM:
            named = [member for member, _ in facts.members if member == arguments[1]]
            return _enum_sight(owner, named[0], context) if named else None
    return callables.method(call, context)


def _enum_sight(name: Name, member: str, context: Context) -> Sight:
    return Sight(
        Kind.ENUM,
        context.type_name(*name),
        is_leaf=True,
        text=sanitise(f"{name.last}.{member}"),
        hashing=Hashing.BY_VALUE,
    )


def _member(value: object, facts: ClassFacts) -> str | None:
    kind = type(value)
    if kind not in (int, str, float, bool, bytes, type(None)):
        return None
    for member, known in facts.members:
        if type(known) is kind and known == value:
            return member
    return None


def _any_instance(call: Call, facts: ClassFacts | None, name: Name, context: Context) -> Sight:
    """An object that is one leaf for JAX, or of which that is not known."""
    kind = facts.kind if facts is not None else None
    is_leaf = kind in _LEAVES or (facts is None and is_never_registered(name.module)) or None
    if is_leaf is None:
        context.not_known(*name)
    is_dataclass = kind == ClassKind.DATACLASS or (
        kind in (ClassKind.UNSURE, ClassKind.PYTREE) and bool(facts and facts.fields)
    )
    return opaque_sight(
        call,
        context.type_name(*name),
        context,
        is_leaf=is_leaf,
        kind=Kind.DATACLASS if is_dataclass else Kind.OPAQUE,
        hashing=facts.hashing if facts is not None else _VALUES.get(name, Hashing.UNKNOWN),
        order=[field.name for field in facts.fields] if facts is not None else (),
    )


# Python's own values that a pickle makes by a call.
_VALUES = dict.fromkeys(
    (
        Name("fractions", "Fraction"),
        Name("decimal", "Decimal"),
        Name("uuid", "UUID"),
        Name("datetime", "date"),
        Name("datetime", "time"),
        Name("datetime", "datetime"),
        Name("datetime", "timedelta"),
        Name("datetime", "timezone"),
    ),
    Hashing.BY_VALUE,
)

_LEAVES = (ClassKind.PLAIN, ClassKind.DATACLASS, ClassKind.ENUM)

_KINDS = {
    ClassKind.MODULE: _module,
    ClassKind.REGISTERED: _registered,
    ClassKind.STATIC: _static,
    ClassKind.NAMEDTUPLE: _named_tuple,
    ClassKind.ENUM: _enum_member,
}
