"""Meters on the host, which compiled programs move by number."""

import itertools
import threading
from collections.abc import Callable
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import io_callback
from jaxtyping import Array, Int

from eqxcore._unvmap import unvmap_max

from ._abstract import FloatScalarLike

WHOLE = 10_000
"""All of a solve. Progress is counted in hundredths of a percent, as it is shown."""

_NUMBER = jax.ShapeDtypeStruct((), jnp.int32)


class Display(Protocol):
    """Something that shows progress."""

    def show(self, progress: int) -> None:
        """Shows so much of `WHOLE`."""

    def close(self) -> None:
        """Shows that the solve is done."""


class _Open:
    """The meters that are open. A program may run on several devices, hence the lock."""

    def __init__(self) -> None:
        self._displays: dict[int, tuple[Display, int]] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def open(self, display: Display) -> int:
        with self._lock:
            # Numbers may come round again after years; a meter is closed before.
            number = next(self._numbers) % np.iinfo(np.int32).max
            self._displays[number] = (display, -1)
        self.move(number, 0)
        return number

    def move(self, number: int, progress: int) -> None:
        with self._lock:
            display, shown = self._displays.get(number, (None, 0))
            # A gradient goes through steps again, some after the meter was closed.
            if display is None or progress <= shown:
                return
            self._displays[number] = (display, progress)
            display.show(progress)

    def close(self, number: int) -> None:
        with self._lock:
            display, _ = self._displays.pop(number, (None, 0))
            if display is not None:
                display.close()


_open = _Open()


def open_meter(make: Callable[[], Display]) -> Int[Array, ""]:
    """The number of a new meter, made when the program gets here."""

    def call() -> np.ndarray:
        return np.asarray(_open.open(make()), np.int32)

    return io_callback(call, _NUMBER)


def move_meter(number: Int[Array, ""], progress: Int[Array, ""]) -> Int[Array, ""]:
    """The number of the meter, which is to be used from here on: else nothing is shown.

    JAX allows no side effects in what it differentiates. This one is disguised as a function.
    """

    def call(number: np.ndarray, progress: np.ndarray) -> np.ndarray:
        _open.move(int(number), int(progress))
        return np.asarray(number, np.int32)

    return jax.pure_callback(call, _NUMBER, number, progress, vmap_method="sequential")


def close_meter(number: Int[Array, ""]) -> None:
    """Closes the meter."""

    def call(number: np.ndarray) -> None:
        _open.close(int(number))

    io_callback(call, None, unvmap_max(number))


def counted(progress: FloatScalarLike) -> Int[Array, ""]:
    """Progress in hundredths of a percent; in a batch, that of the element that is last."""
    progress = jax.lax.stop_gradient(jnp.asarray(progress, jnp.float32))
    count = jnp.clip(jnp.round(progress * WHOLE), 0, WHOLE).astype(jnp.int32)
    return -unvmap_max(-count)
