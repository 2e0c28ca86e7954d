"""What JAX compiles, and why it compiles again.

| file | idea |
|---|---|
| `switch.py` | `watch`: on and off, and the latest one |
| `assertion.py` | `assert_compiles`: an error where too much is compiled |
| `jitted.py` | which calls are those of one jitted function |
| `as_jax_comes.py` | a watch for programs that have not imported JAX yet |
| `log.py` | what was compiled, as frozen data, and as JSON |
| `changed.py` | one thing that is not as it was |
| `causes.py` | the table of causes, each with its fix |
| `reasons.py` | what has one cause, in one sentence |
| `recorder.py` | from calls to a log |
| `listener.py` | hears from JAX about everything that is compiled |
| `monitoring.py` | its list of listeners |
| `frames.py` | finds the call on the stack |
| `call.py` | what is kept of that call |
| `wrapped.py` | for when the stack cannot be read |
| `history.py` | the nearest earlier call |
| `difference.py` | in what two calls differ |
| `call_key.py` | everything that decides which program serves a call |
| `constant.py` | arrays that a program holds, as data |
| `closed_over.py` | the variables of a function that they are in |
| `settings.py` | the part of it that is not in the arguments |
| `array_mark.py`, `static_mark.py`, `function_mark.py` | what is kept of a value |
| `identity.py` | "the same object", without holding it |
| `site.py` | lines of source code, and whose they are |
| `cell.py` | what a notebook calls the cell that code was typed in |

What watches is loaded when first used: a log is read without JAX.
"""

from typing import TYPE_CHECKING, Any

from eqxview.watching.causes import CAUSES as CAUSES
from eqxview.watching.changed import Difference as Difference
from eqxview.watching.constant import Constant as Constant
from eqxview.watching.log import Compile as Compile
from eqxview.watching.log import Log as Log
from eqxview.watching.log import Seconds as Seconds
from eqxview.watching.log import Stale as Stale
from eqxview.watching.site import Site as Site

if TYPE_CHECKING:
    from eqxview.watching.assertion import TooManyCompiles as TooManyCompiles
    from eqxview.watching.assertion import assert_compiles as assert_compiles
    from eqxview.watching.switch import Watch as Watch
    from eqxview.watching.switch import watch as watch

_LAZY = {
    "TooManyCompiles": "assertion",
    "Watch": "switch",
    "assert_compiles": "assertion",
    "watch": "switch",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'eqxview.watching' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    return value
