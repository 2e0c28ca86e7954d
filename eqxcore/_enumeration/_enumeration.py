"""`Enumeration`: enumerations that go through JAX's transformations."""

import enum
import warnings
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool

from ._item import EnumerationItem, message_of_value

_T = TypeVar("_T")


class EnumerationMeta(type):
    """The class of enumerations."""

    _name_to_item: dict[str, EnumerationItem]
    """In the order of their values, which begin with 0."""

    _index_to_message: list[str]

    _base_offsets: "dict[EnumerationMeta, np.ndarray]"
    """For each enumeration that this one inherits from: its values as values of this one."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], /
    ) -> "EnumerationMeta":
        own = {key: value for key, value in namespace.items() if not _is_magic(key)}
        rest = {key: value for key, value in namespace.items() if _is_magic(key)}
        cls = super().__new__(mcs, name, bases, rest)
        inherited = [base for base in cls.__mro__[1:] if isinstance(base, EnumerationMeta)]
        messages: dict[str, str] = {}
        for base in bases:
            if isinstance(base, EnumerationMeta):
                inherited_items = zip(base._name_to_item, base._index_to_message, strict=True)
                _update(messages, dict(inherited_items), name)
        for key, message in own.items():
            _check_own(name, key, message)
        _update(messages, own, name)
        values = {key: np.array(value, np.int32) for value, key in enumerate(messages)}
        cls._index_to_message = list(messages.values())
        cls._name_to_item = {key: EnumerationItem(value, cls) for key, value in values.items()}
        cls._base_offsets = {
            base: np.array([values[key] for key in base._name_to_item], np.int32)
            for base in inherited
        }
        if "__doc__" not in namespace:
            cls.__doc__ = _doc(messages)
        return cls

    def __getattr__(cls, name: str) -> EnumerationItem:
        # During the creation of a class there are no items yet.
        items = cls.__dict__.get("_name_to_item", {})
        if name in items:
            return items[name]
        raise AttributeError(
            f"`{cls.__qualname__}` has no item {name!r}. It has "
            f"{', '.join(items) if items else 'none'}.",
            name=name,
            obj=cls,
        )

    def __setattr__(cls, name: str, value: Any) -> None:
        if name in cls.__dict__.get("_name_to_item", {}):
            raise AttributeError(
                f"Cannot assign to the item {name!r} of `{cls.__qualname__}`. Items are fixed "
                f"when the class is made: inherit from it to add others."
            )
        super().__setattr__(name, value)

    def __getitem__(cls, item: EnumerationItem) -> str:
        """The message of an item. Raises `ValueError` for anything else."""
        cls._check_member(item, f"`{cls.__qualname__}[item]`")
        return cls._message_of(item)

    def __len__(cls) -> int:
        return len(cls._name_to_item)

    def __bool__(cls) -> bool:
        # A class is true, with or without items.
        return True

    def __iter__(cls) -> NoReturn:
        # Python would count through `__getitem__` otherwise.
        raise TypeError(
            f"`{cls.__qualname__}` cannot be iterated over: its items need not be known while a "
            f"program is traced, nor be hashed. Name them: {', '.join(cls._name_to_item)}."
        )

    def __contains__(cls, item: object) -> bool:
        return isinstance(item, cls)

    def __dir__(cls) -> list[str]:
        return [*super().__dir__(), *cls._name_to_item]

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, EnumerationItem) and instance._enumeration is cls

    def _message_of(cls, item: EnumerationItem) -> str:
        return message_of_value(item._value, cls._index_to_message)

    def _check_member(cls, item: object, what: str) -> None:
        if isinstance(item, cls):
            return
        if isinstance(item, EnumerationItem):
            found = f"{item!r}, an item of `{item._enumeration.__qualname__}`"
        else:
            found = f"{item!r}, which is no item of an enumeration"
        raise ValueError(
            f"{what} got {found}. Expected an item of `{cls.__qualname__}`: one of "
            f"{', '.join(cls._name_to_item)}."
        )

    # Not class methods of `Enumeration`, since a class attribute would hide an item of that name.

    def promote(cls, item: EnumerationItem) -> EnumerationItem:
        """The item of the same name, for an item of an enumeration that this one inherits from.

        Raises `ValueError` for any other, one of this enumeration itself included.
        """
        if not isinstance(item, EnumerationItem):
            raise ValueError(
                f"`{cls.__qualname__}.promote` got {item!r}, which is no item of an enumeration."
            )
        offsets = cls._base_offsets.get(item._enumeration)
        if offsets is None or len(offsets) == 0:
            bases = [base.__qualname__ for base in cls._base_offsets if len(base)]
            raise ValueError(
                f"`{cls.__qualname__}.promote` got {item!r}. Expected an item of an enumeration "
                f"that `{cls.__qualname__}` inherits from: "
                f"{', '.join(bases) if bases else 'there is none'}."
            )
        value = item._value
        if isinstance(value, np.ndarray):
            return EnumerationItem(offsets[value], cls)
        return EnumerationItem(jnp.asarray(offsets)[value], cls)

    def where(
        cls, pred: Bool[ArrayLike, ""], a: EnumerationItem, b: EnumerationItem
    ) -> EnumerationItem:
        """`a` where `pred` is true, else `b`.

        Raises `ValueError` unless both are items of this enumeration, and `pred` one boolean.
        """
        what = f"`{cls.__qualname__}.where`"
        cls._check_member(a, what)
        cls._check_member(b, what)
        dtype = jnp.result_type(pred)
        if jnp.shape(pred) != () or dtype != jnp.bool_:
            raise ValueError(
                f"{what} got a `pred` of shape {jnp.shape(pred)} and dtype {dtype}. Expected a "
                f"single boolean: use `jax.vmap` for an array of them."
            )
        if a._value is b._value:
            return a
        if isinstance(pred, (bool, np.bool_)):
            return a if pred else b
        return EnumerationItem(jnp.where(pred, a._value, b._value), cls)


def _is_magic(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _check_own(enumeration: str, name: str, message: object) -> None:
    if hasattr(EnumerationMeta, name):
        # It would hide the item: Python looks there first.
        raise ValueError(
            f"The enumeration `{enumeration}` has an item {name!r}. Choose another name: that is "
            f"the one of a method, `{enumeration}.{name}(...)`."
        )
    if not isinstance(message, str):
        raise TypeError(
            f"The item {name!r} of the enumeration `{enumeration}` is {message!r}. Expected a "
            f"message: `{name} = 'what it means'`."
        )


def _update(messages: dict[str, str], more: dict[str, str], enumeration: str) -> None:
    for name, message in more.items():
        if messages.setdefault(name, message) != message:
            warnings.warn(
                f"The enumeration `{enumeration}` has two messages for {name!r}. Of "
                f"{messages[name]!r} and {message!r} it takes the latter, which came last.",
                stacklevel=3,
            )
            messages[name] = message


def _doc(messages: dict[str, str]) -> str:
    items = (f"- `{name}`: " + text.replace("\n", "\n  ") for name, text in messages.items())
    return "\n\n".join(("An enumeration of:", *items))


if TYPE_CHECKING:
    # A type checker takes it for one of Python's, so that `RESULTS.success` is a `RESULTS`.

    class _TypedMeta(enum.EnumMeta):
        def __getitem__(cls, item: Any) -> str: ...  # type: ignore[override]

    class Enumeration(enum.Enum, metaclass=_TypedMeta):
        """See below."""

        def __eq__(self, other: object) -> Bool[Array, "..."]: ...  # type: ignore[override]
        def __ne__(self, other: object) -> Bool[Array, "..."]: ...  # type: ignore[override]
        @classmethod
        def promote(cls, item: Any) -> Any:
            """See `EnumerationMeta.promote`."""

        @classmethod
        def where(cls, pred: Bool[ArrayLike, ""], a: Any, b: Any) -> Any:
            """See `EnumerationMeta.where`."""

        def is_traced(self) -> bool:
            """See `EnumerationItem.is_traced`."""
            ...

        def error_if(self, token: _T, pred: Bool[ArrayLike, "..."]) -> _T:
            """See `EnumerationItem.error_if`."""
            ...

else:

    class Enumeration(metaclass=EnumerationMeta):
        """Base class of enumerations whose items JAX can compute with.

            class RESULTS(Enumeration):
                success = "It worked."
                diverged = "The solver diverged."

        `RESULTS.success` is an item, a pytree of one integer: it can be an argument and a result
        of any transformed function. `RESULTS[item]` is its message, `len(RESULTS)` counts them.

        Items of the same enumeration can be compared, which gives an array, and chosen by
        `RESULTS.where(pred, a, b)`. `item.error_if(x, pred)` is `error_if` with its message.

        A subclass has the items of its bases, numbered anew, and its own;
        `SUBCLASS.promote(item)` gives the one that corresponds to an item of a base.
        """

        def __new__(cls, *args: Any, **kwargs: Any) -> NoReturn:
            raise TypeError(
                f"`{cls.__qualname__}` has no instances besides its items, which are its "
                f"attributes: {', '.join(cls._name_to_item) or 'there are none yet'}."
            )
