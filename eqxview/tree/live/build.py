"""The tree of a live object."""

from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Flag, Hashing, Kind
from eqxview.tree.live.arrays import ArrayHandler, LiveValues
from eqxview.tree.live.containers import ContainerHandler
from eqxview.tree.live.handler import ClassNames, Handler
from eqxview.tree.live.leaves import (
    CallableHandler,
    EnumHandler,
    OpaqueHandler,
    PrimitiveHandler,
    SetHandler,
)
from eqxview.tree.live.modules import ModuleHandler
from eqxview.tree.live.registered import RegisteredHandler
from eqxview.tree.sanitise import sanitise
from eqxview.tree.walk import DEFAULT_MAX_NODES, Sight, walk


def tree_of(pytree: object, *, max_nodes: int = DEFAULT_MAX_NODES) -> Tree:
    """The tree of a live object: its leaves are `jax.tree_util.tree_leaves_with_path`'s.

    Beside them it holds what JAX hides: static fields, `None`s, shared arrays, and what is
    inside of leaves. No array is copied, moved, waited for, or kept alive.
    """
    values = LiveValues()
    return walk(pytree, _Look(values), values=values, max_nodes=max_nodes)


class _Look:
    """Says what an object is: asks the first handler that recognises its class."""

    def __init__(self, values: LiveValues) -> None:
        # First match wins. Ours and JAX's own come first because they are the most specific
        # and the most frequent; `RegisteredHandler` before the leaves, since a class of any
        # sort may have been registered; `OpaqueHandler` takes what is left.
        self._names = names = ClassNames()
        self._handlers: tuple[Handler, ...] = (
            ContainerHandler(names),
            PrimitiveHandler(names),
            ArrayHandler(names, values),
            ModuleHandler(names),
            RegisteredHandler(names),
            EnumHandler(names),
            SetHandler(names),
            CallableHandler(names, values.remember_callable),
            OpaqueHandler(names),
        )
        self._by_class: dict[type, Handler] = {}

    def __call__(self, value: object) -> Sight:
        cls = type(value)
        handler = self._by_class.get(cls)
        if handler is None:
            handler = next(h for h in self._handlers if h.recognises(cls))
            self._by_class[cls] = handler
        try:
            return handler.look(value)
        except Exception as error:  # noqa: BLE001  shown as a node that failed, with the reason
            reason = sanitise(f"{type(error).__name__}: {error}")
            return Sight(
                Kind.OPAQUE,
                self._names[cls],
                is_leaf=True,
                text=f"<not shown: {reason}>",
                hashing=Hashing.UNKNOWN,
                flags=Flag.PROBLEM,
                notes=(f"this node could not be looked at: {reason}",),
            )
