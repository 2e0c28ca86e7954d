"""`filter_pmap`: what is mapped, what is static, what comes back, what fails."""

import inspect
import warnings

import jax
import jax.numpy as jnp
import numpy as np
from expected import raises

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)
X = np.arange(8.0, dtype=np.float32).reshape(4, 2)


def test_each_device_has_an_element():
    out = eqx.filter_pmap(lambda x: 2 * x)(X)
    np.testing.assert_array_equal(out, 2 * X)
    assert len(out.sharding.device_set) == 4


def of_equinox(function, options, args):
    with warnings.catch_warnings():
        # Some versions of JAX find something in some versions of Equinox.
        warnings.simplefilter("ignore")
        import equinox

        return equinox.filter_pmap(function, **options)(*args)


def test_results_are_equinoxs():
    arguments = [
        ((X,), {}),
        ((X, 3.0, "text"), {}),
        ((X, X[:, 0]), {"in_axes": (0, 0)}),
        ((X, X), {"in_axes": (0, None)}),
        ((X, X.T), {"in_axes": (0, 1)}),
        ((X, X), {"in_axes": (0, None), "out_axes": 1}),
        ((X,), {"axis_size": 4}),
        ((X,), {"in_axes": None, "axis_size": 2}),
        ((X, 1.0), {"in_axes": {"y": None}}),
    ]
    functions = [
        lambda x, y=1, z=2: (x, y, z),
        lambda x, y=1, z=2: {"a": x, "b": 1.0, "c": "text", "d": jnp.tanh},
    ]
    for args, options in arguments:
        for function in functions:
            if "out_axes" in options:
                function = lambda x, y: (x, y)  # noqa: E731
            ours = jax.tree.flatten(eqx.filter_pmap(function, **options)(*args))
            theirs = jax.tree.flatten(of_equinox(function, options, args))
            assert ours[1] == theirs[1]
            for one, other in zip(ours[0], theirs[0], strict=True):
                assert type(one) is type(other)
                assert (one.shape == other.shape) if eqx.is_array(one) else one == other
                np.testing.assert_array_equal(one, other)


def test_negative_axes_count_from_the_end():
    np.testing.assert_array_equal(eqx.filter_pmap(lambda x: x, out_axes=-1)(X), X.T)
    np.testing.assert_array_equal(eqx.filter_pmap(lambda x: x, in_axes=-1)(X.T), X)


def test_an_ensemble_is_trained_a_member_on_each_device():
    layers = eqx.filter_pmap(lambda key: nn.Linear(2, 3, key=key))(jax.random.split(KEY, 4))
    assert layers.weight.shape == (4, 3, 2)
    assert layers.in_features == 2
    out = eqx.filter_pmap(lambda layer, x: layer(x))(layers, X)
    expected = eqx.filter_vmap(lambda layer, x: layer(x))(layers, X)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-6)


def test_the_arrays_of_the_function_itself_are_not_mapped():
    linear = nn.Linear(2, 3, key=KEY)
    mapped = eqx.filter_pmap(linear)
    np.testing.assert_allclose(mapped(X), jax.vmap(linear)(X), rtol=1e-5, atol=1e-6)
    doubled = eqx.tree_at(lambda layer: layer.bias, linear, linear.bias + 1)
    np.testing.assert_allclose(
        eqx.filter_pmap(doubled)(X), jax.vmap(doubled)(X), rtol=1e-5, atol=1e-6
    )


def test_what_is_no_array_is_static_whatever_its_axis():
    seen = []

    def f(x, n, name):
        seen.append((n, name))
        return x * n, n, name

    out = eqx.filter_pmap(f, in_axes=0)(X, 2, "text")
    assert out[1:] == (2, "text")
    assert set(seen) == {(2, "text")}


def test_a_call_of_the_same_kind_does_not_trace_again():
    traces = []

    def f(x, n):
        traces.append(n)
        return x

    for _ in range(2):
        eqx.filter_pmap(f)(X, 1)
    assert traces == [1]
    eqx.filter_pmap(f)(X, 2)
    eqx.filter_pmap(f, out_axes=1)(X, 2)
    assert traces == [1, 2, 2]
    # Another shape, for which functions of leaves decide anew.
    eqx.filter_pmap(f, out_axes=lambda x: x.ndim)(X, 2)
    out = eqx.filter_pmap(f, out_axes=lambda x: x.ndim)(np.ones((4, 2, 3)), 2)
    assert out.shape == (2, 3, 4)


def test_a_named_axis_is_reduced_over():
    out = eqx.filter_pmap(lambda x: jax.lax.psum(x, "devices"), axis_name="devices")(X)
    np.testing.assert_array_equal(out, np.broadcast_to(X.sum(0), (4, 2)))


def test_an_output_that_is_the_same_for_all_may_stay_without_an_axis():
    out = eqx.filter_pmap(lambda x: (x, jnp.ones(2), "a"), out_axes=(0, None, None))(X)
    np.testing.assert_array_equal(out[1], jnp.ones(2))
    assert out[2] == "a"


def test_an_axis_size_makes_copies():
    out = eqx.filter_pmap(lambda: (jnp.ones(2), "text"), axis_size=3)()
    assert out[0].shape == (3, 2)
    lowered = eqx.filter_pmap(lambda x: x, in_axes=None, axis_size=3).lower(X)
    assert lowered.compile()(X).shape == (3, 4, 2)


def test_donated_arrays_are_gone():
    x = eqx.filter_pmap(lambda x: x)(X)
    np.testing.assert_array_equal(eqx.filter_pmap(lambda x: x + 1, donate="all")(x), X + 1)
    assert x.is_deleted()
    # What cannot be reused is told only on demand; warnings are errors here.
    eqx.filter_pmap(jnp.sum, donate="all")(jax.device_put(X))


def test_jax_warns_of_buffers_that_are_not_used_again_on_demand():
    def warnings_of(mapped):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            mapped(jax.device_put(X))
        return [str(warning.message).splitlines()[0] for warning in caught]

    expected = warnings_of(jax.pmap(lambda x: jnp.sum(x), donate_argnums=0))
    assert warnings_of(eqx.filter_pmap(lambda x: jnp.sum(x), donate="warn")) == expected
    assert warnings_of(eqx.filter_pmap(lambda x: jnp.sum(x) + 1, donate="all")) == []


def test_programs_are_lowered_and_compiled():
    f = eqx.filter_pmap(lambda x, n: (x * n, n))
    for x in (X, jax.ShapeDtypeStruct(X.shape, X.dtype)):
        compiled = f.lower(x, 2).compile()
        out, n = compiled(X, 2)
        np.testing.assert_array_equal(out, 2 * X)
        assert n == 2
    with raises(TypeError, "another structure", "n", "2", "3"):
        compiled(X, 3)
    assert "HloModule" in compiled.as_text()


def test_it_is_differentiated_jitted_and_mapped():
    f = eqx.filter_pmap(lambda x: x**2)
    gradient = eqx.filter_grad(lambda x: jnp.sum(f(x)))(jnp.asarray(X))
    np.testing.assert_array_equal(gradient, 2 * X)
    with warnings.catch_warnings():
        # Until JAX 0.8, it is not efficient.
        warnings.filterwarnings("ignore", message="The jitted function .* includes a pmap")
        np.testing.assert_array_equal(eqx.filter_jit(f)(X), X**2)
    np.testing.assert_array_equal(eqx.filter_vmap(f, in_axes=1)(X), (X**2).T)


def test_a_method_counts_self():
    class Scaled(eqx.Module):
        weight: jax.Array

        @eqx.filter_pmap
        def times(self, x):
            return self.weight * x

    np.testing.assert_array_equal(Scaled(jnp.arange(4.0)).times(X), jnp.arange(4.0)[:, None] * X)


def test_devices_are_chosen():
    devices = jax.devices()[::-1]
    out = eqx.filter_pmap(lambda x: x, devices=devices)(X)
    np.testing.assert_array_equal(out, X)
    first = next(shard for shard in out.addressable_shards if shard.index[0].start == 0)
    assert first.device == devices[0]


def test_keys_are_mapped():
    keys = jax.random.split(KEY, 4)
    out = eqx.filter_pmap(lambda key: (key, jax.random.normal(key)))(keys)
    np.testing.assert_array_equal(jax.random.key_data(out[0]), jax.random.key_data(keys))


def test_a_failed_check_is_raised_at_the_call():
    f = eqx.filter_pmap(lambda x: eqx.error_if(x, jnp.any(x > 100), "too large"))
    np.testing.assert_array_equal(f(X), X)
    with raises(eqx.EquinoxRuntimeError, "too large"):
        f(X + 100)


def test_the_wrapper_looks_like_the_function():
    def f(x, y=1):
        return x

    wrapped = eqx.filter_pmap(f)
    assert wrapped.__wrapped__ is f
    assert wrapped.__name__ == "f"
    assert inspect.signature(wrapped) == inspect.signature(f)
    assert eqx.filter_pmap(axis_size=3)(f) == eqx.filter_pmap(f, axis_size=3)


def test_mistakes_name_the_leaf_what_was_expected_and_the_fix():
    def pair(first, second=None):
        return first

    def pmap(**options):
        return eqx.filter_pmap(pair, **options)

    mistakes = [
        (lambda: pmap()(X, second=X), RuntimeError, ("`filter_pmap`", "`second`", "lambda")),
        (lambda: pmap(axis=1), TypeError, ("`axis`", "`donate`")),
        (lambda: pmap(donate="some"), ValueError, ("'some'", "'all', 'warn', 'none'")),
        (lambda: pmap(donate_argnums=0), ValueError, ("`donate_argnums`", 'donate="all"')),
        (lambda: pmap(static_broadcasted_argnums=0), ValueError, ("leave it out",)),
        (lambda: pmap()("a"), ValueError, ("nothing to map", "`axis_size=`", "filter_jit")),
        (lambda: pmap()(np.ones((5, 2))), ValueError, ("5 elements", "4 devices", "filter_vmap")),
        (lambda: pmap(devices=jax.devices()[:2])(X), ValueError, ("4 elements", "2 devices")),
        (lambda: pmap(in_axes=(0, 2))(X, X), ValueError, ("pmap", "axis 2", "`second`", "(4, 2)")),
        (lambda: pmap()(X, X.T), ValueError, ("inconsistent sizes", "`first`", "`second`")),
        (lambda: pmap(out_axes=3)(X), ValueError, ("`out_axes`", "axis 3", "out of bounds")),
        (lambda: pmap(out_axes="a")(X), ValueError, ("'a'", "None, ints, and callables only")),
        (lambda: pmap(in_axes=[0, 0])(X, X), ValueError, ("filter_pmap(pair)", "not a prefix")),
        (lambda: pmap()(X, {1, 2}), ValueError, ("`second`", "frozenset")),
    ]
    for make, kind, parts in mistakes:
        with raises(kind, *parts):
            make()


def test_the_arrays_of_a_module_are_not_kept():
    import gc
    import weakref

    linear = nn.Linear(2, 3, key=KEY)
    eqx.filter_pmap(linear)(X)
    weight = weakref.ref(linear.weight)
    del linear
    gc.collect()
    assert weight() is None
