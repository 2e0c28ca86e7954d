"""`filter_vmap`: which axes, which leaves, what comes back, what fails."""

import inspect
import re

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)


def same(a, b):
    """Equal pytrees: arrays by value and dtype, everything else by identity or equality."""
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        if eqx.is_array(y):
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y)
        else:
            assert type(x) is type(y)
            assert x == y


def print_axis(x):
    return 1 if eqx.is_array(x) and x.ndim > 1 else (0 if eqx.is_array(x) else None)


ARGS = {
    "a vector": (jnp.arange(3.0),),
    "an array and a string": (jnp.arange(3), "text"),
    "a tree": ({"a": jnp.ones((3, 2)), "b": [jnp.arange(3), 1.0, None]},),
    "two of them": (jnp.ones((3, 2)), {"a": np.arange(3.0, dtype=np.float32)}),
    "a square": (jnp.arange(9.0).reshape(3, 3),),
}

FUNCTIONS = {
    "identity": lambda *args: args,
    "swapped": lambda *args: args[::-1],
    "with others": lambda *args: {"args": args, "name": "text", "number": 2.0},
    "mixed": lambda *args: (jnp.float32(1), args[0], jnp.ones(2)),
}

AXES = {
    "defaults": {},
    "in tuple": {"in_axes": (eqx.if_array(0),) * 1},
    "out none and 0": {"out_axes": eqx.if_array(0)},
    "out last": {"out_axes": eqx.if_array(-1)},
    "callable": {"in_axes": eqx.if_array(0), "out_axes": print_axis},
    "size": {"axis_size": 3},
}


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("args", ARGS)
def test_outputs_are_equinoxs(args, function, axes):
    results = []
    for library in (eqx, equinox):
        kwargs = dict(AXES[axes])
        for name, value in kwargs.items():
            if library is equinox and isinstance(value, eqx.if_array):
                kwargs[name] = equinox.if_array(value.axis)
            elif isinstance(value, tuple):
                kwargs[name] = (library.if_array(0),) * len(ARGS[args])
        try:
            results.append(library.filter_vmap(FUNCTIONS[function], **kwargs)(*ARGS[args]))
        except (ValueError, TypeError) as error:
            results.append(type(error))
    if isinstance(results[1], type):
        assert issubclass(results[0], results[1])
    else:
        same(*results)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
    st.data(),
)
def test_an_axis_may_be_any_and_goes_anywhere(shape, data):
    rank = len(shape)
    x = jnp.arange(np.prod(shape), dtype=float).reshape(shape)
    in_axis = data.draw(st.integers(-rank, rank - 1))
    out_axis = data.draw(st.integers(-rank, rank - 1))
    out = eqx.filter_vmap(lambda x: x, in_axes=in_axis, out_axes=out_axis)(x)
    np.testing.assert_array_equal(out, jnp.moveaxis(x, in_axis, out_axis))


def test_an_ensemble_is_made_and_called():
    keys = jax.random.split(KEY, 5)
    stack = eqx.filter_vmap(lambda key: nn.Linear(2, 3, key=key))(keys)
    assert stack.weight.shape == (5, 3, 2)
    assert stack.in_features == 2
    x = jnp.array([1.0, 2.0])
    out = eqx.filter_vmap(lambda layer, x: layer(x), in_axes=(eqx.if_array(0), None))(stack, x)
    for row, key in zip(out, keys, strict=True):
        # Terms of size one may cancel: their round-off is what is left, not the result's.
        np.testing.assert_allclose(row, nn.Linear(2, 3, key=key)(x), rtol=1e-6, atol=1e-6)


def test_the_arrays_of_the_function_itself_are_not_mapped():
    linear = nn.Linear(2, 3, key=KEY)
    x = jax.random.normal(KEY, (4, 2))
    np.testing.assert_array_equal(eqx.filter_vmap(linear)(x), jax.vmap(linear)(x))


class Scaled(eqx.Module):
    weight: jax.Array
    name: str

    @eqx.filter_vmap
    def times(self, x):
        return self.weight * x, self.name

    @eqx.filter_vmap(in_axes=(None, 0))
    def times_all(self, x):
        return self.weight * x


def test_methods_are_mapped_over_self():
    scaled = Scaled(jnp.array([1.0, 2.0]), "name")
    out, name = scaled.times(jnp.array([3.0, 4.0]))
    np.testing.assert_array_equal(out, [3.0, 8.0])
    assert name == "name"
    assert scaled.times_all(jnp.ones(3)).shape == (3, 2)


def test_in_axes_by_name_default_to_arrays():
    def f(x, y, *rest):
        return x, y, rest

    x, y = jnp.arange(3.0), jnp.arange(2.0)
    same(
        eqx.filter_vmap(f, in_axes={"y": None})(x, y, x, "text"),
        (x, jnp.stack([y] * 3), (x, "text")),
    )
    out = eqx.filter_vmap(f, in_axes={"rest": (None, 0), "y": None})(x, y, y, x)
    same(out[2], (jnp.stack([y] * 3), x))


def test_with_nothing_mapped_the_function_is_called():
    calls = []

    def f(x):
        calls.append(x)
        return x

    assert eqx.filter_vmap(f)("text") == "text"
    assert calls == ["text"]
    x = jnp.ones(2)
    assert eqx.filter_vmap(f, in_axes=None, out_axes=None)(x) is x
    with pytest.raises(ValueError, match="Cannot resolve batch dimension"):
        eqx.filter_vmap(f, in_axes=None)(x)


def test_an_axis_size_makes_copies():
    out = eqx.filter_vmap(lambda: (jnp.ones(2), "text", 1.0), axis_size=3)()
    same(out, (jnp.ones((3, 2)), "text", 1.0))
    np.testing.assert_array_equal(
        eqx.filter_vmap(lambda: 1.0, axis_size=2, out_axes=0)(), jnp.ones(2)
    )
    np.testing.assert_array_equal(
        eqx.filter_vmap(lambda x: x, in_axes=None, axis_size=2)(jnp.ones(3)), jnp.ones((2, 3))
    )


def test_output_axes_are_decided_on_unbatched_outputs():
    seen = []

    def axis(x):
        seen.append(x.shape)
        return 1

    out = eqx.filter_vmap(lambda x: x * jnp.ones((2, 4)), out_axes=axis)(jnp.arange(3.0))
    assert seen == [(2, 4)]
    assert out.shape == (2, 3, 4)


def test_objects_come_out_as_they_are():
    marker = object()
    out = eqx.filter_vmap(lambda x, y: (x, y, jnp.tanh))(jnp.arange(2), marker)
    assert out[1] is marker
    assert out[2] is jnp.tanh


def test_an_output_that_is_the_same_for_all_may_stay_without_an_axis():
    shared = jnp.ones(2)
    out = eqx.filter_vmap(lambda x: (x, shared), out_axes=(0, None))(jnp.arange(3))
    np.testing.assert_array_equal(out[1], shared)


def test_a_named_axis_is_reduced_over():
    out = eqx.filter_vmap(lambda x: jax.lax.psum(x, "batch"), axis_name="batch")(jnp.arange(3.0))
    np.testing.assert_array_equal(out, [3.0, 3.0, 3.0])


def test_keys_are_mapped():
    keys = jax.random.split(KEY, 3)
    out = eqx.filter_vmap(lambda key: (key, jax.random.normal(key)))(keys)
    np.testing.assert_array_equal(jax.random.key_data(out[0]), jax.random.key_data(keys))


def test_it_is_mapped_again_jitted_and_differentiated():
    x = jnp.arange(6.0).reshape(2, 3)

    def f(x, scale):
        return jnp.sin(x) * scale

    mapped = eqx.filter_vmap(eqx.filter_vmap(f, in_axes=(0, None)), in_axes=(0, None))
    np.testing.assert_allclose(mapped(x, 2.0), f(x, 2.0), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(eqx.filter_jit(mapped)(x, 2.0), f(x, 2.0), rtol=1e-6, atol=1e-6)
    gradient = eqx.filter_grad(lambda x: jnp.sum(mapped(x, 2.0)))(x)
    np.testing.assert_allclose(gradient, 2 * jnp.cos(x), rtol=1e-6, atol=1e-6)


def test_wrapping_the_same_function_again_does_not_retrace():
    traces = []

    def f(x):
        traces.append(1)
        return x

    for _ in range(3):
        eqx.filter_jit(eqx.filter_vmap(f))(jnp.ones(2))
    assert len(traces) == 1


def test_no_tracer_is_left_behind():
    with jax.checking_leaks():
        eqx.filter_vmap(lambda x, y: (x, y))(jnp.arange(3), jnp.ones((3, 2)))
        eqx.filter_grad(lambda x: jnp.sum(x))(jnp.arange(3.0))


def test_if_array_is_a_value():
    assert eqx.if_array(1) == eqx.if_array(1)
    assert hash(eqx.if_array(1)) == hash(eqx.if_array(1))
    assert eqx.if_array(1) != eqx.if_array(0)
    assert repr(eqx.if_array(1)) == "if_array(axis=1)"
    assert eqx.if_array(1)(np.float32(2)) == 1
    assert eqx.if_array(1)(2.0) is None


def test_the_wrapper_looks_like_the_function():
    def f(x, y=1):
        return x

    wrapped = eqx.filter_vmap(f)
    assert wrapped.__wrapped__ is f
    assert wrapped.__name__ == "f"
    assert inspect.signature(wrapped) == inspect.signature(f)
    assert eqx.filter_vmap(axis_size=3)(f) == eqx.filter_vmap(f, axis_size=3)


X, TREE = jnp.ones(3), {"a": jnp.ones(3), "b": "text"}


def pair(first, second):
    return first


MISTAKES = {
    "a keyword": (lambda: eqx.filter_vmap(pair)(X, second=X), RuntimeError, ("`second`", "lambda")),
    "an unknown option": (
        lambda: eqx.filter_vmap(pair, axis=1), TypeError, ("`axis`", "`in_axes`")),
    "an axis that is not there": (
        lambda: eqx.filter_vmap(pair, in_axes=(0, 2))(X, X), ValueError,
        ("axis 2", "`second`", "(3,)", "rank 3")),
    "a scalar array": (
        lambda: eqx.filter_vmap(pair)(X, {"lr": np.float32(1)}), ValueError,
        ("axis 0", "`second['lr']`", "in_axes=None")),
    "a number given an axis": (
        lambda: eqx.filter_vmap(pair, in_axes=0)(X, 1.0), ValueError, ("axis 0", "`second`")),
    "a string given an axis": (
        lambda: eqx.filter_vmap(pair, in_axes=0)(X, TREE), TypeError,
        ("`second['b']`", "'text'", "not a valid JAX type", "eqx.if_array(0)")),
    "axes of several sizes": (
        lambda: eqx.filter_vmap(pair)(TREE, jnp.ones((4, 2))), ValueError,
        ("inconsistent sizes", "3: axis 0 of `first['a']`", "4: axis 0 of `second`", "(4, 2)")),
    "another size than was said": (
        lambda: eqx.filter_vmap(pair, axis_size=4)(X, X), ValueError, ("4", "`first`", "3")),
    "a bool for an axis": (
        lambda: eqx.filter_vmap(pair, in_axes=True)(X, X), TypeError, ("True", "an integer")),
    "a string for an axis": (
        lambda: eqx.filter_vmap(pair, in_axes="a")(X, X), ValueError,
        ("'a'", "None, ints, and callables only")),
    "an array for an axis": (
        lambda: eqx.filter_vmap(pair, in_axes=jnp.asarray(0))(X, X), ValueError,
        ("None, ints, and callables only",)),
    "a list for several arguments": (
        lambda: eqx.filter_vmap(pair, in_axes=[0, 0])(X, X), ValueError,
        ("in_axes", "tuple, not a list")),
    "axes for more arguments": (
        lambda: eqx.filter_vmap(pair, in_axes=(0, 0, 0))(X, X), ValueError, ("in_axes", "prefix")),
    "a name that is no argument": (
        lambda: eqx.filter_vmap(pair, in_axes={"third": 0})(X, X), ValueError,
        ("'third'", "'first', 'second'")),
    "an output axis that is not there": (
        lambda: eqx.filter_vmap(lambda x: {"a": x}, out_axes=2)(X), ValueError,
        ("`['a']`", "axis 2", "out of bounds")),
    "an output that has no axis": (
        lambda: eqx.filter_vmap(lambda x: (x, "text"), out_axes=0)(X), TypeError,
        ("`[1]`", "'text'", "eqx.if_array(0)")),
    "output axes of another structure": (
        lambda: eqx.filter_vmap(lambda x: (x, x), out_axes=(0, 0, 0))(X), ValueError,
        ("out_axes", "prefix")),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_the_leaf_what_was_expected_and_the_fix(mistake):
    make, error, parts = MISTAKES[mistake]
    with pytest.raises(error, match="(?s)" + ".*".join(map(re.escape, parts))):
        make()


def test_an_output_that_differs_but_has_no_axis_is_named():
    with pytest.raises(ValueError, match="out_axes") as caught:
        eqx.filter_vmap(lambda x: (x, {"a": x}), out_axes=(0, None))(X)
    assert "`[1]['a']`" in "\n".join(caught.value.__notes__)


def test_a_numpy_argument_that_comes_back_mapped_is_a_jax_array():
    batch = np.ones((2, 3), np.float32)
    same = eqx.filter_vmap(lambda x: x)(batch)
    assert isinstance(same, jax.Array)
    turned = eqx.filter_vmap(lambda x: x, out_axes=1)(batch)
    assert isinstance(turned, jax.Array)
    assert turned.shape == (3, 2)
