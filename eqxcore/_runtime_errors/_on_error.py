"""What a failed check does: the argument `on_error`, and the environment variable behind it."""

import os
from typing import Literal, get_args

Action = Literal["raise", "breakpoint", "nan", "off"]
OnError = Literal["default", "raise", "breakpoint", "nan", "off"]

_VARIABLE = "EQX_ON_ERROR"
_FRAMES_VARIABLE = "EQX_ON_ERROR_BREAKPOINT_FRAMES"

ADVICE = (
    f"`{_VARIABLE}=breakpoint` in the environment, set before eqxcore is imported, opens a "
    f"debugger there instead;\n`nan` goes on with NaN, and `off` leaves out all checks."
)
"""What the last lines of the error say."""


def _action_from_environment() -> Action:
    value = os.environ.get(_VARIABLE, "raise")
    for action in get_args(Action):
        if value == action:
            return action
    raise ValueError(
        f"The environment variable `{_VARIABLE}` is {value!r}. Expected one of "
        f"{', '.join(get_args(Action))}: `export {_VARIABLE}=raise`, or unset it."
    )


def _frames_from_environment() -> int:
    value = os.environ.get(_FRAMES_VARIABLE, "1")
    if not value.isdecimal() or int(value) == 0:
        raise ValueError(
            f"The environment variable `{_FRAMES_VARIABLE}` is {value!r}. Expected the number of "
            f"frames that the debugger shows, from 1 on: `export {_FRAMES_VARIABLE}=1`."
        )
    return int(value)


# Read once: a program that was compiled does what was said when it was traced.
_default: Action = _action_from_environment()

BREAKPOINT_FRAMES: int = _frames_from_environment()
"""How many frames of the user's a debugger shows. JAX copies all that they hold to the host, and
fails on some of it, so this is one unless asked for."""

FRAMES_ADVICE: str = (
    f"The debugger shows {BREAKPOINT_FRAMES} of your frames. `{_FRAMES_VARIABLE}=3` in the "
    f"environment, set before eqxcore is imported, shows 3."
)
"""What is said before a debugger opens."""


def action_for(on_error: OnError) -> Action:
    """What to do, with "default" resolved. Raises `ValueError` for anything unknown."""
    if on_error == "default":
        return _default
    for action in get_args(Action):
        if on_error == action:
            return action
    raise ValueError(
        f"`on_error` is {on_error!r}. Expected one of "
        f"{', '.join(repr(choice) for choice in get_args(OnError))}."
    )
