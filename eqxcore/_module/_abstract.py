"""Abstract attributes of Modules: what a subclass must provide as a field or class attribute."""

import inspect
import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar, get_origin

_T = TypeVar("_T")


class _AbstractAnnotation:
    """What `AbstractVar[int]` evaluates to: a marker with the type inside."""

    __slots__ = ("inner", "kind")

    def __init__(self, kind: type, inner: Any) -> None:
        self.kind = kind
        self.inner = inner

    def __repr__(self) -> str:
        inner = getattr(self.inner, "__qualname__", None) or repr(self.inner)
        return f"{self.kind.__name__}[{inner}]"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _AbstractAnnotation)
            and self.kind is other.kind
            and self.inner == other.inner
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.inner))


if TYPE_CHECKING:
    # To a type checker, an abstract attribute is an attribute.
    AbstractVar = Annotated[_T, "AbstractVar"]
    AbstractClassVar = Annotated[_T, "AbstractClassVar"]
else:

    class AbstractVar:
        """Annotates an attribute that every concrete subclass must have, as a field or property.

        `x: eqx.AbstractVar[int]` makes no field. An instance of a subclass that has no `x` cannot
        be made. Use it with square brackets only.
        """

        def __class_getitem__(cls, item):
            return _AbstractAnnotation(cls, item)

        def __new__(cls, *args, **kwargs):
            raise TypeError(
                f"{cls.__name__} was called. Expected it as an annotation: "
                f"`x: eqx.{cls.__name__}[int]`."
            )

    class AbstractClassVar:
        """Annotates a class attribute that every concrete subclass must have.

        `x: eqx.AbstractClassVar[int]` is to `typing.ClassVar` what `AbstractVar` is to a field.
        """

        __class_getitem__ = AbstractVar.__dict__["__class_getitem__"]
        __new__ = AbstractVar.__dict__["__new__"]


_STRING_FORM = re.compile(r"\s*(\w+\s*\.\s*)*(AbstractVar|AbstractClassVar)\s*\[")


def is_abstract_annotation(annotation: Any) -> bool:
    """Whether the annotation marks an abstract attribute of either kind."""
    return isinstance(annotation, _AbstractAnnotation)


def check_annotations(qualname: str, namespace: dict[str, Any]) -> None:
    """Refuses abstract annotations that would not work, with the reason.

    Raises `TypeError` for one without brackets or with a value, and `NotImplementedError` for one
    in a string: it would have to be evaluated before its names exist.
    """
    for name, annotation in namespace.get("__annotations__", {}).items():
        if isinstance(annotation, str):
            if match := _STRING_FORM.match(annotation):
                kind = match.group(2)
                raise NotImplementedError(
                    f"{qualname}.{name} is annotated with the string {annotation!r}. Expected the "
                    f"object {kind}[...] itself, since a string is not evaluated when the class "
                    f"is made: remove the quotes, and `from __future__ import annotations`."
                )
        elif not TYPE_CHECKING and annotation in (AbstractVar, AbstractClassVar):
            raise TypeError(
                f"{qualname}.{name} is annotated with {annotation.__name__} alone. Expected a "
                f"type in brackets: `{name}: eqx.{annotation.__name__}[Any]`."
            )
        elif is_abstract_annotation(annotation) and name in namespace:
            raise TypeError(
                f"{qualname}.{name} is annotated with {annotation!r} and has the value "
                f"{namespace[name]!r}. Expected no value, since an abstract attribute is one that "
                f"subclasses provide: remove the value, or annotate with {annotation.inner!r}."
            )


def abstract_names(cls: type) -> tuple[frozenset[str], frozenset[str]]:
    """The names of the abstract variables and abstract class variables that `cls` still has."""
    variables: set[str] = set()
    class_variables: set[str] = set()
    for base in reversed(cls.__mro__):
        annotations = inspect.get_annotations(base)
        for name, annotation in annotations.items():
            if is_abstract_annotation(annotation):
                if annotation.kind is AbstractClassVar:
                    class_variables.add(name)
                    variables.discard(name)
                elif name not in class_variables:
                    variables.add(name)
            else:
                class_variables.discard(name)
                if not _is_class_variable(annotation):
                    variables.discard(name)
        for name in base.__dict__:
            variables.discard(name)
            class_variables.discard(name)
    return frozenset(variables), frozenset(class_variables)


def _is_class_variable(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return re.match(r"\s*(\w+\.)*ClassVar\b", annotation) is not None
    return annotation is ClassVar or get_origin(annotation) is ClassVar
