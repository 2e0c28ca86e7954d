"""`save`: a checkpoint that knows what is in it."""

import hashlib
import pathlib
from collections.abc import Callable
from typing import IO, Any

import jax

from eqxcore._pytree import PyTree

from ._manifest import RECORDED, describe
from ._npy import write_record
from ._trailer import FORMAT, VERSION, write_manifest
from ._writing import with_suffix, written_whole


def save(
    path: str | pathlib.Path, pytree: PyTree, *, is_leaf: Callable[[Any], bool] | None = None
) -> None:
    """Writes `pytree` to a file that `load` reads by name, and checks.

    Saved are arrays (typed PRNG keys among them) and Python numbers, and beside them what they
    are: key paths, shapes, dtypes, classes, static fields and other leaves as text, and a hash
    of each. The arrays stand in front, as `tree_serialise_leaves` writes them: Equinox's
    `tree_deserialise_leaves` reads the file, too. The same pytree gives the same file, byte for
    byte; nothing is pickled.

    A path without a suffix gets `.eqx`. The file appears there once it is complete, so that what
    stood there before is never half overwritten. Raises `RuntimeError`, naming its key path,
    for a leaf that has no values, or only such as could be pickled.

        eqx.save("model.eqx", (model, opt_state))
    """
    nodes, leaves = describe(pytree, is_leaf)
    with written_whole(with_suffix(path)) as file:
        for place, (node, leaf) in enumerate(leaves):
            if node["kind"] in RECORDED:
                try:
                    node.update(_write(file, leaf))
                except (TypeError, ValueError, RuntimeError) as error:
                    where = _path_of(pytree, place, is_leaf)
                    raise RuntimeError(f"Could not save the leaf at {where}: {error}.") from error
        write_manifest(file, {"format": FORMAT, "version": VERSION, "nodes": nodes})


def _write(file: IO[bytes], leaf: Any) -> dict[str, Any]:
    """Writes the record of a leaf, and says where it is."""
    if isinstance(leaf, jax.ShapeDtypeStruct):
        raise TypeError(
            f"{leaf} has no values. Expected an array: an abstract model, as `filter_eval_shape` "
            "makes it, is what a file is loaded into"
        )
    offset = file.tell()
    hashing = _Hashing(file)
    write_record(hashing, leaf)
    return {"offset": offset, "length": file.tell() - offset, "sha256": hashing.hash.hexdigest()}


class _Hashing:
    """A file that hashes what is written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Appends."""
        self.hash.update(data)
        return self._file.write(data)


def _path_of(pytree: PyTree, place: int, is_leaf: Callable[[Any], bool] | None) -> str:
    path, _ = jax.tree_util.tree_leaves_with_path(pytree, is_leaf=is_leaf)[place]
    return jax.tree_util.keystr(path) or "the root"
