"""A checkpoint that is open for reading: its nodes, checked, and its leaves when asked for."""

import hashlib
import pathlib
from typing import IO, Any

import jax
import jax.numpy as jnp
import numpy as np

from ._filter_specs import number_of
from ._manifest import KINDS, RECORDED, Node
from ._npy import array_in, with_dtype
from ._trailer import damaged, read_manifest

_TEXTS = {
    **dict.fromkeys(KINDS - {"none"}, ("class",)),
    "array": ("class", "dtype", "sha256"),
    "key": ("class", "dtype", "sha256", "impl"),
    "number": ("class", "text", "sha256"),
    "leaf": ("class", "text", "form"),
    "static": ("class", "text", "form"),
    "none": (),
}
"""What is text in a node of each kind."""


class Checkpoint:
    """The nodes of an open file, and how to read its leaves.

    Raises `CheckpointError` for a file that is none, or is damaged.
    """

    def __init__(self, file: IO[bytes], path: pathlib.Path) -> None:
        self.path = path
        self._file = file
        manifest, self._records_end = read_manifest(file, path)
        nodes = manifest.get("nodes")
        if not isinstance(nodes, list) or not nodes:
            raise damaged(path, "its manifest lists no nodes")
        self.nodes: list[Node] = nodes
        self.children: dict[tuple[int, str], int] = {}
        """The place of a node, by that of its parent and its entry."""
        for place, node in enumerate(nodes):
            problem = self._problem_of(place, node)
            if problem is not None:
                raise damaged(path, f"node {place:,} of its manifest {problem}")
            if place:
                self.children[node["parent"], node["entry"]] = place

    def _problem_of(self, place: int, node: Any) -> str | None:
        """What is wrong with a node, if something is: the file may come from anyone."""
        if not isinstance(node, dict) or type(node.get("kind")) is not str:
            return "has no kind"
        if node["kind"] not in KINDS:
            return "is of an unknown kind"
        if place:
            parent, entry = node.get("parent"), node.get("entry")
            if type(parent) is not int or not 0 <= parent < place or type(entry) is not str:
                return "has no parent before it"
            if (parent, entry) in self.children:
                return f"is {entry!r} of its parent, as another is"
        kind = node["kind"]
        if any(type(node.get(name)) is not str for name in _TEXTS[kind]):
            return f"is of kind {kind!r} and lacks one of {_TEXTS[kind]}"
        if kind in ("array", "key"):
            shape = node.get("shape")
            if not isinstance(shape, list) or any(type(n) is not int or n < 0 for n in shape):
                return "has no shape"
        if kind in RECORDED:
            offset, length = node.get("offset"), node.get("length")
            if type(offset) is not int or type(length) is not int:
                return "has no record"
            if offset < 0 or length < 0 or offset + length > self._records_end:
                return "has a record outside of the file"
        return None

    def path_of(self, place: int) -> str:
        """The key path of a node."""
        entries = []
        while place:
            entries.append(self.nodes[place]["entry"])
            place = self.nodes[place]["parent"]
        return "".join(reversed(entries))

    def find(self, path: str) -> int | None:
        """The place of the node with this key path."""
        # Longest entries first: one may begin like another.
        place, rest = 0, path
        while rest:
            for length in range(len(rest), 0, -1):
                child = self.children.get((place, rest[:length]))
                if child is not None:
                    place, rest = child, rest[length:]
                    break
            else:
                return None
        return place

    def read(self, place: int, like: Any) -> Any:
        """The leaf of a node, of the kind of `like`, which it fits.

        Raises `CheckpointError` when its record is not the one that was written.
        """
        node = self.nodes[place]
        record = np.empty(node["length"], np.uint8)
        try:
            self._file.seek(node["offset"])
            self._file.readinto(record.data)  # type: ignore[attr-defined]
            # Before anything of it is interpreted.
            if hashlib.sha256(record.data).hexdigest() != node["sha256"]:
                raise ValueError("its bytes are not those that were written")
            return _like(array_in(record), like, node)
        except (ValueError, TypeError, OverflowError) as error:
            where = self.path_of(place) or "the root"
            raise damaged(self.path, f"the record of {where} cannot be read: {error}") from error


def _like(array: np.ndarray[Any, Any], like: Any, node: Node) -> Any:
    if node["kind"] == "number":
        return number_of(array, type(like))
    is_jax = isinstance(like, (jax.Array, jax.ShapeDtypeStruct))
    if node["kind"] == "key":
        keys = jax.random.wrap_key_data(jnp.asarray(array), impl=node["impl"])
        if keys.shape != tuple(node["shape"]):
            raise ValueError(f"it holds keys of shape {keys.shape}, not {node['shape']}")
        return _placed(keys, like)
    array = with_dtype(array, like.dtype)
    if array.shape != tuple(like.shape) or array.dtype != like.dtype:
        raise ValueError(f"it holds {array.dtype}{list(array.shape)}")
    if is_jax:
        return _placed(array, like, is_weak=node.get("weak") is True)
    return array[()] if isinstance(like, np.generic) else array


def _placed(array: Any, like: Any, *, is_weak: bool = False) -> jax.Array:
    """A JAX array where `like` is: on its devices, if it says which."""
    sharding = like.sharding
    if isinstance(like, jax.Array) and not like.committed:
        sharding = None
    if is_weak and array.ndim == 0:
        # Else a program that was compiled for it is compiled once more. Of arrays with axes,
        # which are hardly ever weak, JAX has no public way to say so.
        number = jnp.asarray(array.item())
        array = number if number.dtype == array.dtype else array
    return jnp.asarray(array) if sharding is None else jax.device_put(array, sharding)
