"""The same training loop under eqxcore and under Equinox: the same losses."""

import runpy
from pathlib import Path

import jax
import numpy as np
import pytest

PROGRAMS = Path(__file__).parent.parent.parent / "examples" / "programs"
compare = runpy.run_path(str(PROGRAMS / "compare.py"))


@pytest.fixture(autouse=True)
def usual_jax():
    """Programs run as users run JAX: without the strictness of these tests."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def test_there_are_at_least_eight_programs():
    assert len(compare["PROGRAMS"]) >= 8


@pytest.mark.parametrize("program", compare["PROGRAMS"])
def test_a_program_gives_the_same_losses_under_both_libraries(program):
    ours, theirs = (compare["losses_of"](program, name) for name in ("eqxcore", "equinox"))
    # Rounding of float32, carried through some twenty steps of an optimiser.
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    assert np.isfinite(ours).all()
    assert len(set(ours)) > len(ours) // 2


def test_an_unknown_program_is_refused(capsys):
    assert compare["main"](["mlp_regresion"]) == 64
    assert "no program mlp_regresion" in capsys.readouterr().err
