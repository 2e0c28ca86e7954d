"""`Module`: a dataclass that is a pytree, immutable once it is constructed."""

import dataclasses
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from eqxcore._trees._pretty import tree_pformat
from eqxcore._trees._tree_equal import tree_equal

from ._metaclass import ModuleMeta
from ._method import BoundMethod
from ._naming import CodeOfCall, NameOfClass, SignatureOfCall
from ._remembering import fill_in
from ._saving import Saving
from ._storage import fields_of
from ._unhashable import unhashable_field
from ._warnings import callable_types, warn_of_transformed
from ._window import open_windows


class Module(Saving, Hashable, metaclass=ModuleMeta):
    """A class whose instances are pytrees: fields as of a dataclass, methods as of any class.

    Fields are the annotations of the class. Each is a child of the pytree, unless it is declared
    with `eqx.field(static=True)`. An `__init__` is generated, or written by hand to assign every
    field; after it, an instance cannot be changed: use `eqx.tree_at` to get a changed copy.

        class Linear(eqx.Module):
            weight: Float[Array, "out in"]

            def __call__(self, x: Float[Array, "in"]) -> Float[Array, "out"]:
                return self.weight @ x

    After construction every `__check_init__(self)` of the class and its bases is called. Methods
    are pytrees, too: `jax.vmap(model.layer.encode)(x)` sees the arrays of the layer.
    """

    if not TYPE_CHECKING:
        # To a type checker, `__name__` is that of the class, a `str`.
        __name__ = NameOfClass()
        __code__ = CodeOfCall()
        __signature__ = SignatureOfCall()

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            names, fields = open_windows[id(self)]
        except KeyError:
            raise dataclasses.FrozenInstanceError(_frozen(self, name, "assign to")) from None
        if name not in names:
            _assign_elsewhere(self, name, value)
            return
        if type(value) in callable_types:
            if type(value) is BoundMethod and value.__self__ is self:
                raise ValueError(_own_method(self, name, value))
            warn_of_transformed(value, 2)
        fields[name] = value

    def __delattr__(self, name: str) -> None:
        if id(self) in open_windows and name in fields_of(self):
            del fields_of(self)[name]
            return
        raise dataclasses.FrozenInstanceError(_frozen(self, name, "delete"))

    def __hash__(self) -> int:
        fill_in(self)
        fields = fields_of(self)
        items = [(n, fields[n]) for n in type(self).__eqxcore_layout__.names if n in fields]
        try:
            return hash(tuple(items))
        except TypeError:
            raise _unhashable(self, items) from None

    def __eq__(self, other: object) -> Any:
        # As the structures would say; `inspect` compares whatever it sees with its own objects.
        return type(other) is type(self) and tree_equal(self, other)

    def __repr__(self) -> str:
        return tree_pformat(self)


def _assign_elsewhere(module: Module, name: str, value: Any) -> None:
    if name not in type(module).__eqxcore_layout__.names:
        raise dataclasses.FrozenInstanceError(_frozen(module, name, "assign to"))
    # An entry of `__slots__`, or a property: it has another place than the dict.
    object.__setattr__(module, name, value)


def _own_method(module: Module, name: str, method: BoundMethod) -> str:
    return (
        f"Cannot assign methods in __init__: .{name} of {type(module).__qualname__} got its own "
        f"method {method.__name__!r}. A copy of the module would then keep calling the method of "
        f"the original. Write a method instead: "
        f"`def {name}(self, *args): return self.{method.__name__}(*args)`."
    )


def _unhashable(module: Module, items: list[tuple[str, Any]]) -> TypeError:
    cls = type(module)
    # In order of declaration, which the set of names is not.
    order = [field.name for field in dataclasses.fields(cls)]
    found = unhashable_field(cls, sorted(items, key=lambda item: order.index(item[0])))
    if found is None:
        return TypeError(f"unhashable type: {cls.__qualname__!r}")
    return TypeError(
        f"unhashable type: {cls.__qualname__!r}, for `.{found.name}` does not hash "
        f"({found.reason}). Expected fields that hash, all of them, where a Module is a static "
        "argument or a key of a dict. To compile a function of it, use `eqx.filter_jit`, which "
        "traces its arrays; to find it again, use `id(module)`."
    )


def _frozen(module: Module, name: str, action: str) -> str:
    cls = type(module)
    message = f"cannot {action} field {name!r}"
    if id(module) in open_windows:
        return (
            f"{message} of {cls.__qualname__}: it is not declared. Expected one of "
            f"{', '.join(cls.__eqxcore_layout__.names) or 'no field at all'}; declare it in the "
            f"body of the class, `{name}: Any`."
        )
    return (
        f"{message} of {cls.__qualname__}: a Module cannot be changed once it is constructed. "
        f"Make a changed copy: `eqx.tree_at(lambda m: m.{name}, module, value)`, or "
        f"`dataclasses.replace(module, {name}=value)`."
    )
