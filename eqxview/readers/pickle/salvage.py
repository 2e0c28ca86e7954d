"""What a broken pickle has described before it breaks: the containers that it left open.

A pickle makes a container empty and fills it later, with what has meanwhile been put on the
stack. Where it breaks off, the stack is: containers, below what was to be put into them. What
belongs into what is told by the marks and, where a single item needs none, by which container
is still empty. That may be wrong for the very last items, where the file itself is ambiguous.
"""

from eqxview.readers.described.descriptions import (
    NO_STATE,
    ArrayDescription,
    BrokenOff,
    Call,
    DictItems,
    Reference,
    SetItems,
)
from eqxview.readers.pickle.calls import CALLS
from eqxview.readers.pickle.machine import Machine


def salvage(machine: Machine, reason: str) -> object | None:
    """The root that the pickle was about to describe, as far as it has; `None`: nothing.

    The place where more was to come holds a `BrokenOff`, where it can be told.
    """
    levels = [*machine.marks, machine.stack]
    last: object = BrokenOff(reason)
    while len(levels) > 1:
        items = _put_together([*levels.pop(), last], is_root=False)
        below = levels[-1]
        owner = below.pop() if below else None
        last, owner_stays = _put_into(owner, items)
        if owner_stays:
            below.append(owner)
    items = _put_together([*levels[0], last], is_root=True)
    if items and type(items[-1]) is BrokenOff:
        items.pop()
    return items[0] if len(items) == 1 else items or None


def _put_together(items: list[object], *, is_root: bool) -> list[object]:
    """The items with the last ones put into those before them that they were made for."""
    _drop_unfinished_array(items)
    broken = items[-1] if type(items[-1]) is BrokenOff else None
    if broken is not None and not _attach_last(items, is_root=is_root):
        # Between two items: it is the one before that waits for its place.
        items.pop()
    while len(items) > 1 and _attach_last(items, is_root=is_root):
        pass
    return items


def _drop_unfinished_array(items: list[object]) -> None:
    """Put a `BrokenOff` in the place of an array whose bytes are not all described.

    Its parts are no values of the file: a function, a dtype, a shape.
    """
    for index, item in enumerate(items):
        if (type(item) is Reference and (item.module, item.name) in CALLS) or (
            type(item) is ArrayDescription and item.data is None
        ):
            items[index:] = [BrokenOff("inside an array or a call")]
            return


def _attach_last(items: list[object], *, is_root: bool) -> bool:
    """Put the last item into one before it, if that waits for one; whether it did.

    The root is one object: there, whatever can take an item takes it.
    """
    if len(items) < 2:
        return False
    before, last = items[-2], items[-1]
    if type(before) is Call and before.how == "new" and before.state is NO_STATE:
        # Between making an object and giving it its state there is nothing else.
        if type(last) in (DictItems, tuple):
            before.state = items.pop()
            return True
        if type(last) is BrokenOff:
            items.pop()
            return True
    if type(before) is list and (is_root or not before):
        before.append(items.pop())
        return True
    if type(before) is Reference:
        items[-2:] = [_unfinished_call(before, (last,))]
        return True
    container = items[-3] if len(items) > 2 and type(before) in _KEYS else None
    if type(container) is DictItems and (is_root or not container.pairs):
        container.pairs.append((before, last))
        del items[-2:]
        return True
    return False


_KEYS = (str, int, float, bool, bytes, tuple, type(None))


def _unfinished_call(function: Reference, arguments: tuple[object, ...]) -> object:
    if (function.module, function.name) in CALLS or all(
        type(argument) is BrokenOff for argument in arguments
    ):
        return BrokenOff("inside an array or a call")
    return Call(function, arguments)


def _put_into(owner: object, items: list[object]) -> tuple[object, bool]:
    """`items`, which stand above a mark, in what stands below it: what becomes of the two.

    Also whether `owner` stays where it is, since it has nothing to do with the items.
    """
    if type(owner) is DictItems:
        owner.pairs += _pairs(items)
        return owner, False
    if type(owner) is list:
        owner.extend(items)
        return owner, False
    if type(owner) is SetItems:
        owner.items.extend(items)
        return owner, False
    if type(owner) is Reference:
        return _unfinished_call(owner, tuple(items)), False
    if type(owner) is ArrayDescription and owner.data is None:
        return BrokenOff("inside an array"), False
    if type(owner) is Call and owner.how == "call":
        # Made by a call, then filled: an OrderedDict, a subclass of list.
        if len(items) > 1 and type(items[0]) in _KEYS:
            owner.pairs = [*(owner.pairs or []), *_pairs(items)]
        else:
            owner.items = [*(owner.items or []), *items]
        return owner, False
    # No container: the mark began a tuple.
    return tuple(items), owner is not None


def _pairs(items: list[object]) -> list[tuple[object, object]]:
    # A key without its value is left out.
    return list(zip(items[::2], items[1::2], strict=False))
