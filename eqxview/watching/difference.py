"""In what two calls differ, as far as the programs that serve them depend on it."""

from collections.abc import Iterator

from eqxview.watching.array_mark import ArrayMark
from eqxview.watching.call_key import CallKey, Container, Node, Parameter
from eqxview.watching.changed import Difference
from eqxview.watching.function_mark import FunctionMark
from eqxview.watching.settings import MESH, OTHERS
from eqxview.watching.static_mark import StaticMark


def differences(before: CallKey, after: CallKey) -> Iterator[Difference]:
    """What is not the same in the two calls; none if one program serves both."""
    yield from _settings(dict(before.settings), after)
    yield from _parameters(before, after)


def _settings(before: dict[str, StaticMark], after: CallKey) -> Iterator[Difference]:
    is_told = False
    for name, value in after.settings:
        old = before.get(name)
        if old is None or old is value or old.is_same(value):
            continue
        if name == MESH:
            yield Difference(MESH, "mesh", old.text, value.text)
        elif name != OTHERS:
            yield Difference(f"<config>.{name}", "config", old.text, value.text)
        elif not is_told:
            yield Difference(OTHERS, "config", old.text, value.text)
        is_told = True


def _parameters(before: CallKey, after: CallKey) -> Iterator[Difference]:
    olds = {parameter.name: parameter for parameter in before.parameters}
    news = {parameter.name: parameter for parameter in after.parameters}
    for name in (*news, *(name for name in olds if name not in news)):
        old, new = olds.get(name), news.get(name)
        if old is not None and new is not None:
            yield from _parameter(old, new)
        else:
            cause = "default-arg" if name in after.defaults else "arity"
            was, now = ("omitted", "given") if new else ("given", "omitted")
            yield Difference(name, cause, was, now)


def _parameter(old: Parameter, new: Parameter) -> Iterator[Difference]:
    if old.style != new.style:
        yield Difference(new.name, "call-style", old.style, new.style)
    yield from _node(new.name, old.node, new.node)


def _node(path: str, old: Node, new: Node) -> Iterator[Difference]:
    if old is new:
        return
    if isinstance(old, Container) and isinstance(new, Container):
        yield from _container(path, old, new)
    elif isinstance(old, ArrayMark) and isinstance(new, ArrayMark):
        yield from _array(path, old, new)
    elif isinstance(old, StaticMark) and isinstance(new, StaticMark):
        yield from static_differences(path, old, new)
    elif isinstance(old, Container) or isinstance(new, Container):
        cause = "tree-none" if _is_none(old) or _is_none(new) else "tree-type"
        yield Difference(path, cause, _sort_of(old), _sort_of(new))
    else:
        yield Difference(path, "leaf-kind", _sort_of(old), _sort_of(new))


def _is_none(node: Node) -> bool:
    return isinstance(node, Container) and node.type.name == "NoneType"


def _sort_of(node: Node) -> str:
    if isinstance(node, ArrayMark):
        return "array" if node.kind == "array" else node.kind
    if isinstance(node, StaticMark):
        return f"static {node.type.short}"
    return "None" if _is_none(node) else node.type.short


def _container(path: str, old: Container, new: Container) -> Iterator[Difference]:
    if old.type.identity != new.type.identity:
        if (old.type.module, old.type.name) == (new.type.module, new.type.name):
            yield Difference(path, "class-redefined", old.type.short, f"a new {new.type.short}")
        else:
            cause = "tree-none" if _is_none(old) or _is_none(new) else "tree-type"
            yield Difference(path, cause, _sort_of(old), _sort_of(new))
        return
    before, after = dict(old.children), dict(new.children)
    if list(before) != list(after):
        yield from _children(path, new.type.name, before, after)
        return
    static = dict(old.aux)
    for entry, value in new.aux:
        if entry in static:
            yield from static_differences(path + entry, static[entry], value, is_aux=True)
    for entry, child in after.items():
        if before[entry] is not child:
            yield from _node(path + entry, before[entry], child)


def _children(
    path: str, name: str, before: dict[str, Node], after: dict[str, Node]
) -> Iterator[Difference]:
    if set(before) == set(after):
        yield Difference(path, "tree-keys", ", ".join(before), ", ".join(after))
    elif name in ("list", "tuple"):
        yield Difference(path, "tree-length", str(len(before)), str(len(after)))
    else:
        for entry in after:
            if entry not in before:
                yield Difference(path + entry, "tree-keys", "absent", "present")
        for entry in before:
            if entry not in after:
                yield Difference(path + entry, "tree-keys", "present", "absent")


def _array(path: str, old: ArrayMark, new: ArrayMark) -> Iterator[Difference]:
    if "tracer" in (old.kind, new.kind):
        yield from _tracer(path, old, new)
        return
    if old.kind != new.kind:
        yield Difference(path, "leaf-kind", _sort_of(old), _sort_of(new))
        return
    if old.dtype != new.dtype:
        if "key<" in old.dtype or "key<" in new.dtype:
            # The shapes of keys of different kinds say nothing.
            yield Difference(path, "prng-key", str(old), str(new))
            return
        # A number from the host that only changed with jax_enable_x64 is no cause of its own.
        if not (old.given and old.given == new.given and old.weak_type == new.weak_type):
            yield Difference(path, "dtype", old.dtype, new.dtype)
    elif old.weak_type != new.weak_type:
        words = {True: "weakly typed", False: "strongly typed"}
        yield Difference(path, "weak_type", words[old.weak_type], words[new.weak_type])
    if old.shape != new.shape:
        yield Difference(path, "shape", _shape(old.shape), _shape(new.shape))
    yield from _place(path, old, new)


def _shape(shape: tuple[int, ...]) -> str:
    return "[" + ",".join(map(str, shape)) + "]"


def _tracer(path: str, old: ArrayMark, new: ArrayMark) -> Iterator[Difference]:
    if old.trace != new.trace:
        outside = "no transformation"
        yield Difference("<trace>", "trace-context", old.trace or outside, new.trace or outside)
        return
    if old.dtype != new.dtype:
        yield Difference(path, "dtype", old.dtype, new.dtype)
    if old.shape != new.shape:
        yield Difference(path, "shape", _shape(old.shape), _shape(new.shape))
    elif old.batch != new.batch:
        yield Difference("<trace>.batch", "shape", _shape(old.batch), _shape(new.batch))


def _place(path: str, old: ArrayMark, new: ArrayMark) -> Iterator[Difference]:
    """At most one difference of place: the first that explains the others."""
    a, b = old.placed, new.placed
    is_committed = a is not None and a.committed, b is not None and b.committed
    if a is not None and b is not None and a.memory != b.memory:
        yield Difference(path, "memory-kind", str(a.memory), str(b.memory))
    elif is_committed[0] != is_committed[1]:
        words = {True: "committed", False: "uncommitted"}
        yield Difference(path, "committed", words[is_committed[0]], words[is_committed[1]])
    elif a is None or b is None or not all(is_committed):
        return
    elif a.devices != b.devices:
        yield Difference(path, "device", ", ".join(a.devices), ", ".join(b.devices))
    elif not _is_same_sharding(old, new):
        yield Difference(path, "sharding", str(a.sharding), str(b.sharding))
    elif old.shape == new.shape and a.layout and b.layout and a.layout != b.layout:
        yield Difference(path, "layout", a.layout, b.layout)


def _is_same_sharding(old: ArrayMark, new: ArrayMark) -> bool:
    a, b = old.placed, new.placed
    assert a is not None
    assert b is not None
    if a.sharding == b.sharding:
        return True
    # P('d') and P('d', None) say the same of a matrix.
    return len(old.shape) == len(new.shape) and a.sharding.is_equivalent_to(
        b.sharding, len(new.shape)
    )


def static_differences(
    path: str, old: StaticMark, new: StaticMark, *, is_aux: bool = False
) -> Iterator[Difference]:
    """How two static values differ, at the deepest path that tells."""
    if old.is_same(new):
        return
    if old.function is not None and new.function is not None:
        yield from function_differences(path, old, new, is_aux=is_aux)
        return
    names = [entry for entry, _ in new.parts]
    if (
        old.type.identity == new.type.identity
        and names
        and names == [entry for entry, _ in old.parts]
    ):
        parts = [
            difference
            for (entry, a), (_, b) in zip(old.parts, new.parts, strict=True)
            for difference in static_differences(path + entry, a, b)
        ]
        if parts:
            yield from parts
            return
    yield Difference(path, _static_cause(old, new, is_aux), old.text, new.text)


def _static_cause(old: StaticMark, new: StaticMark, is_aux: bool) -> str:
    if old.type.identity == new.type.identity:
        if new.hashing == "nan" and old.hashing == "nan":
            return "static-nan"
        if new.hashing == "broken":
            return "static-broken-eq"
        if new.hashing == "identity":
            return "aux-identity" if is_aux else "static-identity"
    elif (old.type.module, old.type.name) == (new.type.module, new.type.name):
        return "class-redefined"
    return "aux-data" if is_aux else "static-value"


def function_differences(
    path: str, old: StaticMark, new: StaticMark, *, is_aux: bool = False
) -> Iterator[Difference]:
    """Why two callables that play the same part are not the same."""
    a, b = old.function, new.function
    assert a is not None
    assert b is not None
    if a.kind != b.kind or not _is_same_place(a, b):
        # Another function altogether.
        yield Difference(path, "aux-data" if is_aux else "static-value", old.text, new.text)
        return
    if a.code and b.code and a.code != b.code:
        yield Difference(path, "redefined", old.text, new.text, b.source)
        return
    cells = dict(old.parts)
    moved = [
        Difference(difference.path, "closure-value", difference.before, difference.after, b.source)
        for entry, value in (new.parts if b.kind != "partial" else ())
        if entry in cells
        for difference in static_differences(path + entry, cells[entry], value)
        # What is not looked into has the same text: its parts may be other objects, no more.
        if difference.cause in ("static-value", "closure-value")
        and difference.before != difference.after
    ]
    if moved:
        yield from moved
        return
    kind = b.kind
    if kind == "transform" and a.base_identity != b.base_identity:
        kind = b.base_kind
    yield Difference(path, f"identity:{kind}", *_texts(old, new), b.source)


def _is_same_place(a: FunctionMark, b: FunctionMark) -> bool:
    """Whether one line of code makes both."""
    if a.place == b.place:
        return True
    shorter, longer = sorted((a, b), key=lambda mark: len(mark.place))
    # A copy.deepcopy of a jitted function does not tell what it is of.
    return shorter.base_kind == "jit-wrapper" and longer.place[: len(shorter.place)] == (
        shorter.place
    )


def _texts(old: StaticMark, new: StaticMark) -> tuple[str, str]:
    """Both, with the arguments of a partial where these differ."""
    before, after = (
        old.text + "".join(f" {entry}={part.text}" for entry, part in old.parts),
        new.text + "".join(f" {entry}={part.text}" for entry, part in new.parts),
    )
    return (before, after) if before != after else (old.text, "a new object")
