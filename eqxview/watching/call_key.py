"""The key of one call: everything that decides which compiled program serves it."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import jax.tree_util as jtu

from eqxview.tree.live.value_repr import guarded_repr, key_text
from eqxview.watching.array_mark import ArrayMark, array_mark, is_array_like
from eqxview.watching.settings import settings_now
from eqxview.watching.static_mark import StaticMark, TypeMark, static_mark, type_mark


@dataclass(frozen=True, slots=True)
class Container:
    """A node of a pytree with its children and what its treedef holds besides them."""

    type: TypeMark
    children: tuple[tuple[str, "Node"], ...]
    aux: tuple[tuple[str, StaticMark], ...]


Node = Container | ArrayMark | StaticMark

Style = Literal["positional", "keyword"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """What was given for one parameter, and how."""

    name: str
    style: Style
    node: Node


@dataclass(frozen=True, slots=True)
class CallKey:
    """The arguments of a call by parameter, and JAX's settings at that time."""

    parameters: tuple[Parameter, ...]
    settings: tuple[tuple[str, StaticMark], ...]
    defaults: frozenset[str] = frozenset()
    """Names of the parameters that may be left out."""
    leaves: int = 0


def call_key(
    signature: inspect.Signature | None,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    static_names: frozenset[str] = frozenset(),
    is_static: Callable[[Any], bool],
    is_bound: bool = False,
) -> CallKey:
    """The key of the call `f(*args, **kwargs)` of a function with this signature.

    A parameter in `static_names` is static as a whole, a leaf for which `is_static` holds is
    static wherever it is. `is_bound` says that keyword and positional are the same to the
    function. Parameters are named by the signature, or `args[0]` where there is none.
    """
    if is_bound and signature is not None:
        bound = signature.bind(*args, **kwargs)
        args, kwargs = bound.args, bound.kwargs
    positional, rest, defaults = _names(signature)
    builder = _Builder(is_static)
    parameters = []

    def add(name: str, style: Style, value: Any) -> None:
        node = static_mark(value) if name in static_names else builder.node(value)
        parameters.append(Parameter(name, style, node))

    for index, value in enumerate(args):
        extra = index - len(positional)
        add(positional[index] if extra < 0 else f"{rest}[{extra}]", "positional", value)
    for name, value in sorted(kwargs.items()):
        add(name, "keyword", value)
    return CallKey(tuple(parameters), settings_now(), defaults, builder.leaves)


def _names(signature: inspect.Signature | None) -> tuple[list[str], str, frozenset[str]]:
    """Names of positional parameters, of `*args`, and of those that have a default."""
    if signature is None:
        return [], "args", frozenset()
    parameters = list(signature.parameters.values())
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "args")
    return positional, rest, frozenset(p.name for p in parameters if p.default is not p.empty)


def pytree_node(value: Any, *, is_static: Callable[[Any], bool]) -> Node:
    """The pytree `value` as it is part of a key."""
    return _Builder(is_static).node(value)


class _Builder:
    def __init__(self, is_static: Callable[[Any], bool]) -> None:
        self._is_static = is_static
        self.leaves = 0

    def node(self, value: Any) -> Node:
        """The pytree `value`, as a tree of marks."""
        # One level at a time, so that every container is seen with its class.
        children, treedef = jtu.tree_flatten_with_path(value, is_leaf=lambda x: x is not value)
        if len(children) == 1 and not children[0][0]:
            return self._leaf(value)
        named = tuple((entry_text(path[0]), self.node(child)) for path, child in children)
        cls = type(value)
        return Container(type_mark(cls), named, tuple(_aux(value, cls, dict(named), treedef)))

    def _leaf(self, value: Any) -> ArrayMark | StaticMark:
        self.leaves += 1
        if is_array_like(value) and not self._is_static(value):
            return array_mark(value)
        return static_mark(value)


def entry_text(key: Any) -> str:
    """One key of a key path, as `jax.tree_util.keystr` prints it."""
    if isinstance(key, jtu.GetAttrKey):
        return f".{key.name}"
    if isinstance(key, jtu.SequenceKey):
        return f"[{key.idx}]"
    if isinstance(key, jtu.DictKey):
        return f"[{key_text(key.key)}]"
    return f"[{guarded_repr(getattr(key, 'key', key))}]"


_NO_AUX = (list, tuple, dict, type(None))


def _aux(value: Any, cls: type, children: Mapping[str, Node], treedef: Any) -> Any:
    """What the treedef holds of a container: static fields by name, all else as one value."""
    if cls in _NO_AUX or hasattr(cls, "_fields"):
        return
    if dataclasses.is_dataclass(cls):
        for field in dataclasses.fields(cls):
            if f".{field.name}" not in children and hasattr(value, field.name):
                yield f".{field.name}", static_mark(getattr(value, field.name))
    elif cls is jtu.Partial:
        yield ".func", static_mark(value.func)
    else:
        data = treedef.node_data()
        if data is not None:
            yield "", static_mark(data[1])
