"""JAX's list of listeners: to be on it, and to be off it again."""

from collections.abc import Callable
from typing import Any

import jax

Listener = Callable[..., None]


class Listening:
    """Two listeners that are on JAX's lists while it is on.

    JAX 0.6 has no public way to leave a list. Where the private one is not there either, they
    stay on it, and are not put there twice: they must do nothing while nobody wants to hear.
    """

    def __init__(self, on_duration: Listener, on_event: Listener) -> None:
        self._on_duration = on_duration
        self._on_event = on_event
        self._is_listed = False

    def start(self) -> None:
        """Hear from JAX from now on."""
        if not self._is_listed:
            jax.monitoring.register_event_duration_secs_listener(self._on_duration)
            jax.monitoring.register_event_listener(self._on_event)
            self._is_listed = True

    def stop(self) -> None:
        """Leave the lists, if JAX lets us. Does nothing where somebody has cleared them."""
        leave_durations = _leave("unregister_event_duration_listener")
        leave_events = _leave("unregister_event_listener")
        if leave_durations is None or leave_events is None:
            return
        self._is_listed = False
        try:
            leave_durations(self._on_duration)
            leave_events(self._on_event)
        except (AssertionError, ValueError):
            return  # not on the lists: somebody has cleared them


def _leave(name: str) -> Callable[[Any], None] | None:
    found = getattr(jax.monitoring, name, None)
    if found is not None:
        return found
    try:
        from jax._src import monitoring
    except ImportError:
        return None
    return getattr(monitoring, f"_{name}_by_callback", None)
