"""What the user calls an object, and the places inside of one. Runs nothing of the user's."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from eqxview.inspect.explain.seen_call import Argument, SeenCall, seen_call
from eqxview.inspect.explain.static_value import UNKNOWN, attribute, held_by
from eqxview.inspect.explain.steps import Step

_MAX_OBJECTS = 20_000


def places(root: Any, text: str) -> Iterator[tuple[str, Any]]:
    """Every object inside of `root`, nearest first, with how it is written: `model.layers[0]`."""
    waiting: deque[tuple[str, Any]] = deque([(text, root)])
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_OBJECTS:
        path, value = waiting.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        yield path, value
        waiting.extend(_inside(path, value))


def _inside(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    cls = type(value)
    if isinstance(value, tuple) and hasattr(cls, "_fields"):
        yield from ((f"{path}.{name}", attribute(value, name)) for name in cls._fields)
    elif cls in (tuple, list):
        yield from ((f"{path}[{at}]", item) for at, item in enumerate(value))
    elif isinstance(value, dict) and cls.__getitem__ is dict.__getitem__:
        yield from ((f"{path}[{key!r}]", item) for key, item in dict.items(value) if _is_plain(key))
    elif hasattr(cls, "__dataclass_fields__"):
        held = held_by(value)
        yield from ((f"{path}.{n}", held[n]) for n in cls.__dataclass_fields__ if n in held)


def _is_plain(key: Any) -> bool:
    return type(key) in (str, int, bool, bytes, type(None))


def place_of(target: Any, roots: Iterable[Argument]) -> str:
    """How `target` is written where it is inside one of `roots`; empty where it is in none."""
    for root in roots:
        for path, value in places(root.value, root.label):
            if value is target:
                return path
    return ""


def objects_called(call: SeenCall) -> list[Argument]:
    """The object that is called, or was given to the transformation, if it has fields."""
    called = [(call.text, call.function)]
    if call.transform:
        called = [(call.made_of, call.options.get("", UNKNOWN))]
    return [Argument(text, value) for text, value in called if has_fields(value)]


def has_fields(value: Any) -> bool:
    """Whether `value` is of a dataclass, as Modules are."""
    return hasattr(type(value), "__dataclass_fields__")


def name_of(target: Any, steps: list[Step]) -> str:
    """What the user calls `target`, by the calls and variables on the way; empty for no name.

    The outermost name wins: it is the one that the user gave.
    """
    users = [step for step in steps if not step.owner]
    for step in users:
        call = seen_call(step)
        if call is not None:
            place = place_of(target, (*objects_called(call), *call.known))
            if place:
                return place
    for step in users:
        variables = [Argument(name, value) for name, value in _variables(step)]
        place = place_of(target, variables)
        if place:
            return place
    return ""


def _variables(step: Step) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in step.frame.f_locals.items() if name[:2] != "__"]
