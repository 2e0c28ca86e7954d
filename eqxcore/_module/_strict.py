"""`StrictConfig`: an argument of old code, of which only `force_abstact` still does something."""

from typing import Literal


def StrictConfig(
    force_abstact: bool = False,  # spelled so in the code that uses it
    **kwargs: object,
) -> Literal[False] | None:
    """What `class A(eqx.Module, strict=StrictConfig(force_abstact=True))` takes. Deprecated.

    Write `class A(eqx.Module, is_abstract=True)`. Everything else that it took is ignored.
    """
    del kwargs
    # A `strict` that is `None` is how the metaclass is told, `True` and `False` mean nothing.
    return None if force_abstact else False
