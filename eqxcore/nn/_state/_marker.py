"""What tells one piece of state from another."""


class Marker:
    """Tells a `StateIndex` from all others, until `make_with_state` gives it a name.

    Equal only to itself. A marker that comes back from a pickle is another one, the same for all
    that were pickled together.
    """

    __slots__ = ("path",)

    path: str | None
    """Where in a model its index was last seen; for messages only."""

    def __init__(self) -> None:
        self.path = None

    def __repr__(self) -> str:
        return "<unnamed>" if self.path is None else f"<unnamed, {self.path}>"


def told(marker: object) -> str:
    """What a piece of state is called in messages: where its index is in the model."""
    if isinstance(marker, Marker):
        return "an unnamed `StateIndex`" if marker.path is None else f"`{marker.path}`"
    return f"`{marker}`"
