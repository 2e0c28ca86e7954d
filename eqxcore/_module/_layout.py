"""How a Module class is a pytree: which fields are children, which are metadata, and their names.

The metadata of a node is a tuple of the static values that knows the names of their fields: so
that JAX's own messages about structures show `in_features=2, use_bias=True`. It is a tuple
because comparing two of them is then C, and a model has hundreds.
"""

import operator
import types
from collections.abc import Callable
from typing import Any

import jax.tree_util as jtu

from ._storage import fields_of, get_flat, held_flat, set_flat
from ._unhashable import unhashable_field
from ._window import WRAPPER_NAMES, open_windows


class Statics(tuple[Any, ...]):
    """Values of the static fields, in order. One subclass a Module class, with their names."""

    __slots__ = ()

    module_class: type = object
    names: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        """The name of the Module class."""
        return f"{self.module_class.__module__}.{self.module_class.__qualname__}"

    def __reduce__(self) -> Any:
        # For pickled treedefs.
        return _rebuild, (self.module_class, isinstance(self, UnusualStatics), tuple(self))

    def __repr__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.items())

    def items(self) -> list[tuple[str, Any]]:
        """Pairs of field name and value."""
        return list(zip(self.names, self, strict=True))

    def __hash__(self) -> int:
        try:
            return tuple.__hash__(self)
        except TypeError:
            raise _unhashable(self) from None


class UnusualStatics(Statics):
    """The same of an instance that lacks fields, or has the names of a wrapped function.

    Three tuples: names of the children that it has, pairs of static names and values, pairs of
    wrapper names and values.
    """

    __slots__ = ()

    def items(self) -> list[tuple[str, Any]]:
        """Pairs of field name and value."""
        return list(self[1])

    def __repr__(self) -> str:
        parts = [f"{name}={value!r}" for name, value in (*self[1], *self[2])]
        return ", ".join([f"only=({', '.join(self[0])})", *parts])

    def __hash__(self) -> int:
        # Not the values of the wrapper names: `__annotations__` is a dict.
        try:
            return hash((self[0], self[1], tuple(name for name, _ in self[2])))
        except TypeError:
            raise _unhashable(self) from None


def _rebuild(cls: Any, is_unusual: bool, values: tuple[Any, ...]) -> Statics:
    layout = cls.__eqxcore_layout__
    return (layout.unusual_class if is_unusual else layout.statics_class)(values)


def _unhashable(statics: Statics) -> TypeError:
    field = unhashable_field(statics.module_class, statics.items())
    if field is None:
        return TypeError(f"The static fields of {statics.owner} do not hash.")
    return TypeError(f"`.{field.name}` does not hash ({field.reason}).\n{field.explain()}")


class Layout:
    """What one Module class is made of, and the functions that take it apart and build it."""

    __slots__ = (
        "_keys",
        "dynamic",
        "is_eager",
        "names",
        "pack",
        "static",
        "statics_class",
        "unflatten",
        "unusual_class",
    )

    is_eager: bool
    """Whether the fields of an instance must be there before they are asked for, since something
    else would answer: an attribute of the class, such as a default, or its own `__getattr__`."""

    def __init__(
        self,
        cls: type,
        fields: tuple[tuple[str, bool], ...],
        is_plain: bool,
        unflatten: Any = None,
    ) -> None:
        """`fields` are pairs of a name and whether it is static, in order of declaration.

        `is_plain` says whether reading an attribute goes the ways of Module. `unflatten` is the
        function of an earlier layout, which the registries hold: it is taught the new one.
        """
        self.dynamic: tuple[str, ...] = tuple(name for name, is_static in fields if not is_static)
        self.static: tuple[str, ...] = tuple(name for name, is_static in fields if is_static)
        self.names: frozenset[str] = frozenset(name for name, _ in fields)
        self.is_eager = (
            not is_plain
            or any(name in base.__dict__ for base in cls.__mro__ for name in self.names)
            # Its instances may have names of their own, see `module_update_wrapper`.
            or hasattr(cls, "__wrapped__")
        )
        self._keys = tuple(jtu.GetAttrKey(name) for name in self.dynamic)
        self.statics_class: type[Statics] = type(
            "Statics", (Statics,), {"__slots__": (), "module_class": cls, "names": self.static}
        )
        self.unusual_class: type[UnusualStatics] = type(
            "UnusualStatics", (UnusualStatics,), {"__slots__": (), "module_class": cls}
        )
        self.pack: Callable[[Any], Any]
        self.unflatten: Callable[[Any, Any], Any]
        self.pack, self.unflatten = self._generate(cls, unflatten)

    def _generate(self, cls: type, unflatten: Any) -> tuple[Any, Any]:
        """The two functions that run once a node; generated, which halves their time.

        Not before the first of them is called: to compile them takes longer than everything else
        about a class, and of the classes of a library most are never used.
        """
        namespace: dict[str, Any] = {} if unflatten is None else unflatten.__globals__
        pack = types.FunctionType(_pack_first.__code__, namespace, "pack")
        if unflatten is None:
            unflatten = types.FunctionType(_unflatten_first.__code__, namespace, "unflatten")
        else:
            # The registries know a class by the function that they were given first.
            unflatten.__code__ = _unflatten_first.__code__

        def generate() -> None:
            made: dict[str, Any] = {}
            exec(self._source(), namespace, made)
            pack.__code__, unflatten.__code__ = made["pack"].__code__, made["unflatten"].__code__

        namespace.update(
            cls=cls,
            fields_of=fields_of,
            generate=generate,
            new=object.__new__,
            open_windows=open_windows,
            pack=pack,
            pack_unusual=self._pack_unusual,
            set_flat=set_flat,
            Statics=self.statics_class,
            unflatten=unflatten,
            unflatten_unusual=_unflatten_unusual(cls, self),
        )
        # The first one lives on, see `become`.
        namespace.setdefault("layout", self)
        return pack, unflatten

    def _source(self) -> str:
        dynamic, static = (
            "".join(f"fields[{name!r}], " for name in names)
            for names in (self.dynamic, self.static)
        )
        lines = [
            "def pack(module):",
            "    fields = fields_of(module)",
            f"    if len(fields) != {len(self.names)}:",
            "        return pack_unusual(module)",
            "    try:",
            f"        flat = ({dynamic}), Statics(({static}))",
            "    except KeyError:",
            "        return pack_unusual(module)",
            "    if id(module) not in open_windows:",
            "        set_flat(module, flat)",
            "    return flat",
            "def unflatten(statics, children):",
            "    if statics.__class__ is not Statics:",
            "        return unflatten_unusual(statics, children)",
            "    if children.__class__ is not tuple:",
            "        children = tuple(children)",
            "    module = new(cls)",
            "    set_flat(module, (children, statics))",
            # Else they are filled in when one is asked for: see `_storage.py`.
            "    if layout.is_eager:",
            "        fields = fields_of(module)",
            f"        {dynamic or '()'} = children",
            f"        {static or '()'} = statics",
            "    return module",
        ]
        return "\n".join(lines)

    def _pack_unusual(self, module: Any) -> Any:
        fields = fields_of(module)
        dynamic = tuple(name for name in self.dynamic if name in fields)
        static = tuple((name, fields[name]) for name in self.static if name in fields)
        wrapper = tuple((name, fields[name]) for name in WRAPPER_NAMES if name in fields)
        children = tuple(fields[name] for name in dynamic)
        if len(dynamic) + len(static) == len(self.names) and not wrapper:
            # Only something that is no field: a `functools.cached_property`, say.
            flat = children, self.statics_class(value for _, value in static)
        else:
            flat = children, self.unusual_class((dynamic, static, wrapper))
        if id(module) not in open_windows:
            set_flat(module, flat)
        return flat

    def fill(self, fields: dict[str, Any], children: Any, statics: Any) -> None:
        """Puts into `fields` what is not there yet."""
        if isinstance(statics, UnusualStatics):
            names, static_items, wrapper_items = statics
            items = [*zip(names, children, strict=True), *static_items, *wrapper_items]
        elif self.names <= fields.keys():
            return
        else:
            items = [
                *zip(self.dynamic, children, strict=True),
                *zip(self.static, statics, strict=True),
            ]
        for name, value in items:
            # Somebody who goes around the freezing may have written already: theirs stays.
            fields.setdefault(name, value)

    def become(self, other: "Layout") -> None:
        """Takes over everything from `other`: the registries hold on to the first layout."""
        for name in self.__slots__:
            setattr(self, name, getattr(other, name))

    def flatten(self, module: Any) -> Any:
        """(children, statics), for classes whose `__getattr__` is not ours."""
        return held_flat(module) or self.pack(module)

    def __reduce__(self) -> Any:
        # A pickled class, as cloudpickle makes one, works out its own.
        return type(None), ()

    def flatten_with_keys(self, module: Any) -> Any:
        """(pairs of key and child, statics)."""
        children, statics = held_flat(module) or get_flat(module)
        if isinstance(statics, UnusualStatics):
            keys = tuple(jtu.GetAttrKey(name) for name in statics[0])
        else:
            keys = self._keys
        return tuple(zip(keys, children, strict=True)), statics


# What the two functions are until they are generated. Their names are those of the namespace that
# they run in.


def _pack_first(module: Any) -> Any:
    generate()  # type: ignore[name-defined]
    return pack(module)  # type: ignore[name-defined]


def _unflatten_first(statics: Any, children: Any) -> Any:
    generate()  # type: ignore[name-defined]
    return unflatten(statics, children)  # type: ignore[name-defined]


def reader(names: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """A function from a dict to the values that stand under `names`. It raises `KeyError`."""
    if not names:
        return lambda fields: ()
    if len(names) == 1:
        (name,) = names
        return lambda fields: (fields[name],)
    return operator.itemgetter(*names)


def _unflatten_unusual(cls: type, layout: Layout) -> Callable[[Any, Any], Any]:
    def unflatten_unusual(statics: Any, children: Any) -> Any:
        # Or statics of the class as it was before it was changed.
        module = object.__new__(cls)
        layout.fill(fields_of(module), children, statics)
        return module

    return unflatten_unusual
