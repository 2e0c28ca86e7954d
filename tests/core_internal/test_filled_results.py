"""Arrays made of the shapes of others: zeros, placeholders, broadcasts."""

import equinox.internal as reference
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
import eqxcore.internal as eqxi

X = jnp.array([1.0, 2.0, 3.0])
STRUCT = jax.ShapeDtypeStruct((2,), jnp.float32)


def several(x):
    return {"f": x, "b": x > 1, "i": x.astype(jnp.int32), "s": "static", "n": None}


@pytest.mark.parametrize("fill", [eqxi.eval_empty, eqxi.eval_zero])
def test_results_have_the_right_shapes_and_the_function_is_only_traced(fill):
    seen = []

    def fn(x):
        seen.append(x)
        return several(x)

    found, expected = fill(fn, X), several(X)
    assert all(isinstance(x, jax.core.Tracer) for x in seen)
    for name in ("f", "b", "i"):
        assert found[name].shape == expected[name].shape
        assert found[name].dtype == expected[name].dtype
    assert (found["s"], found["n"]) == ("static", None)


def test_zeros_are_zero_and_keys_are_keys():
    zeros = eqxi.eval_zero(several, X)
    np.testing.assert_array_equal(zeros["f"], jnp.zeros(3))
    np.testing.assert_array_equal(zeros["b"], jnp.zeros(3, bool))
    for fill in (eqxi.eval_empty, eqxi.eval_zero):
        keys = fill(lambda: jax.random.split(jax.random.key(0)))
        assert jnp.issubdtype(keys.dtype, jax.dtypes.prng_key)
        assert keys.shape == (2,)


def test_shapes_are_remembered_by_shape_and_static_value():
    traces = []

    def fn(x, y, how="how"):
        traces.append(how)
        return x + y, how

    for x in (X, X + 1, jax.ShapeDtypeStruct((3,), jnp.float32), np.ones(3, np.float32)):
        struct, how = eqxi.cached_filter_eval_shape(fn, x, X)
        assert (struct.shape, struct.dtype, how) == ((3,), jnp.float32, "how")
    assert len(traces) == 1
    for how in (1, 1.0, True, "how"):
        assert repr(eqxi.cached_filter_eval_shape(fn, X, X, how=how)[1]) == repr(how)
    assert len(traces) == 5
    eqxi.cached_filter_eval_shape(fn, X[:2], X[:2])
    assert len(traces) == 6
    eqx.clear_caches()
    eqxi.cached_filter_eval_shape(fn, X, X)
    assert len(traces) == 7


def test_what_does_not_hash_is_traced_every_time():
    traces = []

    def fn(x, names):
        traces.append(names)
        return x, sorted(names)

    for _ in range(2):
        assert eqxi.cached_filter_eval_shape(fn, X, {"a"})[1] == ["a"]
    assert len(traces) == 2


@pytest.mark.parametrize("module", [eqxi, reference], ids=["ours", "reference"])
def test_zeros_are_made_where_there_is_no_tangent(module):
    zeros = module.materialise_zeros
    assert zeros(X, X + 1) is not None
    np.testing.assert_array_equal(zeros(X, None), jnp.zeros(3))
    np.testing.assert_array_equal(zeros(np.ones(2), None), np.zeros(2))
    assert zeros(jnp.array([1j]), None).dtype == jnp.complex64
    assert zeros(jnp.arange(3), None).dtype in (jax.dtypes.float0, np.void)
    assert zeros(1.0, None) == 0
    for nothing in ("text", None, STRUCT):
        assert zeros(nothing, None) is None
    assert zeros(STRUCT, None, allow_struct=True).shape == (2,)


def test_zeros_made_so_are_valid_tangents():
    primals = (X, jnp.arange(3))
    tangents = tuple(eqxi.materialise_zeros(primal, None) for primal in primals)
    _, out = jax.jvp(lambda x, i: x[i], primals, tangents)
    np.testing.assert_array_equal(out, jnp.zeros(3))


@pytest.mark.parametrize("module", [eqxi, reference], ids=["ours", "reference"])
@pytest.mark.parametrize(
    ("shape", "target"),
    [((3,), (3, 2)), ((3, 1), (3, 2, 2)), ((), (2,)), ((1, 2), (3, 2, 5)), ((3,), (3,))],
)
def test_broadcasting_adds_axes_on_the_right(module, shape, target):
    array = jnp.arange(np.prod(shape, dtype=int)).reshape(shape)
    found = module.left_broadcast_to(array, target)
    padded = np.asarray(array).reshape(shape + (1,) * (len(target) - len(shape)))
    np.testing.assert_array_equal(found, np.broadcast_to(padded, target))


def test_a_broadcast_that_does_not_fit_names_the_axis():
    with pytest.raises(ValueError, match=r"axis 1 has length 3\. Expected 2 or 1"):
        eqxi.left_broadcast_to(jnp.ones((2, 3)), (2, 2, 2))
    with pytest.raises(ValueError, match="fewer axes"):
        eqxi.left_broadcast_to(jnp.ones((2, 3)), (2,))
