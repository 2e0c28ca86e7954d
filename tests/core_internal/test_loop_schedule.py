"""Which states are kept: as few steps as can be are done twice."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from eqxcore.internal import while_loop
from eqxcore.internal._loop._schedule import Online, default_checkpoints, split

MOST_STEPS, MOST_SLOTS = 160, 12


@pytest.fixture(scope="module")
def splits():
    steps, slots = np.meshgrid(np.arange(MOST_STEPS + 1), np.arange(MOST_SLOTS + 1), indexing="ij")
    found = jax.jit(jax.vmap(split))(
        jnp.asarray(steps.ravel(), jnp.int32), jnp.asarray(slots.ravel(), jnp.int32)
    )
    return np.asarray(found).reshape(steps.shape)


def _repeated(splits):
    """How many steps are advanced in all, to reverse so many from one state with these slots."""

    @functools.lru_cache(None)
    def count(steps, slots):
        if steps <= 1:
            return 0
        if slots == 1:
            return steps * (steps - 1) // 2
        ahead = int(splits[steps, slots])
        return ahead + count(steps - ahead, slots - 1) + count(ahead, slots)

    return count


def _fewest(steps, slots):
    """The least that any schedule can do: Griewank & Walther, 2000."""
    repeats = next(r for r in range(steps) if math.comb(slots + r, r) >= steps)
    return repeats * steps - math.comb(slots + repeats, repeats - 1) if repeats else 0


def _kept(num_steps, slots):
    def body(i, online):
        return online.keep(i)[0]

    stack = jax.lax.fori_loop(0, num_steps, body, Online.of(slots)).in_order()
    steps = jnp.stack(
        [stack._replace(top=jnp.asarray(place)).latest()[0] for place in range(slots)]
    )
    return jnp.where(jnp.arange(slots) <= stack.top, steps, -1)


@pytest.mark.parametrize("slots", [2, 3, 5, MOST_SLOTS])
def test_with_a_known_number_of_steps_no_schedule_does_better(splits, slots):
    count = _repeated(splits)
    for steps in range(1, MOST_STEPS + 1):
        assert count(steps, slots) == _fewest(steps, slots)


@pytest.mark.parametrize("slots", [2, 3, 5, MOST_SLOTS])
def test_without_knowing_the_number_of_steps_hardly_any_more_are_done(splits, slots):
    """All states are passed on the way, so those that stay are what counts."""
    count = _repeated(splits)
    kept = jax.jit(_kept, static_argnums=1)
    for num_steps in (1, 2, slots, slots + 1, 3 * slots, 71, MOST_STEPS):
        places = [int(p) for p in kept(num_steps, slots) if p >= 0]
        assert places[0] == 0
        assert places == sorted(set(places))
        assert places[-1] == num_steps - 1 or slots == 1
        ends = [*places[1:], num_steps]
        again = sum(
            count(end - place, slots - k)
            for k, (place, end) in enumerate(zip(places, ends, strict=True))
        )
        best = max(_fewest(num_steps, slots) - (num_steps - 1), 0)
        # At most one repetition more for each step; a fraction of one with enough slots.
        assert again <= best + num_steps


@pytest.mark.parametrize("max_steps", [1, 2, 3, 10, 1000, 4096])
def test_by_default_no_step_is_repeated_more_than_twice(max_steps):
    slots = default_checkpoints(max_steps)
    assert math.comb(slots + 2, 2) >= max_steps
    assert slots == 1 or math.comb(slots + 1, 2) < max_steps


@pytest.mark.parametrize(("checkpoints", "at_most"), [(3, 42), (6, 30), (12, 24)])
def test_a_gradient_runs_the_body_as_often_as_planned(checkpoints, at_most):
    """Twelve steps: once for the value, once for the gradient, and the repetitions."""
    calls = []

    def body(c):
        jax.debug.callback(lambda: calls.append(None))
        return c[0] + 1, c[1] * 1.1

    def loss(x):
        return while_loop(
            lambda c: c[0] < 12, body, (0, x), kind="checkpointed", checkpoints=checkpoints
        )[1]

    jax.jit(jax.grad(loss))(1.0)
    jax.effects_barrier()
    assert 24 <= len(calls) <= at_most
