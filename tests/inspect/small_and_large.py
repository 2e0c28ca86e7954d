"""Runs a test twice: as for a small tree, row by row, and as for a large one, with NumPy."""

import pytest

from eqxview.inspect import masks, role_reasons, tallies

ROW_BY_ROW, WITH_NUMPY = 1 << 60, 0


def patched(limit):
    """A context in which trees count as large from `limit` rows on."""
    patch = pytest.MonkeyPatch()
    for module in (masks, tallies, role_reasons):
        patch.setattr(module, "MANY_ROWS", limit)
    return patch


@pytest.fixture(params=[ROW_BY_ROW, WITH_NUMPY], ids=["row by row", "with NumPy"])
def both_ways(request):
    """Everything in this test happens once each way."""
    patch = patched(request.param)
    yield
    patch.undo()
