"""Fields of a Module: `field`, with the two options that dataclasses do not have."""

import dataclasses
import warnings
from collections.abc import Callable, Mapping
from typing import Any


def field(
    *,
    converter: Callable[[Any], Any] | None = None,
    static: bool = False,
    **kwargs: Any,
) -> Any:
    """A field of a Module, as `dataclasses.field` makes it, that may be static or converted.

    `static=True` puts the value into the structure of the pytree: it is no leaf, no
    transformation sees it, and it is compared with `==` and must hash. `converter` is called on
    the value once, at the end of construction. `**kwargs` go to `dataclasses.field`.

    Raises `ValueError` when `metadata` has one of these two names.
    """
    metadata: Mapping[Any, Any] = kwargs.pop("metadata", None) or {}
    for name in ("converter", "static"):
        if name in metadata:
            raise ValueError(
                f"field() got metadata with the name {name!r}, which is taken. Expected it as an "
                f"argument of its own: `eqx.field({name}={metadata[name]!r})`."
            )
    # Only what is asked for, so that the metadata of a plain field stays what its author gave.
    extra: dict[str, Any] = {}
    if converter is not None:
        extra["converter"] = converter
    if static:
        extra["static"] = True
    if metadata or extra:
        kwargs["metadata"] = {**metadata, **extra}
    return dataclasses.field(**kwargs)


def static_field(**kwargs: Any) -> Any:
    """A static field. Deprecated: write `eqx.field(static=True)`."""
    warnings.warn(
        "`eqx.static_field()` is deprecated: write `eqx.field(static=True)`.",
        UserWarning,
        stacklevel=2,
    )
    return field(static=True, **kwargs)
