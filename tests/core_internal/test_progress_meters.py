import importlib.util

import jax
import jax.numpy as jnp
import pytest

from eqxcore.internal import (
    AbstractProgressMeter,
    NoProgressMeter,
    TextProgressMeter,
    TqdmProgressMeter,
    while_loop,
)


def _solve(meter, num_steps, x=1.0, kind="lax"):
    def body(c):
        i, x, state = c
        return i + 1, x * 1.1, meter.step(state, (i + 1) / num_steps)

    init = (0, x, meter.init())
    _, x, state = while_loop(lambda c: c[0] < num_steps, body, init, kind=kind, max_steps=20)
    meter.close(state)
    return x


def _lines(capsys):
    jax.effects_barrier()
    return capsys.readouterr().out.split()


def test_text_is_printed_when_enough_was_done(capsys):
    jax.jit(lambda: _solve(TextProgressMeter(0.25), 8))()
    assert _lines(capsys) == ["0.00%", "25.00%", "50.00%", "75.00%", "100.00%"]


def test_the_end_is_printed_once_whatever_came_before(capsys):
    meter = TextProgressMeter(0.5)
    state = meter.init()
    for progress in (0.9, 0.95, 1.0, 1.0):
        state = meter.step(state, progress)
    meter.close(state)
    assert _lines(capsys) == ["0.00%", "90.00%", "100.00%"]


def test_a_batch_has_one_meter_which_waits_for_the_last(capsys):
    jax.jit(jax.vmap(lambda n: _solve(TextProgressMeter(0.3), n)))(jnp.array([5, 10]))
    assert _lines(capsys) == ["0.00%", "30.00%", "60.00%", "90.00%", "100.00%"]


@pytest.mark.parametrize("kind", ["checkpointed", "bounded"])
def test_a_gradient_goes_through_the_steps_again_and_prints_once(capsys, kind):
    jax.jit(jax.grad(lambda x: _solve(TextProgressMeter(0.5), 4, x, kind)))(1.0)
    assert _lines(capsys) == ["0.00%", "50.00%", "100.00%"]


def test_progress_is_not_differentiated(capsys):
    def loss(x):
        meter = TextProgressMeter()
        meter.close(meter.step(meter.init(), x))
        return x**2

    assert jax.grad(loss)(0.5) == 1.0
    assert _lines(capsys) == ["0.00%", "50.00%", "100.00%"]


def test_closing_prints_the_end_of_a_solve_that_ended_early(capsys):
    meter = TextProgressMeter()
    meter.close(meter.init())
    assert _lines(capsys) == ["0.00%", "100.00%"]


def test_no_meter_prints_nothing(capsys):
    meter = NoProgressMeter()
    assert meter.init() is None
    assert meter.step(None, 0.5) is None
    _solve(meter, 3)
    assert _lines(capsys) == []


def test_a_meter_of_ones_own_needs_all_three_methods():
    class Half(AbstractProgressMeter):
        def init(self):
            return None

    with pytest.raises(TypeError, match="abstract"):
        Half()


@pytest.mark.skipif(importlib.util.find_spec("tqdm") is None, reason="tqdm is not installed")
def test_tqdm_draws_a_bar_every_few_steps(capsys):
    jax.jit(lambda: _solve(TqdmProgressMeter(refresh_steps=2), 4))()
    jax.effects_barrier()
    drawn = [line.split("%")[0] for line in capsys.readouterr().err.split("\r")]
    # tqdm may draw the end twice, once as it closes.
    assert list(dict.fromkeys(float(x) for x in drawn if x.strip())) == [0, 25, 75, 100]


def test_without_tqdm_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install tqdm.*TextProgressMeter"):
        TqdmProgressMeter()
