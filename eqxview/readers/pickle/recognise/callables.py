"""Functions, classes and what wraps them: leaves that are known by their names."""

from collections.abc import Iterator

from eqxview.readers.described.descriptions import Call, DictItems, Reference
from eqxview.readers.pickle.recognise import by_value
from eqxview.readers.pickle.recognise.context import Context
from eqxview.readers.pickle.recognise.names import (
    Name,
    arguments_of,
    called,
    is_class_name,
    name_of,
)
from eqxview.readers.pickle.recognise.state import attributes_of
from eqxview.tree.key_path import attribute_entry, flat_entry, key_entry
from eqxview.tree.kinds import Hashing, Kind
from eqxview.tree.sanitise import sanitise
from eqxview.tree.value_text import named_text
from eqxview.tree.walk import Child, Sight, Standing

_MAX_WRAPPERS = 20
"""Wrappers within wrappers that are looked through for a name."""

_LIBRARIES = frozenset({"jax", "jaxlib", "numpy", "equinox", "eqxcore", "optax", "flax"})
"""What a function of theirs has taken along is their affair: it would fill the screen."""


def reference(description: Reference) -> Sight:
    """A function or class by its name."""
    name = name_of(description) or Name(description.module, description.name)
    return _sight(name, is_class=is_class_name(name))


def function_by_value(call: Call, context: Context) -> Sight | None:
    """A function that cloudpickle has kept: its name, where it was written, what it took along."""
    if not by_value.is_function(call):
        return None
    name = by_value.function_name(call)
    sight = _sight(name, is_class=False)
    if name.module.partition(".")[0] not in _LIBRARIES:
        sight.children = list(_function_children(call))
    return sight


def class_by_value(call: Call, context: Context) -> Sight | None:
    """A class that cloudpickle has kept, by its name."""
    if not by_value.is_class(call):
        return None
    return _sight(by_value.class_name(call), is_class=True)


def jitted(call: Call, context: Context) -> Sight | None:
    """A function under `jax.jit`, `jax.custom_jvp` or `jax.custom_vjp`, by its own name."""
    name = callable_name(call)
    return None if name is None else _sight(name, is_class=False)


def library_function(call: Call, context: Context) -> Sight | None:
    """Any other wrapper of JAX that keeps the name of what it wraps, e.g. `jnp.add`."""
    wrapper = by_value.class_of(call)
    if wrapper is None or wrapper.module.partition(".")[0] not in ("jax", "jaxlib"):
        return None
    name = (attributes_of(call) or {}).get("__name__")
    if type(name) is not str:
        return None
    return _sight(_wrapped_name(call) or Name(wrapper.module, name), is_class=False)


def loaded_callable(call: Call, context: Context) -> Sight | None:
    """A callable that eqxcore pickles by name because plain pickle cannot."""
    name = callable_name(call)
    return None if name is None else _sight(name, is_class=is_class_name(name))


def method(call: Call, context: Context) -> Sight | None:
    """A bound method: `getattr(object, "name")`, or cloudpickle's `MethodType`."""
    name = callable_name(call)
    if name is None:
        return None
    return Sight(
        Kind.METHOD,
        ("method", sanitise(name.qualified)),
        is_leaf=True,
        children=[Child(attribute_entry("__self__"), _receiver(call), Standing.INSIDE)],
        text=named_text("method", name.last),
        hashing=Hashing.BY_IDENTITY,
    )


def partial(call: Call, context: Context) -> Sight | None:
    """`functools.partial`: a leaf by the name of its function, with its arguments inside."""
    parts = _partial_parts(call)
    if parts is None:
        return None
    name = callable_name(call) or Name("?", "?")
    return Sight(
        Kind.PARTIAL,
        ("partial", sanitise(name.qualified)),
        is_leaf=True,
        children=_argument_children(parts),
        text=named_text("partial", name.last),
        hashing=Hashing.BY_IDENTITY,
    )


def tree_partial(call: Call, context: Context) -> Sight | None:
    """`jax.tree_util.Partial`: a node with the arguments as children, the function static."""
    parts = _partial_parts(call)
    if parts is None:
        return None
    function, arguments, keywords = parts
    return Sight(
        Kind.PARTIAL,
        ("Partial", "jax.tree_util.Partial"),
        is_leaf=False,
        children=[
            Child(attribute_entry("func"), function, Standing.STATIC),
            Child(flat_entry(0), arguments),
            Child(flat_entry(1), keywords),
        ],
        hashing=Hashing.UNKNOWN,
    )


def callable_name(description: object) -> Name | None:
    """What a callable is called, looked for through its wrappers; `None` where none says it."""
    for _ in range(_MAX_WRAPPERS):
        if (name := name_of(description)) is not None:
            return name
        if type(description) is not Call:
            return None
        if by_value.is_function(description):
            return by_value.function_name(description)
        if by_value.is_class(description):
            return by_value.class_name(description)
        arguments = arguments_of(description)
        function = called(description)
        if len(arguments) == 2 and function in _NAMING_CALLS:
            first, second = arguments
            if function == "types.MethodType":
                description = first
            elif type(second) is not str:
                return None
            elif function == "builtins.getattr":
                return _method_name(first, second)
            else:
                return Name(first, second) if type(first) is str else None
        elif (parts := _partial_parts(description)) is not None:
            description = parts[0]
        elif (wrapped := _wrapped(description)) is not None:
            description = wrapped
        else:
            return None
    return None


_NAMING_CALLS = ("eqxcore._pickling.load_callable", "builtins.getattr", "types.MethodType")


def _sight(name: Name, *, is_class: bool) -> Sight:
    kind, what = (Kind.CLASS, "class") if is_class else (Kind.FUNCTION, "function")
    return Sight(
        kind,
        (what, sanitise(name.qualified)),
        is_leaf=True,
        text=named_text(what, name.last),
        hashing=Hashing.BY_IDENTITY,
    )


def _function_children(call: Call) -> Iterator[Child]:
    code = by_value.code_facts(call)
    if code.file is not None:
        yield Child(attribute_entry("__code__.co_filename"), code.file, Standing.INSIDE)
    if code.line is not None:
        yield Child(attribute_entry("__code__.co_firstlineno"), code.line, Standing.INSIDE)
    for variable, content in by_value.closure_cells(call):
        entry = attribute_entry("__closure__") + key_entry(repr(sanitise(variable)))
        yield Child(entry, content, Standing.INSIDE)


def _partial_parts(call: Call) -> tuple[object, object, object] | None:
    """Function, positional arguments and keywords of a partial; `None` if it is none."""
    if not called(call).endswith(".partial") and not called(call).endswith(".Partial"):
        return None
    state = call.state
    if type(state) is not tuple or len(state) != 4:
        return None
    function, arguments, keywords, _ = state
    if type(arguments) is not tuple:
        return None
    return function, arguments, DictItems() if keywords is None else keywords


def _argument_children(parts: tuple[object, object, object]) -> list[Child]:
    _, arguments, keywords = parts
    children: list[Child] = []
    if arguments:
        children.append(Child(attribute_entry("args"), arguments, Standing.INSIDE))
    if type(keywords) is not DictItems or keywords.pairs:
        children.append(Child(attribute_entry("keywords"), keywords, Standing.INSIDE))
    return children


def _wrapped(call: Call) -> object | None:
    """The function inside a jitted, custom_jvp or custom_vjp function."""
    if (name := _wrapped_name(call)) is not None:
        return Reference(*name)
    attributes = attributes_of(call) or {}
    return next((attributes[key] for key in ("fun", "__wrapped__") if key in attributes), None)


def _wrapped_name(call: Call) -> Name | None:
    """The name that `functools.wraps` has given to a wrapper."""
    attributes = attributes_of(call) or {}
    module = attributes.get("__module__")
    name = attributes.get("__qualname__", attributes.get("__name__"))
    return Name(module, name) if type(module) is str and type(name) is str else None


def _method_name(receiver: object, method: str) -> Name:
    # The class of the receiver, or for a class method the receiver itself.
    described = receiver.function if type(receiver) is Call else receiver
    name = callable_name(described)
    return Name("?", method) if name is None else Name(name.module, f"{name.name}.{method}")


def _receiver(call: Call) -> object:
    arguments = arguments_of(call)
    return arguments[1] if called(call) == "types.MethodType" else arguments[0]
