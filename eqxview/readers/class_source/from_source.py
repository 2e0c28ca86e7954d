"""The facts of a class from its source and the sources of its bases."""

import ast

from eqxview.readers.class_source.declared_fields import declared_fields
from eqxview.readers.class_source.enum_members import enum_members
from eqxview.readers.class_source.facts import ClassFacts, ClassKind, FieldFacts
from eqxview.readers.class_source.known_classes import KnownClasses
from eqxview.readers.class_source.lineage import Ancestor, Lineages, named_tuple_call
from eqxview.readers.class_source.module_source import dotted_name
from eqxview.readers.class_source.registration import (
    Application,
    applications,
    dataclass_options,
    listed_fields,
)
from eqxview.readers.class_source.resolve import Definition, Resolver
from eqxview.readers.class_source.roots import Decorator, Root, is_never_registered
from eqxview.tree.kinds import Hashing

_MAKES_DATACLASS = (Decorator.DATACLASS, Decorator.FLAX_DATACLASS)
_NEUTRAL_METACLASSES = ("ABCMeta", "EnumMeta", "EnumType", "type")


class SourceFacts:
    """Reads the facts of classes out of their source."""

    def __init__(self, resolver: Resolver, table: KnownClasses) -> None:
        self._resolver = resolver
        self._lineages = Lineages(resolver, table)

    def of(self, definition: Definition) -> ClassFacts | None:
        """What the source tells of the class; `None` if it is no class."""
        source, name = definition
        if name in source.classes:
            return self._of_class(definition)
        value = source.assignments.get(name)
        return None if value is None else named_tuple_call(value)

    def _of_class(self, definition: Definition) -> ClassFacts:
        lineage = self._lineages.of(definition)
        roots = {ancestor.root for ancestor in lineage}
        kinds = {ancestor.facts.kind for ancestor in lineage if ancestor.facts is not None}
        if Root.MODULE in roots or ClassKind.MODULE in kinds:
            return ClassFacts(ClassKind.MODULE, self._fields(lineage, modules=True))
        if Root.ENUM in roots:
            members = tuple(enum_members(definition.source.classes[definition.name]))
            return ClassFacts(ClassKind.ENUM, hashing=Hashing.BY_VALUE, members=members)
        if Root.NAMEDTUPLE in roots or ClassKind.NAMEDTUPLE in kinds:
            fields = self._named_tuple_fields(lineage)
            return ClassFacts(ClassKind.NAMEDTUPLE, fields, Hashing.BY_VALUE)
        fields = self._fields(lineage, modules=False)
        if Root.FLAX_NODE in roots:
            return ClassFacts(ClassKind.REGISTERED, fields)
        applied = list(applications(definition, self._resolver))
        for application in applied:
            if (facts := _registered(application, fields)) is not None:
                return facts
        kind = ClassKind.UNSURE
        if not self._may_be_registered(lineage, applied):
            is_dataclass = any(map(self._is_dataclass, lineage))
            kind = ClassKind.DATACLASS if is_dataclass else ClassKind.PLAIN
        return ClassFacts(kind, fields, self._hashing(lineage))

    def _fields(self, lineage: list[Ancestor], *, modules: bool) -> tuple[FieldFacts, ...]:
        """The fields of all dataclasses in the lineage, the farthest first, as they take effect."""
        fields: dict[str, FieldFacts] = {}
        for ancestor in reversed(lineage):
            for field in self._own_fields(ancestor, modules):
                fields[field.name] = field
        return tuple(fields.values())

    def _own_fields(self, ancestor: Ancestor, modules: bool) -> tuple[FieldFacts, ...]:
        if ancestor.facts is not None:
            return ancestor.facts.fields
        definition = ancestor.definition
        if definition is None:
            return ()
        # Annotations in a class that is no dataclass declare nothing. Every Module is one.
        if not self._is_dataclass(ancestor) and not (modules and self._is_module(definition)):
            return ()
        node = definition.source.classes[definition.name]
        return tuple(declared_fields(node, definition.source, self._resolver))

    def _is_module(self, definition: Definition) -> bool:
        return any(
            ancestor.root == Root.MODULE
            or (ancestor.facts is not None and ancestor.facts.kind == ClassKind.MODULE)
            for ancestor in self._lineages.of(definition)
        )

    def _is_dataclass(self, ancestor: Ancestor) -> bool:
        if ancestor.definition is None:
            return False
        if any(
            applied.what in _MAKES_DATACLASS
            for applied in applications(ancestor.definition, self._resolver)
        ):
            return True
        bases = self._lineages.of(ancestor.definition)
        return any(base.root == Root.FLAX_NODE for base in bases)

    def _named_tuple_fields(self, lineage: list[Ancestor]) -> tuple[FieldFacts, ...]:
        for ancestor in lineage:
            if ancestor.facts is not None:
                return ancestor.facts.fields
            if (definition := ancestor.definition) is None:
                continue
            bases = self._lineages.bases(definition)
            if any(base.root == Root.NAMEDTUPLE for base in bases):
                node = definition.source.classes[definition.name]
                return tuple(declared_fields(node, definition.source, self._resolver))
        return ()

    def _may_be_registered(self, lineage: list[Ancestor], applied: list[Application]) -> bool:
        """Whether something we do not know may have registered the class."""
        if any(application.what is None for application in applied):
            return True
        return any(
            _may_register_subclasses(ancestor, is_own=ancestor is lineage[0])
            for ancestor in lineage
        )

    def _hashing(self, lineage: list[Ancestor]) -> Hashing:
        """How instances hash: by the nearest class in the lineage that says so."""
        for ancestor in lineage:
            if (found := self._own_hashing(ancestor)) is not None:
                return found
        return Hashing.BY_IDENTITY

    def _own_hashing(self, ancestor: Ancestor) -> Hashing | None:
        if ancestor.root == Root.CONTAINER:
            return Hashing.UNHASHABLE
        if ancestor.root == Root.HASHED:
            return Hashing.BY_VALUE
        if ancestor.root == Root.NEUTRAL:
            return None
        definition = ancestor.definition
        if definition is None:
            return Hashing.UNKNOWN
        body = definition.source.classes[definition.name].body
        methods = {s.name for s in body if isinstance(s, ast.FunctionDef)}
        if "__hash__" in methods:
            return Hashing.BY_VALUE
        for applied in applications(definition, self._resolver):
            if applied.what in _MAKES_DATACLASS:
                options = dataclass_options(
                    applied.call, frozen=applied.what == Decorator.FLAX_DATACLASS
                )
                if options.unsafe_hash or (options.eq and options.frozen):
                    return Hashing.BY_VALUE
                if options.eq:
                    return Hashing.UNHASHABLE
        return Hashing.UNHASHABLE if "__eq__" in methods else None


def _registered(application: Application, declared: tuple[FieldFacts, ...]) -> ClassFacts | None:
    """The facts of a class that this application registers; `None` if it does not."""
    match application.what:
        case Decorator.FLAX_DATACLASS:
            return ClassFacts(ClassKind.REGISTERED, declared)
        case Decorator.REGISTER_DATACLASS:
            data = listed_fields(application.call, "data_fields", 1)
            return ClassFacts(ClassKind.REGISTERED, in_order_of(data, declared))
        case Decorator.REGISTER_STATIC:
            static = tuple(FieldFacts(field.name, True) for field in declared)
            return ClassFacts(ClassKind.STATIC, static)
        case Decorator.REGISTER_NODE:
            return ClassFacts(ClassKind.PYTREE, declared)
    return None


def in_order_of(
    data: tuple[str, ...] | None, declared: tuple[FieldFacts, ...]
) -> tuple[FieldFacts, ...]:
    """The fields as JAX flattens them, if the registration lists the `data` fields."""
    if data is None:
        return declared
    fields = tuple(FieldFacts(field.name, field.name not in data) for field in declared)
    if tuple(field.name for field in fields if not field.is_static) == data:
        return fields
    static = [field for field in fields if field.is_static]
    return (*(FieldFacts(name, False) for name in data), *static)


def _may_register_subclasses(ancestor: Ancestor, *, is_own: bool) -> bool:
    if ancestor.root is not None:
        return False
    if ancestor.definition is None:
        return not is_never_registered(ancestor.name)
    node = ancestor.definition.source.classes[ancestor.definition.name]
    for keyword in node.keywords:
        if keyword.arg == "metaclass":
            names = dotted_name(keyword.value)
            if names is None or names[-1] not in _NEUTRAL_METACLASSES:
                return True
    if is_own:
        return False
    return any(
        isinstance(statement, ast.FunctionDef) and statement.name == "__init_subclass__"
        for statement in node.body
    )
