"""`str2jax`: a string as a pytree without leaves."""

from eqxcore._module import Module, field


class _Text(Module):
    """Shown as its text, and equal to another of the same text, on either side of a `jax.jit`."""

    text: str = field(static=True)

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return isinstance(other, _Text) and other.text == self.text

    def __hash__(self) -> int:
        return hash((_Text, self.text))


def str2jax(msg: str) -> _Text:
    """An object that every JAX transformation lets through, and whose `str` is `msg`.

    For sentinels: `unused = str2jax("unused")`. Compare with `==`, not with `is`: a transformation
    makes a new object of it.
    """
    return _Text(msg)
