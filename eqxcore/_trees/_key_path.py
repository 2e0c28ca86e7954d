"""Key paths as text: `.layers[0].weight`, as `jax.tree_util.keystr` prints them."""

import dataclasses
import difflib
import itertools
import re
from collections.abc import Iterator
from typing import Any

import jax.tree_util as jtu

from eqxcore._pytree import PyTree

# Beyond this many, looking for the nearest path would take seconds.
_MOST_PATHS = 20_000

# `["kernel"]`, which Python prints as `['kernel']`.
_DOUBLE_QUOTED = re.compile(r"""\["([^"'\\]*)"\]""")


def children_of(node: PyTree) -> list[tuple[str, Any]]:
    """Pairs of entry and child, one level: `(".weight", ...)`; none for a leaf or `None`."""
    pairs = jtu.tree_flatten_with_path(node, is_leaf=lambda inner: inner is not node)[0]
    if len(pairs) == 1 and not pairs[0][0]:
        return []  # a leaf
    return [(jtu.keystr(path), child) for path, child in pairs]


def is_below(path: str, prefix: str) -> bool:
    """Whether `path` is `prefix`, or that of something inside of it."""
    return path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", ".", "[")


def normal_path(path: str) -> str:
    """The path with dict keys quoted as Python prints them."""
    return _DOUBLE_QUOTED.sub(r"['\1']", path)


def follow(pytree: PyTree, path: str) -> Any:
    """The node at `path`; an empty path is the root.

    Raises `ValueError`, naming the nearest path that there is, where there is no such node.
    """
    rest = normal_path(path)
    node = pytree
    while rest:
        fitting = [pair for pair in children_of(node) if is_below(rest, pair[0])]
        if not fitting:
            raise _nothing_at(pytree, path, node, rest)
        # The longest, where a class has made up keys of which one begins like another.
        entry, node = max(fitting, key=lambda pair: len(pair[0]))
        rest = rest[len(entry) :]
    return node


def all_paths(pytree: PyTree) -> Iterator[str]:
    """The path of every node, the root's left out, in the order of the pytree."""
    waiting = [iter([("", pytree)])]
    while waiting:
        for path, node in waiting[-1]:
            if path:
                yield path
            below = [(path + entry, child) for entry, child in children_of(node)]
            if below:
                waiting.append(iter(below))
                break
        else:
            waiting.pop()


def nearest(path: str, known: list[str]) -> str | None:
    """The one of `known` that is written most like `path`, if one is at all like it."""
    return next(iter(difflib.get_close_matches(path, known, n=1)), None)


def _nothing_at(pytree: PyTree, path: str, node: Any, rest: str) -> ValueError:
    reached = path[: len(path) - len(rest)] if normal_path(path) == path else ""
    where = f"{reached or 'The root'} is a {type(node).__name__}"
    name = re.match(r"\.(\w+)", rest)
    if name is not None and _is_static_field(node, name[1]):
        return ValueError(
            f"{path!r} is not in the pytree: .{name[1]} is a static field of "
            f"{type(node).__name__}, which is part of the structure. Expected the path of a node "
            f"or leaf. Change it with `dataclasses.replace(module, {name[1]}=value)`."
        )
    entries = [entry for entry, _ in itertools.islice(children_of(node), 8)]
    holds = f"holds {', '.join(entries)}" if entries else "has nothing inside"
    best = nearest(normal_path(path), list(itertools.islice(all_paths(pytree), _MOST_PATHS)))
    return ValueError(
        f"There is nothing at {path!r} in the pytree: {where}, which {holds}. Expected a key path "
        "as `jax.tree_util.keystr` prints it, such as '.layers[0].weight'."
        + (f" The nearest that there is: {best!r}." if best else "")
    )


def _is_static_field(node: Any, name: str) -> bool:
    if not dataclasses.is_dataclass(node):
        return False
    return any(f.name == name and f.metadata.get("static", False) for f in dataclasses.fields(node))
