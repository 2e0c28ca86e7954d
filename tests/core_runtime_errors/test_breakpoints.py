"""A debugger in the middle of a program, and the environment variables that ask for one."""

import io
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx
from eqxcore import _jax_internals as internals
from eqxcore._runtime_errors import _on_error


@pytest.fixture
def typed(monkeypatch):
    """Types these lines into every debugger that opens."""

    def type_lines(*lines):
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return type_lines


def _f(x):
    doubled = x * 2
    return eqx.branched_error_if(
        doubled, x < 0, (x < -5).astype(jnp.int32), ["small", "smaller"], on_error="breakpoint"
    )


@pytest.mark.skipif(
    internals.hide_from_debugger is None or internals._exclude_from_debugger is None,
    reason="without the private name that hides them, the debugger shows our frames first",
)
def test_a_failed_check_says_why_and_opens_a_debugger_on_the_users_line(typed, capsys):
    typed("p doubled", "c")
    result = eqx.filter_jit(_f)(jnp.array(-7.0))
    jax.effects_barrier()
    out = capsys.readouterr().out
    assert out.startswith("smaller\n\nThe check is at ")
    assert "EQX_ON_ERROR_BREAKPOINT_FRAMES" in out.split("Entering jdb")[0]
    assert "Array(-14., dtype=float32)" in out
    assert jnp.isnan(result)


def test_a_passed_check_opens_nothing(typed, capsys):
    typed()
    assert eqx.filter_jit(_f)(jnp.array(1.0)) == 2
    jax.effects_barrier()
    assert capsys.readouterr().out == ""


def test_what_is_not_known_while_tracing_is_asked_for_at_run_time(monkeypatch):
    monkeypatch.setattr(_on_error, "_default", "nan")
    assert jnp.isnan(eqx.error_if(jnp.array(1.0), jnp.array(True), "no"))
    assert jnp.isnan(eqx.error_if(jnp.array(1.0), True, "no"))
    with pytest.raises(eqx.EquinoxRuntimeError):
        eqx.error_if(jnp.array(1.0), jnp.array(True), "no", on_error="raise")


def _import_with(**variables):
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from eqxcore._runtime_errors import _on_error as e\n"
            "print(e.action_for('default'), e.BREAKPOINT_FRAMES)",
        ],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_environment_chooses_what_a_failed_check_does():
    done = _import_with(EQX_ON_ERROR="off", EQX_ON_ERROR_BREAKPOINT_FRAMES="3")
    assert done.stdout.split() == ["off", "3"]


def test_an_unknown_choice_is_refused_when_it_is_read(monkeypatch):
    monkeypatch.setenv("EQX_ON_ERROR", "explode")
    with pytest.raises(ValueError, match=r"`EQX_ON_ERROR` is 'explode'. Expected one of raise, b"):
        _on_error._action_from_environment()
    monkeypatch.setenv("EQX_ON_ERROR_BREAKPOINT_FRAMES", "0")
    with pytest.raises(ValueError, match=r"is '0'. Expected the number of frames"):
        _on_error._frames_from_environment()
