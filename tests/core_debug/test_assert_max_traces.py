"""Counting traces, and naming the leaf that made another one necessary."""

import copy
import pickle
import re

import equinox
import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx
from eqxcore.debug import assert_max_traces, get_num_traces


class Model(eqx.Module):
    weight: jax.Array
    activation: object
    depth: int = eqx.field(static=True, default=1)

    def __call__(self, x):
        return self.weight * x


def _step(model, x, *, scale=1):
    return model(x) * scale


def _counted(allowed=1):
    return eqx.filter_jit(assert_max_traces(_step, max_traces=allowed))


def _error(*calls, allowed=1):
    """What the last of these calls raises."""
    f = _counted(allowed)
    for args, kwargs in calls[:-1]:
        f(*args, **kwargs)
    args, kwargs = calls[-1]
    with pytest.raises(RuntimeError) as info:
        f(*args, **kwargs)
    return str(info.value)


def _call(weight=(2,), x=1.0, activation=jnp.tanh, depth=1, **kwargs):
    return (Model(jnp.ones(weight), activation, depth), jnp.asarray(x)), kwargs


def _row(text, place):
    (row,) = [line for line in text.splitlines() if line.split()[:1] == [place]]
    return row.split()[1:]


def test_as_many_traces_as_allowed_pass():
    f = _counted(2)
    for _ in range(3):
        f(*_call()[0])
        f(*_call((3,))[0])
    assert get_num_traces(f) == 2


def test_the_error_counts_and_folds_what_is_equal():
    text = _error(_call(), _call((3,)))
    assert text.startswith("`_step` is traced for the 2nd time. Expected at most once")
    assert "this is most like trace 1" in text
    assert re.search(r"… \d equal", text)


def test_the_error_names_an_array_of_another_shape_within_a_module():
    assert _row(_error(_call(), _call((3,))), "model.weight") == ["f32[2]", "f32[3]"]


def test_the_error_names_a_weakly_typed_array_and_the_remedy():
    text = _error(_call(x=1.0), _call(x=jnp.ones(())))
    assert _row(text, "x") == ["weak_f32[]", "f32[]"]
    assert "jnp.asarray(x, dtype=...)" in text


def test_the_error_names_a_static_leaf_and_a_static_field():
    text = _error(_call(), _call(activation=jnp.sin, depth=2))
    assert "tanh" in " ".join(_row(text, "model.activation"))
    assert "sin" in _row(text, "model.activation")[-1]
    assert _row(text, "model.depth") == ["1", "2"]


def test_the_error_names_a_keyword_and_says_how_to_make_it_an_argument():
    text = _error(_call(scale=2), _call(scale=3))
    assert _row(text, "scale") == ["2", "3"]
    assert "jnp.asarray(x)" in text


def test_the_error_tells_equal_numbers_of_different_types_apart():
    text = _error(_call(scale=1), _call(scale=1.0))
    assert _row(text, "scale") == ["1", "1.0"]


def test_the_error_compares_with_the_most_similar_trace():
    text = _error(_call((2,)), _call((3,), scale=2, depth=4), _call((2,), scale=5), allowed=2)
    assert "most like trace 1" in text
    assert _row(text, "scale") == ["(missing)", "5"]


def test_the_error_names_a_new_function_that_looks_like_the_old():
    def make():
        return lambda x: x

    text = _error(_call(activation=make()), _call(activation=make()))
    assert "(another one)" in text
    assert "Make it once" in text


def test_the_error_says_so_when_no_argument_is_the_reason():
    f = assert_max_traces(_step, max_traces=1)
    args, _ = _call()
    eqx.filter_jit(f)(*args)
    with pytest.raises(RuntimeError, match=r"No argument differs from those of trace 1\."):
        jax.vmap(f, in_axes=(None, 0))(args[0], args[1][None])


def test_without_a_limit_traces_are_counted_only():
    f = _counted(None)
    for size in (1, 2, 3):
        f(*_call((size,))[0])
    assert get_num_traces(f) == 3


def test_nothing_is_allowed_with_a_limit_of_zero():
    f = _counted(0)
    with pytest.raises(RuntimeError, match=r"traced for the 1st time. Expected at most 0 times"):
        f(*_call()[0])


def test_the_order_of_the_two_decorators_does_not_matter():
    @assert_max_traces(max_traces=1)
    @eqx.filter_jit
    def f(x):
        return x + 1

    for _ in range(3):
        assert f(jnp.array(1.0)) == 2
    assert get_num_traces(f) == 1
    assert f.__name__ == "f"
    with pytest.raises(RuntimeError, match="is traced for the 2nd time"):
        f(jnp.ones(2))


def test_inside_of_jax_jit_traces_are_counted_too():
    f = jax.jit(assert_max_traces(lambda x: x + 1, max_traces=1))
    f(1.0)
    f(2.0)
    assert get_num_traces(f) == 1


def test_methods_are_counted():
    class Layer(eqx.Module):
        weight: jax.Array

        @eqx.filter_jit
        @assert_max_traces(max_traces=1)
        def __call__(self, x):
            return self.weight * x

    layer = Layer(jnp.array(2.0))
    assert layer(jnp.array(3.0)) == 6
    assert layer(jnp.array(4.0)) == 8
    assert get_num_traces(Layer.__call__) == 1
    assert get_num_traces(layer.__call__) == 1
    with pytest.raises(RuntimeError) as info:
        layer(jnp.ones(2))
    assert _row(str(info.value), "x") == ["weak_f32[]", "f32[2]"]


def test_a_pytree_copy_shares_the_count_and_a_deliberate_copy_does_not():
    f = assert_max_traces(Model(jnp.ones(2), jnp.tanh), max_traces=None)
    leaves, treedef = jax.tree_util.tree_flatten(f)
    again = treedef.unflatten(leaves)
    again(1.0)
    assert get_num_traces(f) == get_num_traces(again) == 1
    copy.deepcopy(f)(1.0)
    assert get_num_traces(f) == 1
    g = assert_max_traces(_step, max_traces=None)
    g(jnp.sin, 1.0)
    again = pickle.loads(pickle.dumps(g))
    assert get_num_traces(again) == 0
    assert get_num_traces(g) == 1


def test_a_function_that_is_not_counted_is_refused():
    with pytest.raises(ValueError, match=r"got _step, whose traces.*assert_max_traces\(_step"):
        get_num_traces(_step)


def test_no_tracer_is_kept():
    with jax.checking_leaks():
        f = _counted(None)
        f(*_call()[0])


def test_counts_as_equinox_does():
    def counts(library):
        f = library.filter_jit(library.debug.assert_max_traces(_step, max_traces=None))
        found = []
        for args, kwargs in (_call(), _call(), _call(x=2.0), _call(scale=1), _call(scale=2)):
            f(jnp.sin, args[1], **kwargs)
            found.append(library.debug.get_num_traces(f))
        return found

    assert counts(eqx) == counts(equinox) == [1, 1, 1, 2, 3]
