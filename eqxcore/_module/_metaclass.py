"""The metaclass of Modules: makes the class a dataclass and a pytree, and constructs instances."""

import abc
import dataclasses
import inspect
import warnings
from typing import Any, dataclass_transform

import jax.tree_util as jtu

from eqxcore._registry import register_module

from . import _abstract as abstract
from ._field import field, static_field
from ._init import generate_init, owns_init, show_converters
from ._layout import Layout
from ._method import Method, is_method
from ._missing_argument import note_missing_key
from ._recipe import Recipe
from ._remembering import Remembering, remember_boundary
from ._storage import (
    fields_of,
    get_boundary,
    get_flat,
    held_boundary,
    set_boundary,
)
from ._window import open_windows

_new = object.__new__

# Attributes of a class that what we have worked out about it depends on.
_DEFINING = frozenset(
    {"__dataclass_fields__", "__init__", "__new__", "__post_init__", "__check_init__"}
)
_WORKED_OUT = frozenset({"__eqxcore_layout__", "__eqxcore_recipe__"})


@dataclass_transform(field_specifiers=(dataclasses.field, field, static_field))
class ModuleMeta(abc.ABCMeta):
    """The type of every Module class."""

    __eqxcore_layout__: Layout
    __eqxcore_recipe__: Recipe
    __abstractvars__: frozenset[str]
    __abstractclassvars__: frozenset[str]

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        strict: bool | None = False,
        is_abstract: bool = False,
        **kwargs: Any,
    ) -> "ModuleMeta":
        """The Module class: a dataclass, registered as a pytree.

        `is_abstract=True` makes the class itself, not its subclasses, impossible to instantiate.
        `strict` is taken for the sake of old code: see `StrictConfig`.
        """
        annotations = namespace.get("__annotations__", {})
        abstract.check_annotations(namespace.get("__qualname__", name), namespace)
        namespace = {
            key: Method(value) if key not in annotations and is_method(key, value) else value
            for key, value in namespace.items()
        }
        cls = super().__new__(mcs, name, bases, namespace, **kwargs)
        variables, class_variables = abstract.abstract_names(cls)
        type.__setattr__(cls, "__abstractvars__", variables)
        type.__setattr__(cls, "__abstractclassvars__", class_variables)
        _make_dataclass(cls)
        _work_out(cls, is_abstract or strict is None)
        layout = cls.__eqxcore_layout__
        # Only our own `__getattr__` knows the caches.
        is_plain = _has_plain_attributes(cls)
        jtu.register_pytree_with_keys(
            cls,
            layout.flatten_with_keys,
            layout.unflatten,
            get_flat if is_plain else layout.flatten,
        )
        register_module(
            cls,
            flatten=get_flat if is_plain else layout.flatten,
            unflatten=layout.unflatten,
            flatten_boundary=get_boundary if is_plain else _flatten_boundary,
            unflatten_boundary=_unflatten_boundary_of(cls),
        )
        return cls

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        recipe = cls.__eqxcore_recipe__
        if recipe.refusal is not None:
            raise TypeError(recipe.refusal)
        if recipe.new is None:
            module = _new(cls)
        else:
            module = recipe.new(cls, *args, **kwargs)
            if not isinstance(module, cls):
                return module
        fields = fields_of(module)
        if recipe.opens_window:
            identity = id(module)
            open_windows[identity] = recipe.assignable, fields
            try:
                cls.__init__(module, *args, **kwargs)
            except TypeError as error:
                note_missing_key(error)
                raise
            finally:
                open_windows.pop(identity, None)
            types = recipe.types_of(fields)
        else:
            cls.__init__(module, *args, **kwargs)
            # A generated `__init__` assigns in order.
            types = tuple(map(type, fields.values()))
        if len(fields) != recipe.count or recipe.is_demanding:
            recipe.finish(module)
            types = recipe.types_of(fields)
        if types not in recipe.quiet_types:
            recipe.look_at_values(fields)
        for check in recipe.checks:
            check(module)
        return module

    def __setattr__(cls, name: str, value: Any) -> None:
        if name in _WORKED_OUT:
            # Nobody else's business; cloudpickle sets every attribute of a class that it rebuilds.
            return
        # While the class is being made it has no recipe of its own yet.
        recipe = cls.__dict__.get("__eqxcore_recipe__")
        if recipe is None:
            super().__setattr__(name, value)
            return
        if is_method(name, value) and name not in cls.__eqxcore_layout__.names:
            value = Method(value)
        super().__setattr__(name, value)
        if name in _DEFINING:
            _work_out(cls, recipe.is_abstract)
        _look_for_shadows(cls, name)

    @property
    def __signature__(cls) -> inspect.Signature:
        # `inspect` would show the signature of the `__call__` above.
        signature = inspect.signature(cls.__init__)
        return signature.replace(parameters=list(signature.parameters.values())[1:])

    def register(cls, subclass: type) -> Any:
        """Refuses: a virtual subclass would be a Module in name only. Raises `ValueError`."""
        raise ValueError(
            f"{cls.__qualname__}.register({subclass.__qualname__}) was called. Expected a real "
            f"subclass, since a Module is a pytree and a registered class would not be: write "
            f"`class {subclass.__name__}({cls.__qualname__})`."
        )


def _make_dataclass(cls: type) -> None:
    """Makes `cls` a dataclass, with an `__init__` unless it has one of its own."""
    is_custom = owns_init(cls)
    if is_custom and hasattr(cls, "__post_init__"):
        warnings.warn(
            f"Class `{cls.__module__}.{cls.__qualname__}` has both an `__init__` method and a "
            f"`__post_init__` method. `__post_init__` will not be run: only the `__init__` that "
            f"dataclasses generate calls it. Call it yourself, or write `__check_init__`, which "
            f"always runs, if it checks the fields.",
            UserWarning,
            stacklevel=3,
        )
    annotations = inspect.get_annotations(cls)
    abstract_annotations = {
        name: annotation
        for name, annotation in annotations.items()
        if abstract.is_abstract_annotation(annotation)
    }
    # An abstract attribute is no field: dataclasses must not see it.
    visible = {k: v for k, v in annotations.items() if k not in abstract_annotations}
    if abstract_annotations:
        type.__setattr__(cls, "__annotations__", visible)
    has_doc = bool(cls.__doc__)
    try:
        dataclasses.dataclass(init=False, eq=False, repr=False)(cls)
    finally:
        if abstract_annotations:
            type.__setattr__(cls, "__annotations__", annotations)
    if not is_custom:
        type.__setattr__(cls, "__init__", generate_init(cls))
        if not has_doc:
            # As dataclasses do, which did not know our `__init__` yet.
            arguments = str(inspect.signature(cls)).removesuffix(" -> None")
            type.__setattr__(cls, "__doc__", f"{cls.__name__}{arguments}")
    converters = {
        field.name: field.metadata["converter"]
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]
        if "converter" in field.metadata
    }
    if converters and "__init__" in cls.__dict__:
        show_converters(cls.__dict__["__init__"], converters)


def _work_out(cls: ModuleMeta, is_abstract: bool) -> None:
    """Works out how instances are made and taken apart; again when the class was changed."""
    fields = tuple(
        (field.name, bool(field.metadata.get("static", False)))
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]
    )
    earlier = cls.__dict__.get("__eqxcore_layout__")
    unflatten = None if earlier is None else earlier.unflatten
    layout = Layout(cls, fields, _has_plain_attributes(cls), unflatten)
    if earlier is None:
        type.__setattr__(cls, "__eqxcore_layout__", layout)
    else:
        earlier.become(layout)
        layout = earlier
    type.__setattr__(cls, "__eqxcore_recipe__", Recipe(cls, layout, is_abstract))


def _look_for_shadows(cls: ModuleMeta, name: str) -> None:
    """Takes note that `cls`, and what derives from it, has got an attribute of this name."""
    layout = cls.__eqxcore_layout__
    layout.is_eager |= name in layout.names
    for subclass in cls.__subclasses__():
        _look_for_shadows(subclass, name)


def _has_plain_attributes(cls: type) -> bool:
    """Whether reading an attribute of an instance goes the ways of Module, and no others."""
    return (
        cls.__getattr__ is Remembering.__getattr__  # type: ignore[attr-defined]
        and cls.__getattribute__ is object.__getattribute__
    )


def _flatten_boundary(module: Any) -> Any:
    return held_boundary(module) or remember_boundary(module)


def _unflatten_boundary_of(cls: type) -> Any:
    layout = cls.__eqxcore_layout__  # type: ignore[attr-defined]

    def unflatten_boundary(structure: Any, arrays: Any) -> Any:
        if arrays.__class__ is not tuple:
            arrays = tuple(arrays)
        if layout.is_eager:
            return structure.treedef.unflatten(arrays)
        module = _new(cls)
        set_boundary(module, (arrays, structure))
        return module

    return unflatten_boundary
