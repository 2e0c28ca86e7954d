"""A function of any pytrees with a forward-mode derivative of one's own."""

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
from jax.custom_derivatives import SymbolicZero

from eqxcore._jax_internals import flatten_none_as_leaf
from eqxcore._jit._split import split
from eqxcore._predicates import is_array, is_array_like, is_inexact_array
from eqxcore._trees._mismatch import describe, mismatch_table

from ._rules import FunctionWithRules, as_array, as_zero_or_array, paths_of


class filter_custom_jvp(FunctionWithRules):
    """A function whose Jacobian-vector product is what the rule given to `def_jvp` says.

    Arguments may be any pytrees; outputs must consist of arrays and numbers. What is
    differentiated is found out at each call. Keyword arguments never are.

    ```python
    @eqx.filter_custom_jvp
    def call(x, y, *, fn):
        return fn(x, y)

    @call.def_jvp
    def call_jvp(primals, tangents, *, fn):
        x, y = primals
        tx, ty = tangents  # `None` for each leaf that does not move, and what is no array
        return call(x, y, fn=fn), (0.0 if tx is None else 2 * tx)
    ```

    On a method, `self` is the first argument.
    """

    _rule: Callable[..., Any] | None = None

    def def_jvp(self, rule: Callable[..., Any]) -> None:
        """Sets the rule: `rule(primals, tangents, **kwargs)` returns the output and its tangent.

        `tangents` is a tuple like `primals`, with `None` for every leaf that is not
        differentiated. The tangent has the structure of the output; `None` in it is a zero.
        """
        self._rule = rule

    def defjvp(self, rule: Callable[..., Any]) -> None:
        """As `def_jvp`, in old code: every floating-point array has a tangent, maybe of zeros."""
        warnings.warn(
            f"`{self.__name__}.defjvp` is deprecated in favour of `{self.__name__}.def_jvp`, "
            "whose rule gets `None` as the tangent of each array that is not differentiated.",
            stacklevel=2,
        )

        def instantiated(primals: Any, tangents: Any, **kwargs: Any) -> Any:
            leaves, treedef = jtu.tree_flatten(primals)
            moving = [
                jnp.zeros_like(leaf) if tangent is None and is_inexact_array(leaf) else tangent
                for leaf, tangent in zip(leaves, treedef.flatten_up_to(tangents), strict=True)
            ]
            return rule(primals, treedef.unflatten(moving), **kwargs)

        self._rule = instantiated

    def defjvps(self, *rules: Any, **kwargs: Any) -> None:
        """Raises `NotImplementedError`: one rule for each argument knows only arrays."""
        raise NotImplementedError(
            f"`{self.__name__}.defjvps` is not implemented: its rules are for one array each, and "
            "arguments here are any pytrees. Give one rule for all of them to `def_jvp`."
        )

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """The output of the function. Raises `AttributeError` while there is no rule."""
        rule = self._rule
        if rule is None:
            raise AttributeError(
                f"No JVP defined for custom_jvp function `{self.__name__}`; expected a rule "
                f"before the first call. Put `@{self.__name__}.def_jvp` above a function of "
                "`(primals, tangents, **kwargs)`."
            )
        # Only arrays pass through JAX, and nothing here may hold on to them besides.
        arrays, structure = split(args)
        # A Module that is the function is not differentiated, nor are the keywords. Their arrays
        # are passed all the same: closed over, they could be tracers that JAX does not expect.
        fixed, fixed_structure = split((self.fn, kwargs))

        def of_arrays(arrays: list[Any], fixed: list[Any]) -> Any:
            inner_args = structure.unflatten(map(as_array, arrays))
            fn, inner_kwargs = fixed_structure.unflatten(map(as_array, fixed))
            out = fn(*inner_args, **inner_kwargs)
            self._check_output(out)
            return out

        def jvp_of_arrays(primals: Any, tangents: Any) -> tuple[Any, Any]:
            arrays, fixed = primals
            inner_args = structure.unflatten(map(as_array, arrays))
            call = fixed_structure.unflatten(map(as_array, fixed))
            moving, fixed_moving = ([as_zero_or_array(x) for x in part] for part in tangents)
            if any(tangent is not None for tangent in fixed_moving):
                raise ValueError(self._fixed_moves(call, fixed_moving))
            tangent_of = iter(moving)
            inner_tangents = jtu.tree_map(
                lambda leaf: next(tangent_of) if is_array(leaf) else None, inner_args
            )
            _, inner_kwargs = call
            pair = rule(inner_args, inner_tangents, **inner_kwargs)
            if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
                raise TypeError(
                    f"The JVP rule of `{self.__name__}` returned {describe(pair)}; expected a "
                    "pair, `(primal_out, tangent_out)`."
                )
            out, tangent_out = pair
            self._check_output(out)
            return out, self._instantiate(out, tangent_out)

        for inner in (of_arrays, jvp_of_arrays):
            inner.__name__ = inner.__qualname__ = self.__name__
        custom = jax.custom_jvp(of_arrays)
        custom.defjvp(jvp_of_arrays, symbolic_zeros=True)
        return custom(arrays, fixed)

    def _check_output(self, out: Any) -> None:
        for path, leaf in jtu.tree_leaves_with_path(out):
            if not is_array_like(leaf):
                raise TypeError(
                    f"`{self.__name__}` returned {describe(leaf)} at "
                    f"{jtu.keystr(path) or 'the root of its output'}, which is not a valid JAX "
                    "type; the outputs of a `filter_custom_jvp` are expected to be arrays or "
                    "numbers. Return only those, and make everything else outside of it."
                )

    def _fixed_moves(self, call: tuple[Any, Any], tangents: list[Any]) -> str:
        found = [path for path, leaf in jtu.tree_leaves_with_path(call) if is_array(leaf)]
        moving = [
            path for path, tangent in zip(found, tangents, strict=True) if tangent is not None
        ]
        part, *path = moving[0]
        if part.idx == 0:
            return (
                f"Received a tangent for {jtu.keystr(tuple(path))} of the Module that "
                f"`{self.__name__}` wraps; expected none, since only positional arguments are "
                "differentiated. Wrap a function, and pass the Module to it."
            )
        return (
            f"Received keyword tangent: `{self.__name__}` was differentiated with respect to "
            f"its keyword argument {jtu.keystr(tuple(path))}; expected keyword arguments not to "
            "depend on what is differentiated. Pass it by position, or through "
            "`jax.lax.stop_gradient`."
        )

    def _instantiate(self, out: Any, tangent_out: Any) -> Any:
        """`tangent_out` with a zero of JAX's for every `None`."""
        out_leaves, out_treedef = jtu.tree_flatten(out)
        # `None` may stand for a whole subtree, too.
        tangent_leaves, tangent_treedef = flatten_none_as_leaf(tangent_out)
        try:
            below = tangent_treedef.flatten_up_to(out)
        except ValueError:
            below = None
        if below is None or any(
            tangent is not None and not jtu.all_leaves([node])
            for tangent, node in zip(tangent_leaves, below, strict=True)
        ):
            table = mismatch_table(("output", "tangent"), out, tangent_out)
            raise ValueError(
                f"The JVP rule of `{self.__name__}` returned a tangent of another structure than "
                f"its output:\n{table}\n"
                "Return a tangent for each leaf of the output, or `None` where it is zero."
            )
        tangents: list[Any] = []
        for tangent, node in zip(tangent_leaves, below, strict=True):
            tangents += [tangent] * len(jtu.tree_leaves(node))
        instantiated = []
        for place, (value, tangent) in enumerate(zip(out_leaves, tangents, strict=True)):
            zero: Any = SymbolicZero(jax.typeof(value).to_tangent_aval())
            if tangent is None:
                instantiated.append(zero)
                continue
            if not _is_tangent(tangent, zero):
                path = paths_of(out)[place]
                raise TypeError(
                    f"The JVP rule of `{self.__name__}` returned {describe(tangent)} for the "
                    f"tangent of {path or 'its output'}, which is {describe(value)}. Custom JVP "
                    "rule must produce primal and tangent outputs with corresponding shapes and "
                    f"dtypes: expected {_expected(zero)}."
                )
            instantiated.append(tangent)
        return out_treedef.unflatten(instantiated)


def _expected(zero: Any) -> str:
    if zero.dtype == jax.dtypes.float0:
        return "`None`, for it is no floating-point number"
    return f"{zero.dtype.name}[{','.join(map(str, zero.shape))}], or `None` for zero"


def _is_tangent(tangent: Any, zero: Any) -> bool:
    if isinstance(tangent, SymbolicZero) or zero.dtype == jax.dtypes.float0:
        return getattr(tangent, "dtype", None) == zero.dtype and tangent.shape == zero.shape
    return (
        is_array_like(tangent)
        and jnp.shape(tangent) == zero.shape
        and jax.dtypes.result_type(tangent) == zero.dtype
    )
