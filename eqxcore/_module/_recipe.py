"""How instances of one Module class are constructed, and what is checked once they are."""

import dataclasses
from collections.abc import Callable
from typing import Any

from eqxcore._trees._mismatch import describe

from ._declared import declared_at
from ._init import is_data_descriptor, owns_init
from ._layout import Layout, reader
from ._storage import fields_of
from ._warnings import (
    callable_types,
    plain_types,
    warn_of_static_arrays,
    warn_of_transformed,
    warn_of_uninitialised_arrays,
)
from ._window import WRAPPER_NAMES

# Combinations of types that are remembered of one class.
_MOST_QUIET = 32

# `warnings.warn` in us, called by the metaclass, called by the user.
_STACKLEVEL = 3


class Recipe:
    """What the metaclass needs to know to construct an instance, worked out once a class."""

    __slots__ = (
        "_abstract_variables",
        "_cls",
        "_converters",
        "_names",
        "_static",
        "_uninitialised",
        "assignable",
        "checks",
        "count",
        "is_abstract",
        "is_demanding",
        "new",
        "opens_window",
        "quiet_types",
        "refusal",
        "types_of",
    )

    is_abstract: bool
    """Whether the class was declared abstract, by `is_abstract=True`."""
    types_of: Callable[[dict[str, Any]], tuple[type, ...] | None]
    """From the dict of the fields to the types of their values, in order of declaration; `None`
    where one is missing."""
    quiet_types: set[tuple[type, ...] | None]
    """Types of values that nobody has to be warned of, as `types_of` gives them."""
    refusal: str | None
    """Why no instance can be made, if so."""
    new: Callable[..., Any] | None
    """A `__new__` written by hand."""
    opens_window: bool
    """Whether code of the user runs that may assign fields."""
    assignable: frozenset[str]
    """Names that may be assigned while the window is open, and go into the dict."""
    count: int
    """How many fields a complete instance has."""
    is_demanding: bool
    """Whether `finish` has something to do for a complete instance too."""
    checks: tuple[Callable[[Any], None], ...]
    """Every `__check_init__` of the class and its bases, subclasses first."""

    def __init__(self, cls: type, layout: Layout, is_abstract: bool) -> None:
        fields = dataclasses.fields(cls)
        self._cls = cls
        self.is_abstract = is_abstract
        self._abstract_variables = tuple(sorted(cls.__abstractvars__))  # type: ignore[attr-defined]
        self.refusal = _refusal(cls, is_abstract)
        self.new = None if cls.__new__ is object.__new__ else cls.__new__
        self.opens_window = owns_init(cls) or hasattr(cls, "__post_init__") or self.new is not None
        self.assignable = frozenset(
            name
            for name in (*layout.names, *WRAPPER_NAMES)
            if not is_data_descriptor(getattr(cls, name, None))
        )
        self._names = tuple(field.name for field in fields)
        self.count = len(fields)
        self._static = layout.static
        self.types_of = _types_reader(self._names)
        self.quiet_types = set()
        self._converters = tuple(
            (field.name, field.metadata["converter"])
            for field in fields
            if "converter" in field.metadata
        )
        self._uninitialised = tuple(field.name for field in fields if not field.init)
        self.is_demanding = bool(
            self._abstract_variables or self._converters or self._uninitialised
        )
        self.checks = tuple(
            base.__dict__["__check_init__"]
            for base in cls.__mro__
            if "__check_init__" in base.__dict__
        )

    def __reduce__(self) -> Any:
        return type(None), ()

    def finish(self, module: Any) -> None:
        """Checks that all fields are there, and converts those that have a converter.

        Raises `TypeError` for an abstract attribute, or a field that was never assigned.
        """
        cls = self._cls
        if self._abstract_variables:
            raise TypeError(_cannot(cls, "attributes", self._abstract_variables))
        fields = fields_of(module)
        # A class attribute counts: a default, or a property that overrides the field.
        missing = [name for name in self._names if name not in fields and not hasattr(module, name)]
        if missing:
            raise TypeError(
                f"Field {missing[0]!r} was not initialized. Expected the `__init__` of "
                f"{cls.__qualname__} to assign {_listed(missing)}: "
                f"`self.{missing[0]} = ...`, also where the value is None."
            )
        for name, converter in self._converters:
            value = getattr(module, name)
            try:
                fields[name] = converter(value)
            except Exception as error:
                error.add_note(
                    f"This came up in the converter of the field `.{name}` of {cls.__qualname__}"
                    f"{declared_at(cls, name)}, which got {describe(value)}."
                )
                raise
        for name in self._uninitialised:
            if name in fields:
                warn_of_uninitialised_arrays(cls, name, fields[name], _STACKLEVEL)

    def look_at_values(self, fields: dict[str, Any]) -> None:
        """Warns of arrays in static fields, and of transformed functions that hold arrays."""
        is_quiet = True
        for name, value in fields.items():
            if name in self._static and type(value) not in plain_types:
                is_quiet = False
                warn_of_static_arrays(self._cls, name, value, _STACKLEVEL)
            if type(value) in callable_types:
                is_quiet = False
                warn_of_transformed(value, _STACKLEVEL)
        types = self.types_of(fields)
        if (
            is_quiet
            and types is not None
            and len(self.quiet_types) < _MOST_QUIET
            # A class that is made in a function may be one of many, which nobody is to keep alive.
            and not any("<locals>" in cls.__qualname__ for cls in types)
        ):
            self.quiet_types.add(types)


def _types_reader(names: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[type, ...] | None]:
    read = reader(names)

    def types_of(fields: dict[str, Any]) -> tuple[type, ...] | None:
        try:
            return tuple(map(type, read(fields)))
        except KeyError:
            return None

    return types_of


def _refusal(cls: Any, is_abstract: bool) -> str | None:
    if is_abstract:
        return (
            f"Cannot instantiate abstract `{cls.__module__}.{cls.__qualname__}`. Expected a "
            f"subclass of it, since it was declared with `is_abstract=True`."
        )
    if cls.__abstractclassvars__:
        return _cannot(cls, "class attributes", sorted(cls.__abstractclassvars__))
    return None


def _cannot(cls: type, what: str, names: Any) -> str:
    listed = ", ".join(repr(name) for name in names)
    return (
        f"Can't instantiate abstract class {cls.__qualname__} with abstract {what} {{{listed}}}. "
        f"Expected a subclass that provides "
        f"{'them as fields or properties' if what == 'attributes' else 'them in its body'}."
    )


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
