"""Options of `filter_jit`: which buffers are donated, and what goes on to `jax.jit`."""

import inspect
from typing import Any, Literal, NamedTuple, get_args

import jax
import jax.tree_util as jtu

from eqxcore._prefix import Prefix, prefix_of

Donate = Literal["all", "all-except-first", "warn", "warn-except-first", "none"]

_FORBIDDEN = ("static_argnums", "static_argnames", "donate_argnums", "donate_argnames")
_SHARDINGS = ("in_shardings", "out_shardings")
_TAKEN = tuple(
    name for name in inspect.signature(jax.jit).parameters if name not in (*_FORBIDDEN, "fun")
)


class Options(NamedTuple):
    """What distinguishes two jitted versions of the same function. Hashable."""

    donate: Donate
    jitkwargs: tuple[tuple[str, Any], ...]
    in_shardings: Prefix | None = None
    """A prefix of the tuple of positional arguments, or `None` if nothing is specified."""
    out_shardings: Prefix | None = None
    """A prefix of the result, or `None` if nothing is specified."""

    @property
    def is_donation_silent(self) -> bool:
        """Whether JAX's warning about donated buffers that were not usable is kept quiet."""
        return self.donate in ("all", "all-except-first")

    def donated(self, in_function: int, in_first: int, in_all: int) -> tuple[int, ...]:
        """Indices of the arrays to donate, among those of the function and then of its arguments.

        The three are the numbers of arrays in the function, in its first positional argument, and
        in everything together.
        """
        if self.donate == "none":
            return ()
        if self.donate in ("all", "warn"):
            return tuple(range(in_all))
        return (*range(in_function), *range(in_function + in_first, in_all))


def check_options(donate: Any, jitkwargs: dict[str, Any]) -> Options:
    """The options, checked.

    Raises `ValueError` for an unknown `donate`, and for options of `jax.jit` that name arguments:
    what is static, and what is donated, is decided leaf by leaf here.
    """
    if donate not in get_args(Donate):
        raise ValueError(
            f"`filter_jit` got `donate={donate!r}`. Expected one of "
            f"{', '.join(repr(choice) for choice in get_args(Donate))}."
        )
    for name in jitkwargs:
        if name in _FORBIDDEN:
            hint = (
                'use `donate="all"` or `donate="all-except-first"`'
                if name.startswith("donate")
                else "leave it out, since whatever is no array is static already"
            )
            raise ValueError(
                f"`filter_jit` got `{name}`, which `jax.jit` needs and it does not: {hint}."
            )
        if name not in _TAKEN:
            raise TypeError(
                f"`filter_jit` got an unexpected keyword argument {name!r}. Expected `donate`, or "
                f"one of `jax.jit`'s: {', '.join(_TAKEN)}."
            )
    in_shardings, out_shardings = (_shardings(name, jitkwargs.get(name)) for name in _SHARDINGS)
    rest = {name: value for name, value in jitkwargs.items() if name not in _SHARDINGS}
    items = tuple(sorted((name, _hashable(value)) for name, value in rest.items()))
    return Options(donate, items, in_shardings, out_shardings)


def check_max_compiles(number: Any) -> None:
    """Raises `ValueError` for what is no number of compilations."""
    if number is None or (type(number) is int and number >= 0):
        return
    raise ValueError(
        f"`filter_jit` got `max_compiles={number!r}`. Expected a number of compilations, 1 say, or "
        "`None` for any number."
    )


def _shardings(name: str, tree: Any) -> Prefix | None:
    if tree is None:
        return None
    prefix = prefix_of(tree)
    for place, leaf in enumerate(prefix.leaves):
        # Besides shardings and their specs, JAX takes its own descriptions of layouts.
        if leaf is not None and not type(leaf).__module__.startswith(("jax", "jaxlib")):
            path = _path_of(tree, place)
            raise TypeError(
                f"`filter_jit` got {leaf!r}, of type {type(leaf).__name__}, in `{name}{path}`. "
                "Expected a pytree of shardings, with `None` where nothing is specified, as in "
                f"`{name}=(None, jax.sharding.NamedSharding(mesh, P('batch')))`."
            )
    return prefix


def _path_of(tree: Any, place: int) -> str:
    leaves = jtu.tree_leaves_with_path(tree, is_leaf=lambda node: node is None)
    return jtu.keystr(leaves[place][0])


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return _Dict(sorted(value.items()))
    return tuple(value) if isinstance(value, list) else value


class _Dict(tuple[Any, ...]):
    """The items of a dict, `compiler_options` say."""


def jitkwargs_of(options: Options) -> dict[str, Any]:
    """The keywords for `jax.jit`."""
    return {
        name: dict(value) if isinstance(value, _Dict) else value
        for name, value in options.jitkwargs
    }
