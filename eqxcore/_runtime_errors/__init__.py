"""Errors that depend on values which are known only when the program runs.

| file | idea |
|---|---|
| `_error_if.py` | `error_if` and `branched_error_if` |
| `_on_error.py` | what a failed check does, and `EQX_ON_ERROR` |
| `_check.py` | the primitive: eager, differentiated, batched and compiled |
| `_call_site.py` | where in the user's program the check was written |
| `_failure.py` | what a failed check says, and telling it from other errors of a program |
| `_poison.py` | NaN for a value that failed its check |
| `_breakpoint.py` | a debugger where the check was written |
| `_notice.py` | which compiled programs contain checks, and must be waited for |
| `_exceptions.py` | the exceptions |
"""

from ._breakpoint import open_breakpoint_if as open_breakpoint_if
from ._error_if import branched_error_if as branched_error_if
from ._error_if import error_if as error_if
from ._exceptions import EquinoxRuntimeError as EquinoxRuntimeError
from ._exceptions import EquinoxTracetimeError as EquinoxTracetimeError
from ._failure import PROGRAM_ERRORS as PROGRAM_ERRORS
from ._failure import failure_in as failure_in
from ._notice import Checks as Checks
from ._notice import notice_check as notice_check
from ._poison import poison_if as poison_if
