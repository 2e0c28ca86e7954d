"""What a broken pickle has described before it breaks: the containers that it left open."""

from eqxview.readers.pickle.calls import CALLS
from eqxview.readers.pickle.descriptions import (
    NO_STATE,
    ArrayDescription,
    BrokenOff,
    Call,
    DictItems,
    DTypeDescription,
    Reference,
    SetItems,
)
from eqxview.readers.pickle.machine import Machine


def salvage(machine: Machine, reason: str) -> object | None:
    """The root that the pickle was about to describe, as far as it has; `None`: nothing.

    Every open container gets what was waiting for it, and a `BrokenOff` where more was to come.
    """
    levels = [*machine.marks, machine.stack]
    broken: object = BrokenOff(reason)
    while len(levels) > 1:
        items = _completed([*levels.pop(), broken])
        below = levels[-1]
        broken = _put(below.pop() if below else None, items, below)
    items = _completed([*levels[0], broken])
    if len(items) > 1 and type(items[-1]) is BrokenOff:
        items.pop()
    if len(items) == 1:
        return None if type(items[0]) is BrokenOff else items[0]
    return items


def _completed(items: list[object]) -> list[object]:
    """The items with the last ones put together that would have become one."""
    while len(items) > 1:
        before, last = items[-2], items[-1]
        if type(before) is Call and before.how == "new" and before.state is NO_STATE:
            # Between making an object and giving it its state there is nothing else.
            if type(last) not in (DictItems, tuple, BrokenOff):
                break
            if type(last) is not BrokenOff:
                before.state = last
            items.pop()
        elif type(before) is ArrayDescription and before.data is None:
            items[-2:] = [BrokenOff("inside an array")]
        elif type(before) is DTypeDescription:
            items.pop()
        elif type(before) is Reference:
            items[-2:] = [_unfinished_call(before, (last,))]
        else:
            break
    return items


def _unfinished_call(function: Reference, arguments: tuple[object, ...]) -> object:
    if (function.module, function.name) in CALLS:
        # An array whose bytes are not there yet is of no use.
        return BrokenOff(f"inside {function.name}")
    if all(type(argument) is BrokenOff for argument in arguments):
        return BrokenOff("inside a call")
    return Call(function, arguments)


def _put(container: object, items: list[object], below: list[object]) -> object:
    """`container` with `items` put in, as the opcode that closes the mark would have done."""
    if type(container) is DictItems:
        if len(items) % 2:
            items.pop()
        container.pairs.extend(zip(items[::2], items[1::2], strict=True))
        return container
    if type(container) is list:
        container.extend(items)
        return container
    if type(container) is SetItems:
        container.items.extend(items)
        return container
    if type(container) is Reference:
        return _unfinished_call(container, tuple(items))
    if type(container) is Call and container.how == "call":
        # Made by a call, then filled: an OrderedDict, a subclass of list.
        if len(items) % 2 == 0 and type(items[0]) is str:
            container.pairs = [*(container.pairs or []), *zip(items[::2], items[1::2], strict=True)]
        else:
            container.items = [*(container.items or []), *items]
        return container
    # No container: the mark began a tuple. What is below it stays where it was.
    if container is not None:
        below.append(container)
    return tuple(items)
