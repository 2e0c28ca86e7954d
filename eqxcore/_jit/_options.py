"""Options of `filter_jit`: which buffers are donated, and what goes on to `jax.jit`."""

import inspect
from typing import Any, Literal, NamedTuple, get_args

import jax

Donate = Literal["all", "all-except-first", "warn", "warn-except-first", "none"]

_FORBIDDEN = ("static_argnums", "static_argnames", "donate_argnums", "donate_argnames")
_UNSUPPORTED = ("in_shardings", "out_shardings")
_TAKEN = tuple(
    name
    for name in inspect.signature(jax.jit).parameters
    if name not in (*_FORBIDDEN, *_UNSUPPORTED, "fun")
)


class Options(NamedTuple):
    """What distinguishes two jitted versions of the same function. Hashable."""

    donate: Donate
    jitkwargs: tuple[tuple[str, Any], ...]

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
        if name in _UNSUPPORTED:
            raise ValueError(
                f"`filter_jit` got `{name}`, which it does not support, since arguments and "
                f"results are any pytrees. Place the arrays instead: `jax.device_put(x, sharding)` "
                f"outside, `jax.lax.with_sharding_constraint` inside."
            )
        if name not in _TAKEN:
            raise TypeError(
                f"`filter_jit` got an unexpected keyword argument {name!r}. Expected `donate`, or "
                f"one of `jax.jit`'s: {', '.join(_TAKEN)}."
            )
    return Options(donate, tuple(sorted((k, _hashable(v)) for k, v in jitkwargs.items())))


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
