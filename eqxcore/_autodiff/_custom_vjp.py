"""A function of any pytrees with a reverse-mode derivative of one's own."""

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np
from jax.custom_derivatives import SymbolicZero

from eqxcore._filters import filter
from eqxcore._jax_internals import flatten_none_as_leaf
from eqxcore._jit._split import split
from eqxcore._predicates import is_array, is_array_like, is_inexact_array
from eqxcore._pytree import PyTree
from eqxcore._trees._mismatch import describe, is_equal, mismatch_table

from ._rules import FunctionWithRules, as_array, as_zero_or_array, paths_of


class filter_custom_vjp(FunctionWithRules):
    """A function whose gradient is what the rules given to `def_fwd` and `def_bwd` say.

    Arguments and outputs may be any pytrees. Only the first argument is differentiated; to
    differentiate several, make them one, a tuple.

    ```python
    @eqx.filter_custom_vjp
    def fn(vjp_arg, *args, **kwargs):
        return out

    @fn.def_fwd
    def fn_fwd(perturbed, vjp_arg, *args, **kwargs):
        return out, residuals  # `residuals` is what the backward pass needs besides

    @fn.def_bwd
    def fn_bwd(residuals, grad_out, perturbed, vjp_arg, *args, **kwargs):
        return grad_vjp_arg
    ```

    On a method, `self` is the first argument.
    """

    _fwd: Callable[..., Any] | None = None
    _bwd: Callable[..., Any] | None = None

    def def_fwd(self, rule: Callable[..., Any]) -> None:
        """Sets the forward pass: `rule(perturbed, vjp_arg, *args, **kwargs)`.

        `perturbed` has the structure of `vjp_arg`: `True` for each leaf that is differentiated.
        The rule returns a pair of the output and any pytree, to be handed to the backward pass.
        """
        self._fwd = rule

    def def_bwd(self, rule: Callable[..., Any]) -> None:
        """Sets the backward pass: `rule(residuals, grad_out, perturbed, vjp_arg, *args, **kwargs)`.

        `grad_out` has the structure of the output, with `None` where there is no gradient. The
        rule returns a pytree like `vjp_arg`: with an array at each floating-point array, or
        `None` for a gradient of zero, and `None` at every other leaf.
        """
        self._bwd = rule

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Sets both, in old code: without `perturbed`, and with zeros in place of `None`."""
        warnings.warn(
            f"`{self.__name__}.defvjp` is deprecated in favour of `{self.__name__}.def_fwd` and "
            f"`{self.__name__}.def_bwd`. Their rules are also told, by `perturbed`, which leaves "
            "are differentiated, and get `None` as the gradient of an output that has none.",
            stacklevel=2,
        )

        def new_fwd(perturbed: Any, vjp_arg: Any, *args: Any, **kwargs: Any) -> Any:
            out, residuals = fwd(vjp_arg, *args, **kwargs)
            return out, (residuals, jtu.tree_map(_shape, filter(out, is_inexact_array)))

        def new_bwd(
            saved: Any, grad: Any, perturbed: Any, vjp_arg: Any, *args: Any, **kwargs: Any
        ) -> Any:
            residuals, shapes = saved
            leaves, treedef = jtu.tree_flatten(shapes)
            grads = [
                jnp.zeros(leaf.shape, leaf.dtype) if cotangent is None else cotangent
                for leaf, cotangent in zip(leaves, treedef.flatten_up_to(grad), strict=True)
            ]
            return bwd(residuals, treedef.unflatten(grads), vjp_arg, *args, **kwargs)

        self._fwd, self._bwd = new_fwd, new_bwd

    def __call__(self, vjp_arg: PyTree, /, *args: Any, **kwargs: Any) -> Any:
        """The output of the function.

        Raises `RuntimeError` while the rules are not both given, and when anything besides
        `vjp_arg` is differentiated.
        """
        fwd, bwd = self._fwd, self._bwd
        if fwd is None or bwd is None:
            raise RuntimeError(
                f"`def_fwd` or `def_bwd` not yet called for `{self.__name__}`; expected both rules "
                f"before the first call. Put `@{self.__name__}.def_fwd` above a function of "
                f"`(perturbed, vjp_arg, *args, **kwargs)`, and `@{self.__name__}.def_bwd` above "
                "one of `(residuals, grad_out, perturbed, vjp_arg, *args, **kwargs)`."
            )
        # Only arrays pass through JAX, and nothing here may hold on to them besides.
        arrays, structure = split(vjp_arg)
        # A Module that is the function is not differentiated, nor are the other arguments. Their
        # arrays are passed all the same, so that being differentiated can be refused.
        fixed, fixed_structure = split((self.fn, args, kwargs))

        # The outputs that are no arrays are known only inside, and JAX carries only arrays out.
        # Whichever of function and forward pass runs first tells; the other has to agree.
        told: tuple[int, Any] | None = None

        # Of each forward pass, everything it saved that is no array; a token says which it was.
        saved_structures: list[Any] = []

        def tell(out: Any) -> list[Any]:
            nonlocal told
            out_arrays, out_structure = split(out)
            now = len(out_arrays), out_structure
            if told is None:
                told = now
            elif told != now:
                raise TypeError(self._passes_differ(told, now))
            return out_arrays

        def of_arrays(arrays: list[Any], fixed: list[Any]) -> list[Any]:
            first = structure.unflatten(map(as_array, arrays))
            fn, inner_args, inner_kwargs = fixed_structure.unflatten(map(as_array, fixed))
            return tell(fn(first, *inner_args, **inner_kwargs))

        def fwd_of_arrays(arrays: list[Any], fixed: list[Any]) -> tuple[list[Any], Any]:
            call = fixed_structure.unflatten([as_array(primal.value) for primal in fixed])
            moves = [primal.perturbed and _is_inexact(primal) for primal in fixed]
            if any(moves):
                raise RuntimeError(self._fixed_moves(call, moves))
            _, inner_args, inner_kwargs = call
            first = structure.unflatten([as_array(primal.value) for primal in arrays])
            flags = iter([primal.perturbed and _is_inexact(primal) for primal in arrays])
            perturbed = jtu.tree_map(lambda leaf: next(flags) if is_array(leaf) else False, first)
            pair = fwd(perturbed, first, *inner_args, **inner_kwargs)
            if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
                raise TypeError(
                    f"The forward pass of `{self.__name__}` returned {describe(pair)}; expected a "
                    "pair, `(out, residuals)`. Return `None` for residuals if there are none."
                )
            out, residuals = pair
            out_leaves, out_treedef = jtu.tree_flatten(out)
            is_carried = tuple(map(is_array, out_leaves))
            saved = residuals, out_treedef, is_carried, perturbed, first, inner_args, inner_kwargs
            saved_arrays, saved_structure = split(saved)
            saved_structures.append(saved_structure)
            return tell(out), (_token(len(saved_structures) - 1), saved_arrays)

        def bwd_of_arrays(saved: tuple[Any, list[Any]], cotangents: list[Any]) -> Any:
            token, saved_arrays = saved
            residuals, out_treedef, is_carried, perturbed, first, inner_args, inner_kwargs = (
                saved_structures[_number(token)].unflatten(saved_arrays)
            )
            carried = iter(cotangents)
            grad_out = out_treedef.unflatten(
                [as_zero_or_array(next(carried)) if array else None for array in is_carried]
            )
            grads = self._flatten_grads(
                bwd(residuals, grad_out, perturbed, first, *inner_args, **inner_kwargs), first
            )
            moves = jtu.tree_leaves(perturbed)
            in_first = [
                grad if move and grad is not None else _symbolic_zero(leaf)
                for leaf, grad, move in zip(jtu.tree_leaves(first), grads, moves, strict=True)
                if is_array(leaf)
            ]
            return in_first, None

        for inner in (of_arrays, fwd_of_arrays, bwd_of_arrays):
            inner.__name__ = inner.__qualname__ = self.__name__
        custom = jax.custom_vjp(of_arrays)
        custom.defvjp(fwd_of_arrays, bwd_of_arrays, symbolic_zeros=True)
        out_arrays = custom(arrays, fixed)
        assert told is not None
        _, out_structure = told
        return out_structure.unflatten(out_arrays)

    def _flatten_grads(self, grads: Any, first: Any) -> list[Any]:
        """The gradient of each leaf of `first`, or `None`, with its shape and dtype."""
        leaves, treedef = jtu.tree_flatten(first)
        grad_leaves, grad_treedef = flatten_none_as_leaf(grads)
        _, wanted = flatten_none_as_leaf(first)
        if grad_treedef != wanted:
            like = filter(first, is_inexact_array)
            table = mismatch_table(
                ("expected", "returned"), like, grads, is_leaf=lambda node: node is None
            )
            raise RuntimeError(
                "custom_vjp gradients must have the same structure as "
                "`equinox.filter(vjp_arg, equinox.is_inexact_array)`, where `vjp_arg` is the first "
                f"argument used in the forward pass, but what the backward pass of "
                f"`{self.__name__}` returned differs:\n{table}\n"
                "Return an array for each floating-point array, and `None` for every other leaf "
                "and where the gradient is zero."
            )
        # `None` in `vjp_arg` itself is no leaf of it.
        grad_leaves = treedef.flatten_up_to(grads)
        for place, (leaf, grad) in enumerate(zip(leaves, grad_leaves, strict=True)):
            if grad is not None and is_inexact_array(leaf) and not _is_alike(grad, leaf):
                # As a number or an array of another dtype is.
                self._check_fits(grad, leaf, first, place)
                grad_leaves[place] = jnp.asarray(grad, leaf.dtype)
        return grad_leaves

    def _check_fits(self, grad: Any, leaf: Any, first: Any, place: int) -> None:
        path = paths_of(first)[place]
        of = f"The gradient{path} that the backward pass of `{self.__name__}` returned is"
        if not is_array_like(grad):
            raise TypeError(
                f"{of} {describe(grad)}, which is not a valid JAX type; expected "
                f"{describe(leaf)}, like the argument, or `None` for zero."
            )
        if jnp.shape(grad) != leaf.shape:
            raise ValueError(
                f"{of} {describe(grad)}, but the argument is {describe(leaf)}, so the shapes do "
                "not match. Return a gradient of the shape of the argument, summed over what was "
                "broadcast."
            )
        if jnp.iscomplexobj(grad) and not jnp.iscomplexobj(leaf):
            raise ValueError(
                f"{of} {describe(grad)}, but the argument is {describe(leaf)}; expected a real "
                "gradient. Return its real part, `grad.real`."
            )

    def _fixed_moves(self, call: tuple[Any, Any, Any], moves: list[bool]) -> str:
        found = [path for path, leaf in jtu.tree_leaves_with_path(call) if is_array(leaf)]
        part, *path = found[moves.index(True)]
        below = jtu.keystr(tuple(path))
        if part.idx == 0:
            what = f"{below} of the Module that it wraps"
        elif part.idx == 1:
            # `vjp_arg` is the first argument, and the first of `args` the second.
            what = f"positional argument {path[0].idx + 1}{jtu.keystr(tuple(path[1:]))}"
        else:
            what = f"keyword argument {below}"
        return (
            "Unexpected tangent. `*args` and `**kwargs` to `filter_custom_vjp` cannot be "
            f"autodifferentiated, but `{self.__name__}` was differentiated with respect to "
            f"{what}. Make it part of the first argument, a tuple say, or pass it through "
            "`jax.lax.stop_gradient`."
        )

    def _passes_differ(self, one: tuple[int, Any], other: tuple[int, Any]) -> str:
        outs = [structure.unflatten([_ARRAY] * count) for count, structure in (one, other)]
        table = mismatch_table(("first", "then"), *outs, same_leaf=is_equal)
        return (
            f"The forward pass of `{self.__name__}` must produce the output of the function "
            f"itself, but one of them returned, and then the other:\n{table}\n"
            "Return the same containers, and equal values of everything but arrays: what is no "
            "array is handed on when the function is traced, and the forward pass runs later."
        )


# JAX remembers the structure of what a forward pass saved in one place for all forward passes
# of a call, of which there are several when a jitted function is differentiated in this argument
# and in that. Its backward passes would then be told what the last one saved: silently, a wrong
# `perturbed`. So the structure is kept here, and the shape of an empty array says where.


def _token(number: int) -> np.ndarray:
    return np.zeros((0, number), np.bool_)


def _number(token: Any) -> int:
    return token.shape[1]


def _symbolic_zero(value: Any) -> SymbolicZero:
    return SymbolicZero(jax.typeof(value).to_tangent_aval())


class _Array:
    """Stands for any array in a message."""

    def __repr__(self) -> str:
        return "an array"


_ARRAY = _Array()


def _is_alike(grad: Any, leaf: Any) -> bool:
    return is_array(grad) and grad.shape == leaf.shape and grad.dtype == leaf.dtype


def _is_inexact(primal: Any) -> bool:
    return is_inexact_array(as_array(primal.value))


def _shape(array: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(array.shape, array.dtype)
