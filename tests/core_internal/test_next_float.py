"""`nextafter` and `prevbefore`: the floating-point numbers next to a number."""

import equinox.internal as reference
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqxcore.internal import nextafter, prevbefore

TINY = float(np.finfo(np.float32).tiny)
LARGEST = float(np.finfo(np.float32).max)


@pytest.mark.parametrize(
    ("x", "after"),
    [
        (0.0, TINY),
        (-0.0, TINY),
        (-TINY, 0.0),
        (TINY, np.nextafter(np.float32(TINY), np.float32(1))),
        (1.0, 1 + 2.0**-23),
        (-1.0, -1 + 2.0**-24),
        (LARGEST, np.inf),
        (np.inf, np.inf),
        (-np.inf, -LARGEST),
        (np.nan, np.nan),
        (1e-45, TINY),
    ],
)
def test_the_number_after_is_the_next_normal_one(x, after):
    np.testing.assert_equal(float(nextafter(jnp.float32(x))), float(after))
    np.testing.assert_equal(0 - float(prevbefore(jnp.float32(-x))), float(after))


floats = st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False)


@settings(deadline=None)  # the first example compiles
@given(st.lists(floats.filter(lambda x: abs(x) < 1e38), min_size=8, max_size=8))
def test_there_is_nothing_between_a_number_and_the_next(numbers):
    x = np.array(numbers, np.float32)
    after = np.asarray(nextafter(x))
    assert (after > x).all()
    # Back to where we came from; the two zeros are one number.
    np.testing.assert_array_equal(np.asarray(prevbefore(after)), x)
    between = np.abs(x) > 2 * TINY
    np.testing.assert_array_equal(after[between], np.nextafter(x, np.float32(np.inf))[between])


@pytest.mark.parametrize("x", [0.0, 1.0, -3.5, 1e30, np.inf])
def test_it_agrees_with_the_reference(x):
    x = jnp.float32(x)
    np.testing.assert_array_equal(nextafter(x), reference.nextafter(x))
    np.testing.assert_array_equal(prevbefore(x), reference.prevbefore(x))


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16, jnp.float32])
def test_it_keeps_the_dtype_and_steps_in_it(dtype):
    one = jnp.ones(2, dtype)
    assert nextafter(one).dtype == dtype
    np.testing.assert_array_equal(nextafter(one) - one, jnp.full(2, jnp.finfo(dtype).eps, dtype))


@pytest.mark.parametrize("fn", [nextafter, prevbefore])
def test_the_derivative_is_one_under_every_transformation(fn):
    x = jnp.array([0.0, 1.0, -2.0])
    np.testing.assert_array_equal(jax.jit(jax.vmap(jax.grad(fn)))(x), jnp.ones(3))
    np.testing.assert_array_equal(jax.jvp(fn, (x,), (x,))[1], x)


def test_python_numbers_are_taken_and_integers_refused():
    assert nextafter(1.0).dtype == jnp.float32
    with pytest.raises(TypeError, match=r"int32.*`\.astype\(jnp\.float32\)`"):
        nextafter(jnp.array(1))
