"""Where in the user's program something was written, for an error that comes much later."""

import functools
import os
import sys
import traceback
import types
from typing import NamedTuple

import jax

_JAX = os.path.dirname(jax.__file__) + os.sep
EQXCORE: str = os.path.dirname(os.path.dirname(__file__)) + os.sep
"""The folder of the library's own files."""

# The innermost frames tell the most, and a recursion may have thousands.
_MOST_FRAMES = 20


class Frame(NamedTuple):
    """A line that was being run."""

    filename: str
    line: int
    function: str


class CallSite(NamedTuple):
    """The user's frames at a call of the library, the outermost first.

    Only those inside of the outermost transformation: the others are on the stack again when the
    program runs. Hashable, and holds no frame of Python's, so it keeps nothing alive.
    """

    frames: tuple[Frame, ...]

    @property
    def name(self) -> str:
        """The line of the call, as `train.py:41, in step`."""
        if not self.frames:
            return "an unknown place"
        frame = self.frames[-1]
        return f"{frame.filename}:{frame.line}, in {frame.function}"

    def stack(self) -> str:
        """The frames as a traceback shows them, with the source as it is now."""
        return "".join(
            traceback.format_list([traceback.FrameSummary(*frame) for frame in self.frames])
        ).rstrip("\n")


def call_site() -> CallSite:
    """Where the user called the library function that is running."""
    frames: list[Frame] = []
    inside = 0
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        filename = frame.f_code.co_filename
        if _is_of_users(filename):
            frames.append(Frame(filename, frame.f_lineno, frame.f_code.co_name))
        elif _is_boundary(filename):
            # Everything that was met on the way here is inside of this transformation.
            inside = len(frames)
        frame = frame.f_back
    # Without a transformation, the line alone.
    inside = min(max(inside, 1), _MOST_FRAMES)
    return CallSite(tuple(reversed(frames[:inside])))


@functools.cache
def _is_boundary(filename: str) -> bool:
    return filename.startswith(_JAX)


@functools.cache
def _is_of_users(filename: str) -> bool:
    # The last two have no source to show: Python's own machinery, and generated type checks.
    return not filename.startswith((_JAX, EQXCORE, "<frozen ", "<@"))


def count_own_frames() -> int:
    """How many frames of the library there are between the user's code and this call."""
    count, frame = 0, sys._getframe(1)
    while frame is not None and not _is_of_users(frame.f_code.co_filename):
        count += frame.f_code.co_filename.startswith(EQXCORE)
        frame = frame.f_back
    return count
