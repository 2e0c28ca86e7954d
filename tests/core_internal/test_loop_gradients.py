"""Gradients of loops are those of the same steps written one after the other."""

import functools

import equinox.internal as eqxi
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqxcore.internal import nondifferentiable, nondifferentiable_backward, scan, while_loop

W = jnp.asarray(np.random.default_rng(0).normal(size=(3, 3)) * 0.5, jnp.float32)
X = jnp.array([0.3, -1.0, 0.7], jnp.float32)
MOST = 20

SETUPS = {
    "bounded": {"kind": "bounded", "max_steps": MOST, "base": 3},
    "default": {"kind": "checkpointed", "max_steps": MOST},
    "all kept": {"kind": "checkpointed", "max_steps": MOST, "checkpoints": MOST},
    "one": {"kind": "checkpointed", "checkpoints": 1},
    "two": {"kind": "checkpointed", "checkpoints": 2},
    "three": {"kind": "checkpointed", "checkpoints": 3},
    "seven": {"kind": "checkpointed", "checkpoints": 7},
}


def _step(x, w):
    return jnp.tanh(w @ x) + 0.1 * x


def _unrolled(x, w, n):
    for _ in range(n):
        x = _step(x, w)
    return jnp.sum(x**2)


def _looped(x, w, n, setup):
    def body(carry):
        i, x = carry
        return i + 1, _step(x, w)

    final = while_loop(lambda c: c[0] < n, body, (jnp.zeros((), jnp.int32), x), **SETUPS[setup])
    return jnp.sum(final[1] ** 2)


# Compiled once, whatever the number of steps.
_gradients = {
    setup: jax.jit(jax.grad(lambda x, w, n, setup=setup: _looped(x, w, n, setup), (0, 1)))
    for setup in SETUPS
}
_unrolled_gradient = jax.jit(jax.grad(_unrolled, (0, 1)), static_argnums=2)


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("n", [0, 1, 2, 5, 13])
def test_a_gradient_is_that_of_the_unrolled_loop(setup, n):
    found = _gradients[setup](X, W, n)
    for a, b in zip(found, _unrolled_gradient(X, W, n), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(SETUPS)), st.integers(0, MOST), st.integers(0, 2**31 - 1))
def test_gradients_agree_between_all_ways_to_run_the_loop(setup, n, seed):
    x = jax.random.normal(jax.random.key(seed), (3,))
    for a, b in zip(_gradients[setup](x, W, n), _gradients["bounded"](x, W, n), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("setup", ["bounded", "three"])
def test_a_batch_has_the_gradients_of_its_elements(setup):
    ns = jnp.array([0, 7, 3, 12])
    xs = jnp.stack([X, 2 * X, -X, X + 1])

    def loss(xs, w):
        return jnp.sum(jax.vmap(lambda x, n: _looped(x, w, n, setup))(xs, ns))

    of_sum = jax.jit(jax.grad(loss, (0, 1)))(xs, W)
    batched = jax.jit(
        jax.vmap(jax.grad(lambda x, w, n: _looped(x, w, n, setup), (0, 1)), in_axes=(0, None, 0))
    )(xs, W, ns)
    expected = [_gradients[setup](x, W, n) for x, n in zip(xs, ns, strict=True)]
    for k, (x, w) in enumerate(expected):
        np.testing.assert_allclose(of_sum[0][k], x, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(batched[0][k], x, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(batched[1][k], w, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(of_sum[1], sum(w for _, w in expected), rtol=1e-4, atol=1e-5)


def test_loops_in_loops_have_gradients():
    def program(loop):
        def loss(x):
            def inner(c):
                return c[0] + 1, jnp.sin(c[1]) * 1.2

            def outer(c):
                i, x = c
                x = loop(lambda c: c[0] < i, inner, (0, x), kind="checkpointed", checkpoints=2)[1]
                return i + 1, x

            return loop(lambda c: c[0] < 5, outer, (0, x), kind="checkpointed", max_steps=6)[1]

        return jax.jit(jax.value_and_grad(loss))(0.7)

    np.testing.assert_allclose(program(while_loop), program(eqxi.while_loop), rtol=1e-5)


def test_memory_is_that_of_the_checkpoints():
    """All states would take 40 MB; 140 of them take 0.6."""

    def loss(x):
        def body(c):
            return c[0] + 1, jnp.sin(c[1])

        return jnp.sum(
            while_loop(
                lambda c: c[0] < 10_000, body, (0, x), kind="checkpointed", max_steps=10_000
            )[1]
        )

    compiled = jax.jit(jax.grad(loss)).lower(jnp.ones(1000)).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < 1_000_000


def test_arrays_without_a_tangent_are_not_differentiated():
    """`y` meets nothing that has one, in any step; `z` does in the second."""

    def loss(x):
        def body(c):
            i, x, y, z = c
            return i + 1, x * z, nondifferentiable(y) * 2, x

        init = (0, x, jnp.float32(1), jnp.float32(3))
        return while_loop(lambda c: c[0] < 3, body, init, kind="checkpointed", max_steps=4)[1]

    # x * 3, then (x * 3) * x, then (3 x**2) * (3 x).
    np.testing.assert_allclose(jax.jit(jax.grad(loss))(2.0), 27 * 4.0, rtol=1e-6)


def test_a_tangent_that_reaches_what_must_not_have_one_is_refused():
    def loss(x):
        def body(c):
            i, x, y = c
            return i + 1, x, nondifferentiable(y) + x

        init = (0, x, jnp.float32(1))
        return while_loop(lambda c: c[0] < 3, body, init, kind="checkpointed", max_steps=4)[2]

    with pytest.raises(Exception, match="differentia"):
        jax.grad(loss)(2.0)


def test_arrays_without_a_cotangent_are_not_differentiated_backwards():
    def loss(x):
        def body(c):
            i, x, y = c
            return i + 1, x * 2, nondifferentiable_backward(y) * x

        init = (0, x, x)
        return while_loop(lambda c: c[0] < 3, body, init, kind="checkpointed", max_steps=4)[1]

    assert jax.grad(loss)(2.0) == 8.0


def test_a_cotangent_may_come_from_another_array_of_the_carry():
    def loss(x):
        def body(c):
            i, x, y, _ = c
            return i + 1, x, x * y, y

        init = (0, x, jnp.float32(1), jnp.float32(1))
        # Only `z` counts at the end: the last `y` but one, `x**3`.
        return while_loop(lambda c: c[0] < 4, body, init, kind="checkpointed", max_steps=4)[3]

    np.testing.assert_allclose(jax.grad(loss)(2.0), 12.0, rtol=1e-6)


SCANS = [
    {"kind": "lax"},
    {"kind": "checkpointed"},
    {"kind": "checkpointed", "checkpoints": "all"},
    {"kind": "checkpointed", "checkpoints": 1},
    {"kind": "checkpointed", "checkpoints": 4},
    {"kind": "bounded"},
]


def _scan_gradient(scan, length, **arguments):
    def loss(w, x, a):
        def f(x, y):
            x = _step(x, w) + y["a"]
            return x, (jnp.sum(x), {"b": y["b"] * 2})

        x, (sums, _) = scan(f, x, {"a": a, "b": jnp.arange(length)}, **arguments)
        return jnp.sum(x) + jnp.sum(sums**2)

    a = jnp.linspace(-1, 1, 3 * length).reshape(length, 3)
    return jax.jit(jax.grad(loss, (0, 1, 2)))(W, X, a)


@functools.cache
def _lax_scan_gradient(length):
    return _scan_gradient(jax.lax.scan, length)


@pytest.mark.parametrize(
    ("length", "arguments"), [*[(11, one) for one in SCANS], (1, SCANS[1]), (1, SCANS[3])], ids=str
)
def test_a_scan_has_the_gradients_of_laxs_scan(length, arguments):
    found = _scan_gradient(scan, length, **arguments)
    for a, b in zip(found, _lax_scan_gradient(length), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
