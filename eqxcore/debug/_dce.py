"""Tells which values a compiled program computes, and which were optimised away.

An array that is stored is handed through a primitive. It is compiled to a callback that notes the
array, on which the array then depends: if nobody uses the array, the compiler drops the callback
with it.
"""

import threading
from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np
import wadler_lindig as wl
from jax.core import Tracer
from jax.interpreters import ad, batching, mlir

from eqxcore._jax_internals import Primitive
from eqxcore._predicates import is_array
from eqxcore._runtime_errors import poison_if
from eqxcore._trees import tree_pformat

_T = TypeVar("_T")


class _Entry:
    """One call of `store_dce`, as it was traced. Equal to itself only."""

    def __init__(self, name: Hashable, leaves: list[Any], treedef: Any) -> None:
        self.name = name
        self.found: dict[int, str] = {}
        """For each array that was computed, by its place among the leaves: what it is."""
        self._treedef = treedef
        # The arrays are tracers: nothing of them is kept.
        self._leaves = [None if is_array(leaf) else tree_pformat(leaf) for leaf in leaves]

    def __str__(self) -> str:
        texts = [
            self.found.get(place, "<DCE'd>") if text is None else text
            for place, text in enumerate(self._leaves)
        ]
        return tree_pformat(self._treedef.unflatten([_Text(text) for text in texts]))


class _Text:
    """Shown as it is."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __pdoc__(self, **kwargs: Any) -> wl.AbstractDoc:
        return wl.TextDoc(self._text)


_entries: list[_Entry] = []
_lock = threading.Lock()


def store_dce(x: _T, name: Hashable = None) -> _T:
    """`x`, unchanged; whether its arrays are computed can be asked of `inspect_dce`.

        @jax.jit
        def f(x):
            a, _ = store_dce((x**2, x + 1))
            return a

        f(1)
        inspect_dce()  # (i32[], <DCE'd>)

    `name` tells several of these apart. Raises `RuntimeError` outside of a compiled program,
    where everything is computed.
    """
    if not _is_compiling():
        raise _outside()
    leaves, treedef = jtu.tree_flatten(x)
    entry = _Entry(name, leaves, treedef)
    with _lock:
        _entries.append(entry)
    stored = [
        _stored_p.bind(jnp.asarray(leaf), entry=entry, place=place) if is_array(leaf) else leaf
        for place, leaf in enumerate(leaves)
    ]
    return jtu.tree_unflatten(treedef, stored)


def inspect_dce(name: Hashable = None) -> None:
    """Prints what became of the arrays in the calls of `store_dce` with this `name`.

    Those that were computed are shown as `f32[2,3]`, the others as `<DCE'd>`. A call that was
    traced again is another call. The programs must have run: wait for their results, with
    `jax.block_until_ready`, if they take long. Raises `RuntimeError` while a program is traced.
    """
    if _is_compiling():
        raise RuntimeError(
            "`inspect_dce` was called while a program is traced. Call it outside of `jax.jit`, "
            "once the program has run: before that, nothing was computed."
        )
    with _lock:
        entries = [entry for entry in _entries if entry.name == name]
    calls = "call" if len(entries) == 1 else "calls"
    # Programs written for Equinox look for its name here.
    print(f"Found {len(entries)} {calls} to `equinox.debug.store_dce`.")
    for number, entry in enumerate(entries):
        print(f"Entry {number}:\n{entry}")


def _is_compiling() -> bool:
    # A constant stays one under every transformation but this.
    return isinstance(jax.lax.add(np.int32(0), np.int32(0)), Tracer)


def _outside() -> RuntimeError:
    return RuntimeError(
        "`store_dce` was called outside of a compiled program, where everything is computed. "
        "Call it in a function under `filter_jit` or `jax.jit`."
    )


def _jvp(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> tuple[Any, Any]:
    return _stored_p.bind(*primals, **params), tangents[0]


def _batch(args: Sequence[Any], dims: Sequence[int | None], **params: Any) -> tuple[Any, Any]:
    return _stored_p.bind(*args, **params), dims[0]


def _compiled(x: Any, *, entry: _Entry, place: int) -> Any:
    description = tree_pformat(jax.ShapeDtypeStruct(x.shape, x.dtype), struct_as_array=True)

    def note() -> np.ndarray:
        entry.found[place] = description
        return np.array(False)

    never = jax.pure_callback(note, jax.ShapeDtypeStruct((), jnp.bool_))
    return poison_if(never, x)


_stored_p = Primitive("store_dce")
_stored_p.def_abstract_eval(lambda x, **_: x)
ad.primitive_jvps[_stored_p] = _jvp
batching.primitive_batchers[_stored_p] = _batch
mlir.register_lowering(_stored_p, mlir.lower_fun(_compiled, multiple_results=False))
