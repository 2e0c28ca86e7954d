"""The table of recognisers: from a call in a file to what it stands for.

A call of a function with a name in `BY_NAME` goes to its recogniser. If that does not know
the shape, and for every other call, `BY_SHAPE` is asked in order: the first that knows it says.
Every one is a pure function from descriptions to a `Sight`: nothing is looked up in a module,
nothing imported, nothing called.
"""

from collections.abc import Sequence

from eqxview.readers.class_source import Classes
from eqxview.readers.described.descriptions import Call, DictItems, Reference, SetItems
from eqxview.readers.pickle.recognise import (
    callables,
    containers,
    instances,
    layer_state,
    libraries,
    values,
)
from eqxview.readers.pickle.recognise.context import Context, Recogniser
from eqxview.readers.pickle.recognise.names import called
from eqxview.readers.pickle.recognise.opaque import unnamed
from eqxview.tree.columns import Tree
from eqxview.tree.walk import Sight

BY_NAME: dict[str, Recogniser] = {
    "collections.OrderedDict": containers.ordered_dict,
    "collections.defaultdict": containers.default_dict,
    "collections.Counter": containers.counter,
    "collections.deque": containers.deque,
    "functools.partial": callables.partial,
    "jax.tree_util.Partial": callables.tree_partial,
    "jax._src.tree_util.Partial": callables.tree_partial,
    "jaxlib._jax.PjitFunction": callables.jitted,
    "jaxlib.xla_extension.PjitFunction": callables.jitted,
    "jax._src.custom_derivatives.custom_jvp": callables.jitted,
    "jax._src.custom_derivatives.custom_vjp": callables.jitted,
    "eqxcore._pickling.load_callable": callables.loaded_callable,
    "eqxcore.nn._state._state.State": layer_state.eqxcore_state,
    "equinox.nn._stateful.State": layer_state.equinox_state,
    "builtins.getattr": instances.attribute_call,
    "types.MethodType": callables.method,
    "builtins.bytearray": values.bytearray_call,
    "builtins.range": values.span,
    "builtins.slice": values.span,
    "pathlib.PosixPath": values.path,
    "pathlib.WindowsPath": values.path,
    "pathlib.PurePosixPath": values.path,
    "pathlib.PureWindowsPath": values.path,
    "flax.core.frozen_dict.FrozenDict": libraries.frozen_dict,
}
"""Qualified name of what is called, as it is called today, to what knows its results."""

BY_SHAPE: tuple[Recogniser, ...] = (
    # First what there is most of: a model is Modules.
    instances.saved_module,
    instances.known_instance,
    callables.function_by_value,
    callables.class_by_value,
    # Before other classes: a Variable or Module of nnx may be of any class of the user's.
    libraries.nnx_state,
    libraries.nnx_variable,
    libraries.nnx_object,
    # Before them too: for JAX such a wrapper is a leaf, whatever its class is.
    callables.library_function,
    instances.other_instance,
)


class Recognisers:
    """Says what a dict, set, name or call in a file stands for; one for each opened file."""

    def __init__(self, classes: Classes) -> None:
        self._context = Context(classes)

    def __call__(self, description: object) -> Sight | None:
        """What `description` is; `None` for what is none of these."""
        match description:
            case Call():
                return look_at_call(description, self._context)
            case DictItems():
                return containers.plain_dict(description)
            case Reference():
                return callables.reference(description)
            case SetItems():
                return containers.plain_set(description)
        return None

    def hints(self, trees: Sequence[Tree]) -> tuple[str, ...]:
        """How to learn what `trees` show as `?`."""
        return tuple(self._context.hints(trees))


def look_at_call(call: Call, context: Context) -> Sight:
    """What `call` stands for."""
    recogniser = BY_NAME.get(called(call))
    if recogniser is not None and (sight := recogniser(call, context)) is not None:
        return sight
    for recogniser in BY_SHAPE:
        if (sight := recogniser(call, context)) is not None:
            return sight
    return unnamed(call, context)
