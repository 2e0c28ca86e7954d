"""A result that C++ hands over when the program is done, and not before.

C++ puts the results of a program together by their structure. Where the program has runtime
checks, that structure is this node: taking it apart when the program is first run finds the
structure of the result, and putting it together at every later call waits for the arrays. So a
program without checks pays nothing, and one with checks need not be run from Python.
"""

from collections.abc import Sequence
from typing import Any

from eqxcore import _registry as registry
from eqxcore._runtime_errors import Checks


class Waited:
    """A result, to be flattened with `registry.DISPATCH`. Unflattened, it is the result itself."""

    __slots__ = ("checks", "result")

    def __init__(self, result: Any, checks: Checks) -> None:
        self.result = result
        self.checks = checks


def _flatten(waited: Waited) -> tuple[list[Any], tuple[Any, Checks]]:
    arrays, structure = registry.DISPATCH.flatten(waited.result)
    return arrays, (structure, waited.checks)


def _unflatten(data: tuple[Any, Checks], arrays: Sequence[Any]) -> Any:
    structure, checks = data
    checks.wait_for(arrays)
    return structure.unflatten(arrays)


registry.register_fixed_node(Waited, _flatten, _unflatten)
