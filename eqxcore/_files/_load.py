"""`load`: the arrays of a checkpoint, by name."""

import pathlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax.tree_util as jtu

from eqxcore._pytree import PyTree
from eqxcore._trees._key_path import follow, is_below, nearest, normal_path

from ._difference import (
    CheckpointDiff,
    CheckpointMismatch,
    Difference,
    Place,
    difference,
    shown_node,
)
from ._manifest import RECORDED, Node, describe, paths_of
from ._reading import Checkpoint
from ._writing import with_suffix

# Beyond this many, looking for the nearest path would take seconds.
_MOST_PATHS = 5_000


def load(
    path: str | pathlib.Path,
    like: PyTree,
    *,
    only: str | Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    is_leaf: Callable[[Any], bool] | None = None,
) -> PyTree:
    """`like`, with its arrays and numbers replaced by those of a file that `save` wrote.

    They are found by key path, so that fields may stand in another order than when they were
    saved. `like` may be abstract, as `eqx.filter_eval_shape` makes it. An array comes to the
    devices that the one in `like` is committed to, or its sharding names.

    - `only`: the key path of the part to load, or several; the rest is as in `like`, and not
      compared.
    - `rename`: key paths in the file to key paths in `like`, of what has been given another name
      or place since.

    Raises `CheckpointMismatch` when there is any difference between what was saved and `like`:
    something that only one of them has, another shape, dtype, class or static value, the
    activation say. Its message lists them by key path, its `diff` holds them. Raises
    `CheckpointError` for a file that is no checkpoint, or a damaged one. Runs no code that the
    file names.

        model = eqx.load("model.eqx", model)
        model = eqx.load("model.eqx", model, only=".decoder")
        model = eqx.load("model.eqx", model, rename={".decoder.q": ".decoder.query"})
    """
    with with_suffix(path).open("rb") as file:
        loading = _Loading(Checkpoint(file, with_suffix(path)), like, only, rename, is_leaf)
        if loading.diff:
            message = _does_not_fit(path, loading.diff) + loading.advice_on_the_part()
            raise CheckpointMismatch(message, loading.diff)
        return loading.run()


def load_matching(
    path: str | pathlib.Path,
    like: PyTree,
    *,
    only: str | Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    is_leaf: Callable[[Any], bool] | None = None,
) -> tuple[PyTree, CheckpointDiff]:
    """As `load`, but loads what fits; and what differs, which is false if all of it did fit.

    What is missing in the file, or differs in it, is as in `like`.

        model, diff = eqx.load_matching("model.eqx", model)
        if diff:
            print(diff)
    """
    with with_suffix(path).open("rb") as file:
        loading = _Loading(Checkpoint(file, with_suffix(path)), like, only, rename, is_leaf)
        return loading.run(), loading.diff


class _Loading:
    """One file and one pytree, compared."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        like: PyTree,
        only: str | Sequence[str] | None,
        rename: Mapping[str, str] | None,
        is_leaf: Callable[[Any], bool] | None,
    ) -> None:
        self._checkpoint = checkpoint
        self._like = like
        self._is_leaf = is_leaf
        self._nodes, self._leaves = describe(like, is_leaf)
        self._paths = paths_of(self._nodes)
        self._parts = _parts(checkpoint, like, only)
        self._renamed = self._renames(rename or {})
        self._matches = self._match()
        self.diff = self._compare()

    def run(self) -> PyTree:
        """The pytree, with what fits loaded."""
        loaded = []
        place_of = {id(node): place for place, node in enumerate(self._nodes)}
        for node, leaf in self._leaves:
            place = place_of[id(node)]
            match = self._matches[place]
            if (
                match is None
                or node["kind"] not in RECORDED
                or not self._is_wanted(self._paths[place])
                or difference("", self._checkpoint.nodes[match], node) is not None
            ):
                loaded.append(leaf)
            else:
                loaded.append(self._checkpoint.read(match, leaf))
        return jtu.tree_structure(self._like, is_leaf=self._is_leaf).unflatten(loaded)

    def advice_on_the_part(self) -> str:
        """What to write where the file holds the pytree as one part of several, or nothing."""
        saved = self._checkpoint.nodes
        parts = [place for place in range(1, len(saved)) if saved[place]["parent"] == 0]
        contents = next(iter(_by_contents(self._nodes, [0])))
        alike = _by_contents(saved, parts).get(contents, [])
        if len(alike) != 1 or _short_kind(saved[alike[0]]) != _short_kind(self._nodes[0]):
            return ""
        return _advice_on_a_part(self._checkpoint, alike[0])

    def _is_wanted(self, path: str) -> bool:
        return self._parts is None or any(is_below(path, part) for part in self._parts)

    def _renames(self, rename: Mapping[str, str]) -> dict[str, int]:
        """The place in the file of what stands at a path of the pytree, if it was renamed."""
        found: dict[str, int] = {}
        for old, new in rename.items():
            place = self._checkpoint.find(normal_path(old))
            if place is None:
                some = range(min(len(self._checkpoint.nodes), _MOST_PATHS))
                known = [self._checkpoint.path_of(n) for n in some]
                best = nearest(normal_path(old), known)
                raise ValueError(
                    f"There is nothing at {old!r} in '{self._checkpoint.path}', which `rename` "
                    f"was to find there. Expected a key path of what was saved, as `eqxview "
                    f"{self._checkpoint.path}` shows them."
                    + (f" The nearest that there is: {best!r}." if best else "")
                )
            follow(self._like, new)  # raises if that leads nowhere
            found[normal_path(new)] = place
        return found

    def _match(self) -> list[int | None]:
        """The place in the file of each node of the pytree."""
        moved_away = set(self._renamed.values())
        matches: list[int | None] = []
        for path, node in zip(self._paths, self._nodes, strict=True):
            if path in self._renamed:
                matches.append(self._renamed[path])
                continue
            above = matches[node["parent"]] if "parent" in node else None
            if "parent" not in node:
                matches.append(0)
                continue
            match = None
            if above is not None:
                match = self._checkpoint.children.get((above, node["entry"]))
            matches.append(None if match in moved_away else match)
        return matches

    def _compare(self) -> CheckpointDiff:
        different: list[Difference] = []
        missing: list[int] = []
        for place, match in enumerate(self._matches):
            if not self._is_wanted(self._paths[place]):
                continue
            if match is None:
                missing.append(place)
                continue
            found = difference(
                self._paths[place], self._checkpoint.nodes[match], self._nodes[place]
            )
            if found is not None:
                different.append(found)
        missing = _topmost(missing, self._nodes)
        extra = self._extra()
        return CheckpointDiff(
            tuple(Place(self._paths[n], _what(self._nodes, n)) for n in missing),
            tuple(
                Place(self._checkpoint.path_of(n), _what(self._checkpoint.nodes, n)) for n in extra
            ),
            tuple(different),
            tuple(self._guesses(extra, missing)),
        )

    def _extra(self) -> list[int]:
        nodes = self._checkpoint.nodes
        matched = {match for match in self._matches if match is not None}
        unmatched = [place for place in range(len(nodes)) if place not in matched]
        extra = _topmost(unmatched, nodes)
        if self._parts is None:
            return extra
        return [place for place in extra if self._is_wanted(self._checkpoint.path_of(place))]

    def _guesses(self, extra: list[int], missing: list[int]) -> Iterator[tuple[str, str]]:
        """Pairs of something extra and something missing that are alike as no others are."""
        old = _by_contents(self._checkpoint.nodes, extra)
        new = _by_contents(self._nodes, missing)
        for contents, places in old.items():
            if len(places) == 1 and len(new.get(contents, ())) == 1:
                yield self._checkpoint.path_of(places[0]), self._paths[new[contents][0]]


def _parts(
    checkpoint: Checkpoint, like: PyTree, only: str | Sequence[str] | None
) -> list[str] | None:
    if only is None:
        return None
    parts = [normal_path(part) for part in ([only] if isinstance(only, str) else only)]
    for part in parts:
        try:
            follow(like, part)  # raises if that leads nowhere
        except ValueError as error:
            place = checkpoint.find(part)
            if place is None:
                raise
            raise ValueError(f"{error}{_advice_on_a_part(checkpoint, place)}") from None
    return parts


def _advice_on_a_part(checkpoint: Checkpoint, place: int) -> str:
    """How to load what stands at a place in the file by itself, or nothing if that has no name."""
    node, path = checkpoint.nodes[place], checkpoint.path_of(place)
    container = checkpoint.nodes[0]["kind"]
    if node.get("parent") != 0:
        return ""
    if container == "dict" and (key := re.fullmatch(r"\[('\w+')\]", path)) is not None:
        around = f"{{{key[1]}: model}}"
    elif container in ("tuple", "list") and path in ("[0]", "[1]", "[2]", "[3]"):
        around = f"[{'None, ' * int(path[1])}model]"
    else:
        return ""
    file = str(checkpoint.path)
    return (
        f" In the file, {path} is {_what(checkpoint.nodes, place)}. To load it alone: "
        f"`model = eqx.load({file!r}, {around}, only={path!r}){path}`."
    )


def _short_kind(node: Node) -> tuple[str, str]:
    return node["kind"], shown_node(node)


def _topmost(places: list[int], nodes: list[Node]) -> list[int]:
    """Those of `places` whose parents are not among them."""
    among = set(places)
    return [place for place in places if nodes[place].get("parent") not in among]


def _below(nodes: list[Node], place: int) -> Iterator[Node]:
    """The node and everything below it, which follows it."""
    inside = {place}
    yield nodes[place]
    for after in range(place + 1, len(nodes)):
        if nodes[after]["parent"] not in inside:
            return
        inside.add(after)
        yield nodes[after]


def _is_leaf_node(node: Node) -> bool:
    return node["kind"] in RECORDED or node["kind"] == "leaf"


def _what(nodes: list[Node], place: int) -> str:
    """What a node is, with how much is below it."""
    node = nodes[place]
    if _is_leaf_node(node) or node["kind"] in ("none", "static"):
        return f"static field, {shown_node(node)}" if node["kind"] == "static" else shown_node(node)
    count = sum(map(_is_leaf_node, _below(nodes, place)))
    return f"{shown_node(node)} with {count:,} {'leaf' if count == 1 else 'leaves'}"


def _by_contents(nodes: list[Node], places: list[int]) -> dict[tuple[str, ...], list[int]]:
    """The places, by what is there."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for place in places:
        contents = tuple(
            shown_node(node) if node["kind"] in ("array", "key") else node["kind"]
            for node in _below(nodes, place)
        )
        groups.setdefault(contents, []).append(place)
    return groups


def _does_not_fit(path: str | pathlib.Path, diff: CheckpointDiff) -> str:
    advice = [
        f"Expected a model of the configuration that was saved. To see all of it: `eqxview {path}`."
        " To load what fits, and get the differences: "
        f"`model, diff = eqx.load_matching({str(path)!r}, model)`. To load a part: "
        f"`eqx.load({str(path)!r}, model, only='.encoder')`."
    ]
    if diff.renamed:
        names = ", ".join(f"{old!r}: {new!r}" for old, new in diff.renamed[:4])
        advice.append(f" If they are the same: `eqx.load(..., rename={{{names}}})`.")
    return f"'{path}' does not fit the model:\n{diff}\n{''.join(advice)}"
