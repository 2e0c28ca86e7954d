"""A function as a program of its arguments and of what it closes over."""

import functools
import types
from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
from jax.core import eval_jaxpr
from jaxtyping import Array

from eqxcore._function_name import function_name
from eqxcore._jax_internals import Jaxpr
from eqxcore._module import Module, field
from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree
from eqxcore._static_key import static_key
from eqxcore._trees._mismatch import mismatch_table

_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Structure(NamedTuple):
    """A pytree, with a `jax.ShapeDtypeStruct` for each array. It hashes if its leaves do."""

    treedef: Any
    leaves: tuple[Any, ...]

    def unflatten(self) -> Any:
        return self.treedef.unflatten(self.leaves)


class _Program(NamedTuple):
    """What tracing a function gives."""

    jaxpr: Jaxpr
    consts: list[Any]
    out: _Structure


class _Converted(Module):
    """What both kinds of converted functions have."""

    _in: _Structure = field(static=True)

    @property
    def _name(self) -> str:
        """The name of the function. No field: functions of different names may be swapped."""
        raise NotImplementedError

    @property
    def in_struct(self) -> PyTree:
        """`(args, kwargs)` of the example, with a `jax.ShapeDtypeStruct` for each array."""
        return self._in.unflatten()

    def _arrays(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The arrays of a call. Raises `ValueError` if it is not like the example."""
        leaves, treedef = jtu.tree_flatten((args, kwargs))
        found = _Structure(treedef, tuple(map(_struct_of, leaves)))
        if treedef != self._in.treedef or not all(map(_is_like, self._in.leaves, found.leaves)):
            raise ValueError(_other_arguments(self._name, self._in, found))
        return [leaf for leaf in leaves if is_array(leaf)]


class _ClosureConvert(_Converted):
    """A function that was traced. A pytree: its leaves are its program, and what it closed over."""

    # A leaf, since jaxprs are compared by identity: lineax and others take the program of one
    # conversion together with the arrays of the next.
    jaxpr: Jaxpr
    """The program: a function of `consts`, and of the arrays among the arguments."""
    consts: list[Array]
    """The arrays that the function closed over."""
    _out: _Structure = field(static=True)

    @property
    def _name(self) -> str:
        return self.jaxpr.debug_info.func_name

    @property
    def out_struct(self) -> PyTree:
        """The result, with a `jax.ShapeDtypeStruct` for each array."""
        return self._out.unflatten()

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        arrays = iter(eval_jaxpr(self.jaxpr, self.consts, *self._arrays(args, kwargs)))
        return self._out.treedef.unflatten(
            [next(arrays) if _is_struct(leaf) else leaf for leaf in self._out.leaves]
        )


class _TrivialClosureConvert(_Converted):
    """A function that closes over nothing: it is called as it is."""

    fn: Callable[..., Any]

    @property
    def _name(self) -> str:
        return function_name(self.fn)

    # No field: seldom asked for, and then worked out once.
    @functools.cached_property
    def _program(self) -> _Program:
        args, kwargs = self.in_struct
        return _trace(self.fn, args, kwargs)

    @property
    def consts(self) -> list[Array]:
        """The arrays that the function uses: none, or those of global variables."""
        return self._program.consts

    @property
    def jaxpr(self) -> Jaxpr:
        """The program: a function of `consts`, and of the arrays among the arguments."""
        return self._program.jaxpr

    @property
    def out_struct(self) -> PyTree:
        """The result, with a `jax.ShapeDtypeStruct` for each array."""
        return self._program.out.unflatten()

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        self._arrays(args, kwargs)
        return self.fn(*args, **kwargs)


def filter_closure_convert(
    fn: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
) -> Callable[_P, _T]:
    """`fn` as a pytree that has the arrays which `fn` closes over, tracers too, among its leaves.

    Those can then be passed to where closing over them is not allowed, such as the rules of a
    custom derivative. `args` and `kwargs` are an example of a call: `fn` is traced with its
    arrays (a `jax.ShapeDtypeStruct` stands for one), and sees everything else as it is.

    The result has `.in_struct`, the `(args, kwargs)` of the example, and `.out_struct`, with
    `jax.ShapeDtypeStruct`s for arrays; `.consts`, what was closed over; and `.jaxpr`, a function
    of both. It raises `ValueError` when called with other structures, shapes, dtypes or static
    values than those of the example. Whether an array is weakly typed does not matter.
    """
    leaves, treedef = jtu.tree_flatten((args, kwargs))
    structure = _Structure(treedef, tuple(map(_struct_of, leaves)))
    if _closes_over_nothing(fn):
        return _TrivialClosureConvert(structure, fn)
    program = _trace(fn, args, kwargs)
    return _ClosureConvert(structure, program.jaxpr, program.consts, program.out)


def _closes_over_nothing(fn: Any) -> bool:
    if not isinstance(fn, types.FunctionType) or fn.__closure__ is not None:
        return False
    defaults = fn.__defaults__, fn.__kwdefaults__
    return not any(map(is_array, jtu.tree_leaves(defaults)))


def _trace(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Program:
    leaves, treedef = jtu.tree_flatten((args, kwargs))
    places = [place for place, leaf in enumerate(leaves) if _is_struct(leaf) or is_array(leaf)]
    # What is no array in the result is known only inside, and JAX carries nothing else out.
    out_leaves: list[Any] = []
    out_treedef: Any = None

    def of_arrays(*arrays: Any) -> list[Any]:
        nonlocal out_leaves, out_treedef
        inner = leaves.copy()
        for place, array in zip(places, arrays, strict=True):
            inner[place] = array
        inner_args, inner_kwargs = treedef.unflatten(inner)
        found, out_treedef = jtu.tree_flatten(fn(*inner_args, **inner_kwargs))
        out_leaves = [_ARRAY if is_array(leaf) else leaf for leaf in found]
        return [leaf for leaf in found if is_array(leaf)]

    of_arrays.__name__ = of_arrays.__qualname__ = function_name(fn)
    closed, shapes = jax.make_jaxpr(of_arrays, return_shape=True)(
        *(leaves[place] for place in places)
    )
    shape_of = iter(shapes)
    out = tuple(next(shape_of) if leaf is _ARRAY else leaf for leaf in out_leaves)
    return _Program(closed.jaxpr, list(closed.consts), _Structure(out_treedef, out))


_ARRAY = object()


def _is_struct(leaf: Any) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct)


def _struct_of(leaf: Any) -> Any:
    """The shape and dtype of an array, which may be weakly typed; everything else as it is."""
    if is_array(leaf) or _is_struct(leaf):
        is_key = jnp.issubdtype(leaf.dtype, jax.dtypes.extended)
        dtype = leaf.dtype if is_key else jax.dtypes.canonicalize_dtype(leaf.dtype)
        return jax.ShapeDtypeStruct(leaf.shape, dtype)
    return leaf


def _is_like(expected: Any, found: Any) -> bool:
    if _is_struct(expected) or _is_struct(found):
        return expected == found
    return static_key(expected) == static_key(found)


def _other_arguments(name: str, expected: _Structure, found: _Structure) -> str:
    is_dynamic = expected.treedef != found.treedef or not all(
        _is_like(one, other)
        for one, other in zip(expected.leaves, found.leaves, strict=True)
        if _is_struct(one) or _is_struct(other)
    )
    kind = "dynamic" if is_dynamic else "static"
    table = mismatch_table(
        ("example", "call"), expected.unflatten(), found.unflatten(), same_leaf=_is_like
    )
    return (
        f"Closure-converted function `{name}` called with different {kind} arguments to the "
        f"example arguments provided, as `(args, kwargs)`:\n{table}\n"
        "Expected the same structure, shapes, dtypes and static values, since the program was "
        "made for those: convert it again for these arguments."
    )
