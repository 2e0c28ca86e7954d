"""The `__init__` of a Module that does not write its own: assigns the fields, as dataclasses do."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

_MISSING = dataclasses.MISSING


class _FactoryDefault:
    """Stands in a signature for a default that a factory makes."""

    def __repr__(self) -> str:
        return "<factory>"

    def __reduce__(self) -> str:
        return "_FACTORY"


_FACTORY = _FactoryDefault()


def owns_init(cls: type) -> bool:
    """Whether the `__init__` that `cls` inherits or has was written by hand."""
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if init is None or getattr(base, "_is_protocol", False):
            continue
        return base is not object and not getattr(init, "__eqxcore_generated__", False)
    return False


def inherited_doc(cls: type) -> str | None:
    """The docstring of the `__init__` that a generated one replaces."""
    for base in cls.__mro__[1:]:
        init = base.__dict__.get("__init__")
        if init is not None and base is not object:
            return init.__doc__
    return None


def generate_init(cls: type) -> Callable[..., None]:
    """An `__init__` with one argument a field, which then calls `__post_init__` if there is one.

    It writes into the dict of the instance: three times faster than `self.x = x` through the
    freezing. Raises `TypeError` when a field without a default follows one that has one.
    """
    fields = [field for field in cls.__dataclass_fields__.values() if _takes_part(field)]  # type: ignore[attr-defined]
    namespace: dict[str, Any] = {"_FACTORY": _FACTORY, "_set": object.__setattr__}
    positional, keyword_only = [], []
    body = ["fields = self.__eqxcore_fields__"]
    annotations: dict[str, Any] = {}
    earlier_default = None
    init_variables = []
    for field in fields:
        name = field.name
        is_variable = _is_init_variable(field)
        has_default = field.default is not _MISSING or field.default_factory is not _MISSING
        if has_default:
            namespace[f"_default_{name}"] = (
                field.default if field.default is not _MISSING else _FACTORY
            )
        if field.default_factory is not _MISSING:
            namespace[f"_make_{name}"] = field.default_factory
        if field.init:
            annotations[name] = field.type.type if is_variable else field.type
            if field.kw_only:
                keyword_only.append(f"{name}=_default_{name}" if has_default else name)
            else:
                if has_default:
                    earlier_default = name
                elif earlier_default is not None:
                    raise TypeError(
                        f"The field {name!r} of {cls.__qualname__} has no default but follows "
                        f"{earlier_default!r}, which has one. Expected fields without defaults "
                        f"first: move it up, give it a default, or make it keyword-only with "
                        f"`{name}: ... = eqx.field(kw_only=True)`."
                    )
                positional.append(f"{name}=_default_{name}" if has_default else name)
        if is_variable:
            init_variables.append(name)
            continue
        if field.default_factory is not _MISSING:
            made = f"_make_{name}()"
            if field.init:
                made = f"{made} if {name} is _FACTORY else {name}"
        elif field.init or field.default is not _MISSING:
            made = name if field.init else f"_default_{name}"
        else:
            continue
        body.append(_assign(cls, name, made))
    if hasattr(cls, "__post_init__"):
        body.append(f"self.__post_init__({', '.join(init_variables)})")
    arguments = ["self", *positional, *(["*", *keyword_only] if keyword_only else [])]
    source = f"def __init__({', '.join(arguments)}):\n" + "\n".join(f"    {line}" for line in body)
    exec(source, namespace)
    init = namespace["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    init.__annotations__ = {**annotations, "return": None}
    init.__doc__ = inherited_doc(cls)
    init.__eqxcore_generated__ = True
    return init


def _assign(cls: type, name: str, value: str) -> str:
    """A line of code that assigns to a field."""
    if is_data_descriptor(getattr(cls, name, None)):
        return f"_set(self, {name!r}, {value})"
    return f"fields[{name!r}] = {value}"


def is_data_descriptor(attribute: Any) -> bool:
    """Whether an attribute of a class takes assignments: an entry of `__slots__`, a property."""
    return hasattr(type(attribute), "__set__")


def _takes_part(field: Any) -> bool:
    return field._field_type.name != "_FIELD_CLASSVAR"


def _is_init_variable(field: Any) -> bool:
    return field._field_type.name == "_FIELD_INITVAR"


def show_converters(init: Callable[..., None], converters: dict[str, Callable[[Any], Any]]) -> None:
    """Annotates the arguments of `init` with what their converters take instead of with the field.

    That is the annotation of the converter's first parameter, or `Any`.
    """
    for name, converter in converters.items():
        if name not in getattr(init, "__annotations__", {}):
            continue
        try:
            parameters = list(inspect.signature(converter).parameters.values())
        except (TypeError, ValueError):
            parameters = []
        annotation = parameters[0].annotation if parameters else inspect.Parameter.empty
        init.__annotations__[name] = Any if annotation is inspect.Parameter.empty else annotation
