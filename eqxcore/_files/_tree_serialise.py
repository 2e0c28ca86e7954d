"""Leaves of a pytree in a file, one behind the other, without names: Equinox's `.eqx` files."""

import contextlib
import os
import pathlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import jax
import jax.tree_util as jtu
import numpy as np

from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree

from ._filter_specs import default_deserialise_filter_spec, default_serialise_filter_spec
from ._npy import Readable, Writable
from ._trailer import BEGIN
from ._writing import with_suffix, written_whole

SerialiseSpec: TypeAlias = PyTree[Callable[[Any, Any], None]]
DeserialiseSpec: TypeAlias = PyTree[Callable[[Any, Any], Any]]


def tree_serialise_leaves(
    path_or_file: str | pathlib.Path | Writable,
    pytree: PyTree,
    filter_spec: SerialiseSpec = default_serialise_filter_spec,
    is_leaf: Callable[[Any], bool] | None = None,
) -> None:
    """Writes the leaves of `pytree` to a file, to be read with `tree_deserialise_leaves`.

    Saved are arrays and Python numbers, each as a `.npy` record; all other leaves are left out.
    The file is the same as Equinox writes. It holds no names: for a file that knows what is in
    it, use `eqx.save`. A path without a suffix gets `.eqx`; the file appears there once it is
    complete, so that what stood there before is never half overwritten.

    `filter_spec(file, leaf)` writes one leaf, or nothing; it may be a prefix of `pytree`, with
    such functions as leaves. Raises `RuntimeError`, naming its key path, for a leaf that cannot
    be written.

        eqx.tree_serialise_leaves("model.eqx", model)
    """
    if isinstance(path_or_file, (str, pathlib.Path)):
        with written_whole(with_suffix(path_or_file)) as file:
            tree_serialise_leaves(file, pytree, filter_spec, is_leaf)
        return
    for path, leaf, write in _leaves_with_spec(pytree, filter_spec, is_leaf)[0]:
        with _naming(path, "save"):
            write(path_or_file, leaf)


def tree_deserialise_leaves(
    path_or_file: str | pathlib.Path | Readable,
    like: PyTree,
    filter_spec: DeserialiseSpec = default_deserialise_filter_spec,
    is_leaf: Callable[[Any], bool] | None = None,
) -> PyTree:
    """`like`, with its arrays and numbers replaced by those of a file, in order.

    Also reads the files of Equinox, and those of `eqx.save`. `like` has the structure of what
    was saved; leaves that are not saved, such as functions, come from it. Make one without
    allocating its arrays with `eqx.filter_eval_shape`.

    `filter_spec(file, leaf)` returns the leaf of the file that stands for the `leaf` of `like`,
    or `leaf` itself; it may be a prefix of `like`, with such functions as leaves.

    Raises `RuntimeError`, naming the key path, when a leaf cannot be read, or is not of the
    type, shape and dtype that `like` has there. Warns when a file given by its path goes on
    after the last leaf. Names are not compared, since the file has none.

        model = eqx.tree_deserialise_leaves("model.eqx", model)
    """
    if isinstance(path_or_file, (str, pathlib.Path)):
        path = with_suffix(path_or_file)
        with path.open("rb") as file:
            loaded = tree_deserialise_leaves(file, like, filter_spec, is_leaf)
            here, rest = file.tell(), file.read(len(BEGIN))
            if rest and rest != BEGIN:
                size = os.fstat(file.fileno()).st_size
                warnings.warn(_goes_on(path, size - here), stacklevel=2)
        return loaded
    leaves, treedef = _leaves_with_spec(like, filter_spec, is_leaf)
    loaded = []
    for path, leaf, read in leaves:
        with _naming(path, "load"):
            new = read(path_or_file, leaf)
        _check(path, leaf, new)
        loaded.append(new)
    return treedef.unflatten(loaded)


def _leaves_with_spec(
    pytree: PyTree, filter_spec: PyTree, is_leaf: Callable[[Any], bool] | None
) -> tuple[list[tuple[str, Any, Callable[[Any, Any], Any]]], Any]:
    """(key path, leaf, function for it) of each leaf, and the structure of the pytree."""
    pairs, treedef = jtu.tree_flatten_with_path(pytree, is_leaf=is_leaf)
    if callable(filter_spec):
        specs = [filter_spec] * len(pairs)
    else:
        functions, spec_treedef = jtu.tree_flatten(filter_spec, is_leaf=callable)
        specs = []
        for function, below in zip(functions, spec_treedef.flatten_up_to(pytree), strict=True):
            if not callable(function):
                raise TypeError(
                    f"The filter spec has {function!r} where a function was expected, from a file "
                    "and a leaf, such as `eqx.default_serialise_filter_spec`."
                )
            specs += [function] * len(jtu.tree_leaves(below, is_leaf=is_leaf))
    return [
        (jtu.keystr(path), leaf, spec) for (path, leaf), spec in zip(pairs, specs, strict=True)
    ], treedef


@contextlib.contextmanager
def _naming(path: str, action: str) -> Iterator[None]:
    """Says at which leaf an exception was raised, whatever a `filter_spec` raises."""
    try:
        yield
    except Exception as error:
        raise RuntimeError(
            f"Could not {action} the leaf at {path or 'the root'}: {error or type(error).__name__}."
            + (_LOAD_ADVICE if action == "load" else "")
        ) from error


_LOAD_ADVICE = (
    " Expected a file that was written from a pytree with the structure of `like`, and with the "
    "same `filter_spec`."
)


def _check(path: str, leaf: Any, new: Any) -> None:
    """Raises `RuntimeError` unless `new` may take the place of `leaf`."""
    place = path or "the root"
    is_jax = isinstance(leaf, (jax.Array, jax.ShapeDtypeStruct))
    if is_array(leaf) or is_jax:
        if is_array(new):
            for what in ("shape", "dtype"):
                wanted, found = getattr(leaf, what), getattr(new, what)
                if wanted != found:
                    raise RuntimeError(
                        f"The leaf at {place} has changed {what}: `like` has {wanted}, and the "
                        f"file {found}{_of_raw_bytes(found)}. Expected a file that was written "
                        "from a model of the same configuration, with the same order of fields."
                    )
        if is_jax and isinstance(new, jax.Array):
            return
    if is_jax or type(leaf) is not type(new):
        wanted = "jax.Array" if is_jax else f"{type(leaf).__module__}.{type(leaf).__qualname__}"
        raise RuntimeError(
            f"The leaf at {place} has changed type: `like` has {wanted}, and what was loaded is "
            f"{type(new).__module__}.{type(new).__qualname__}. Expected the same type: see what "
            "the `filter_spec` returns."
        )


def _of_raw_bytes(found: Any) -> str:
    if not isinstance(found, np.dtype) or found.kind != "V" or found.names is not None:
        return ""
    meant = {1: "an 8-bit float or a smaller number", 2: "bfloat16"}.get(found.itemsize, "unknown")
    return f" (raw bytes, which is how NumPy stores {meant})"


def _goes_on(path: pathlib.Path, count: int) -> str:
    return (
        f"'{path}' goes on for {count:,} bytes after the last leaf of `like`: the file was written "
        "from a pytree with more leaves, so that those loaded may not be the ones that they were. "
        "Expected the file to end there. Load it into a model of the configuration that it was "
        "saved with; or open the file, `with open(path, 'rb') as file:`, and load from it what "
        "comes first and then what comes next."
    )
