"""How an error is told: on stderr, one line, and a hint."""

import sys

from eqxview.errors import EqxviewError


def complain(error: EqxviewError) -> None:
    """Say on stderr what happened, and what to do about it."""
    print(f"eqxview: {error}", file=sys.stderr)
    if error.hint:
        print(f"  hint: {error.hint}", file=sys.stderr)
