"""`State` and `StateIndex`: values that are kept apart from the model, and used once."""

import copy
import gc
import pickle
import weakref

import equinox
import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eqxcore as eqx
from eqxcore import nn


class Counter(eqx.Module):
    count: nn.StateIndex
    step: int

    def __init__(self, step=1):
        self.count = nn.StateIndex(jnp.array(0, jnp.int32))
        self.step = step

    def __call__(self, x, state):
        count = state.get(self.count) + self.step
        return x + count, state.set(self.count, count)


class Pair(eqx.Module):
    counters: list[Counter]
    mean: nn.StateIndex

    def __init__(self):
        self.counters = [Counter(1), Counter(10)]
        self.mean = nn.StateIndex((jnp.zeros(2), {"n": 1}, None))


def test_make_with_state_takes_the_first_values_out_of_the_model():
    model, state = nn.make_with_state(Pair)()
    assert jax.tree.leaves(model) == [1, 10]
    assert state.get(model.counters[0].count) == 0
    mean, n, nothing = state.get(model.mean)
    np.testing.assert_array_equal(mean, np.zeros(2))
    assert isinstance(n["n"], jax.Array)
    assert nothing is None


def test_make_with_state_hands_on_arguments_and_keeps_the_name():
    model, _ = nn.make_with_state(Counter)(step=3)
    assert model.step == 3
    assert nn.make_with_state(Counter).__name__ == "Counter"
    assert vars(nn.make_with_state(Counter)) == {"__wrapped__": Counter}


def test_an_index_is_named_by_its_path_in_the_model():
    model, state = nn.make_with_state(lambda: {"a": (Counter(), [Counter()])})()
    assert model["a"][0].count.marker == "dict['a'][0].count"
    assert model["a"][1][0].count.marker == "dict['a'][1][0].count"
    assert str(state) == "State(dict['a'][0].count=i32[], dict['a'][1][0].count=i32[])"


def test_a_state_is_a_pytree_whose_paths_name_the_indices():
    _, state = nn.make_with_state(Pair)()
    paths = [jtu.keystr(path) for path, _ in jtu.tree_leaves_with_path(state)]
    assert paths == [
        "['Pair.counters[0].count']",
        "['Pair.counters[1].count']",
        "['Pair.mean'][0]",
        "['Pair.mean'][1]['n']",
    ]
    leaves, treedef = jax.tree.flatten(state)
    again = treedef.unflatten(leaves)
    assert jax.tree.structure(again) == treedef
    assert all(a is b for a, b in zip(jax.tree.leaves(again), leaves, strict=True))


def test_states_of_models_made_alike_have_one_structure():
    (one, state), (other, other_state) = (nn.make_with_state(Pair)() for _ in range(2))
    assert jax.tree.structure(state) == jax.tree.structure(other_state)
    assert jax.tree.structure(one) == jax.tree.structure(other)
    assert state.get(other.counters[1].count) == 0


def test_setting_returns_a_new_state_and_uses_up_the_old_one():
    model, state = nn.make_with_state(Counter)()
    new = state.set(model.count, jnp.array(5, jnp.int32))
    assert new.get(model.count) == 5
    assert repr(state) == "State(~old~)"
    for use in (
        lambda: state.get(model.count),
        lambda: state.set(model.count, jnp.array(6, jnp.int32)),
        lambda: state.update(new),
        lambda: state.substate(model),
        lambda: jax.tree.leaves(state),
        lambda: copy.copy(state),
        lambda: copy.deepcopy(state),
        lambda: pickle.dumps(state),
        lambda: eqx.filter_jit(lambda s: s)(state),
    ):
        with pytest.raises(ValueError, match=r"Attempted to use old state") as caught:
            use()
        assert "`state.set(Counter.count, ...)`" in str(caught.value)


def test_a_copy_of_a_state_survives_it():
    model, state = nn.make_with_state(Counter)()
    shallow, deep = copy.copy(state), copy.deepcopy(state)
    state.set(model.count, jnp.array(5, jnp.int32))
    assert shallow.get(model.count) == deep.get(model.count) == 0


def test_a_state_that_is_used_up_keeps_no_arrays_alive():
    model, state = nn.make_with_state(Counter)()
    value = state.get(model.count)
    held = weakref.ref(value)
    new = state.set(model.count, jnp.array(5, jnp.int32))
    del value
    gc.collect()
    assert held() is None
    assert new.get(model.count) == 5


def test_a_failing_change_leaves_the_state_as_it_was():
    model, state = nn.make_with_state(Counter)()
    with pytest.raises(ValueError, match="different structures"):
        state.set(model.count, jnp.zeros(3))
    assert state.get(model.count) == 0


def test_a_substate_is_changed_on_its_own_and_brought_back():
    model, state = nn.make_with_state(Pair)()
    small = state.substate(model.counters[1])
    assert str(small) == "State(Pair.counters[1].count=i32[])"
    _, changed = model.counters[1](0, small)
    new = state.update(changed)
    assert new.get(model.counters[1].count) == 10
    assert new.get(model.counters[0].count) == 0
    assert changed.get(model.counters[1].count) == 10
    with pytest.raises(ValueError, match=r"used up by `state.update\(...\)`"):
        state.get(model.counters[0].count)


def test_a_pytree_without_indices_has_an_empty_substate():
    _, state = nn.make_with_state(Counter)()
    assert jax.tree.leaves(state.substate({"a": 3})) == []


def test_an_index_in_two_places_becomes_two():
    counter = Counter()
    (one, two), state = nn.make_with_state(lambda: (counter, counter))()
    state = state.set(one.count, jnp.array(5, jnp.int32))
    assert state.get(two.count) == 0


def test_without_make_with_state_an_index_is_known_by_itself():
    counter = Counter()
    state = nn.State([counter, counter])
    assert len(jax.tree.leaves(state)) == 1
    assert str(state) == "State(list[0].count=i32[])"
    assert state.get(counter.count) == 0
    emptied = nn.delete_init_state(counter)
    assert jax.tree.leaves(emptied) == [1]
    assert state.get(emptied.count) == 0


def test_deleting_first_values_leaves_all_else_alone():
    tree = {"a": Counter(), "b": jnp.ones(2), "c": "text"}
    emptied = nn.delete_init_state(tree)
    assert emptied["b"] is tree["b"]
    assert emptied["c"] == "text"
    assert tree["a"].count.init == 0


def test_a_subclass_of_an_index_is_no_index():
    class Special(nn.StateIndex):
        pass

    model, state = nn.make_with_state(lambda: Special(jnp.zeros(())))()
    assert jax.tree.leaves(state) == []
    assert jax.tree.leaves(model) == [0.0]


def test_a_state_changes_under_jit_and_comes_back():
    model, state = nn.make_with_state(Pair)()
    traces = []

    @eqx.filter_jit
    def step(model, x, state):
        traces.append(None)
        for counter in model.counters:
            x, state = counter(x, state)
        return x, state

    for expected in (11, 22, 33):
        x, state = step(model, 0, state)
        assert x == expected
    assert len(traces) == 1


def test_reusing_an_old_state_under_jit_is_an_error_too():
    model, state = nn.make_with_state(Counter)()

    @jax.jit
    def step(state):
        _, new = model(0, state)
        _, _ = model(0, state)
        return new

    with pytest.raises(ValueError, match="Attempted to use old state"):
        step(state)


def test_a_state_is_the_carry_of_a_scan_and_of_a_loop():
    model, state = nn.make_with_state(Counter)()
    final, outs = jax.lax.scan(lambda s, x: model(x, s)[::-1], state, jnp.zeros(3, jnp.int32))
    np.testing.assert_array_equal(outs, [1, 2, 3])
    final = jax.lax.fori_loop(0, 4, lambda _, s: model(0, s)[1], final)
    assert final.get(model.count) == 7


def test_each_member_of_an_ensemble_has_its_own_state():
    model, _ = nn.make_with_state(Counter)()
    make = eqx.filter_vmap(lambda step: nn.make_with_state(Counter)(step))
    models, states = make(jnp.array([1, 10]))
    outs, states = eqx.filter_vmap(lambda m, s: m(0, s))(models, states)
    np.testing.assert_array_equal(outs, [1, 10])
    np.testing.assert_array_equal(states.get(model.count), [1, 10])


def test_a_gradient_flows_through_a_state():
    class Memory(eqx.Module):
        last: nn.StateIndex

        def __init__(self):
            self.last = nn.StateIndex(jnp.array(2.0, jnp.float32))

    model, state = nn.make_with_state(Memory)()

    def loss(x, state):
        state = state.set(model.last, x * state.get(model.last))
        return state.get(model.last) ** 2, state

    grads, new = jax.grad(loss, argnums=(0, 1), has_aux=True)(jnp.float32(3), state)
    assert grads[0] == 24
    assert grads[1].get(model.last) == 36
    assert new.get(model.last) == 6


def test_tree_at_reaches_into_a_state():
    model, state = nn.make_with_state(Counter)()
    changed = eqx.tree_at(lambda s: s.get(model.count), state, jnp.array(7, jnp.int32))
    assert changed.get(model.count) == 7
    assert state.get(model.count) == 0


def test_a_model_and_its_state_come_back_from_a_pickle_and_fit_each_other():
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        model, state = nn.make_with_state(Pair)()
        _, state = model.counters[1](0, state)
        again, state_again = pickle.loads(pickle.dumps((model, state), protocol))
        assert jax.tree.structure((again, state_again)) == jax.tree.structure((model, state))
        assert state_again.get(model.counters[1].count) == 10
        assert state.get(again.counters[1].count) == 10
        assert eqx.tree_equal(state, state_again)


def test_a_pickle_does_not_retrace_what_was_compiled():
    model, state = nn.make_with_state(Counter)()
    traces = []

    @eqx.filter_jit
    def step(model, state):
        traces.append(None)
        return model(0, state)

    step(model, state)
    step(*pickle.loads(pickle.dumps((model, state))))
    assert len(traces) == 1


def test_unnamed_indices_come_back_from_one_pickle_as_one():
    model = Pair()
    again, state = pickle.loads(pickle.dumps((model, nn.State(model))))
    assert state.get(again.counters[1].count) == 0
    with pytest.raises(KeyError, match="has no value of"):
        state.get(model.counters[1].count)


def test_keys_can_be_state():
    model, state = nn.make_with_state(lambda: nn.StateIndex(jax.random.key(0)))()
    state = state.set(model, jax.random.split(state.get(model))[0])
    assert jnp.issubdtype(state.get(model).dtype, jax.dtypes.prng_key)


def error_of(call, expected=ValueError):
    with pytest.raises(expected) as caught:
        call()
    return str(caught.value)


def test_a_value_of_another_shape_names_the_owner_and_both_values():
    model, state = nn.make_with_state(Pair)()
    text = error_of(lambda: state.set(model.counters[1].count, jnp.zeros(3, jnp.int32)))
    assert "`Pair.counters[1].count`" in text
    assert "The old value is i32[] and the new value is i32[3]" in text
    assert "jax.lax.pmean" in text


def test_a_value_of_another_dtype_is_told_how_to_convert():
    model, state = nn.make_with_state(Pair)()
    value = (jnp.zeros(2, jnp.bfloat16), {"n": 1}, None)
    text = error_of(lambda: state.set(model.mean, value))
    assert "`Pair.mean`" in text
    assert "Convert it at [0]: `value.astype(jnp.float32)`" in text


def test_a_weakly_typed_value_is_told_apart():
    model, state = nn.make_with_state(Counter)()
    text = error_of(lambda: state.set(model.count, 3))
    assert "weakly typed" in text
    assert "`jnp.asarray(value, jnp.int32)`" in text
    weak, weak_state = nn.make_with_state(lambda: nn.StateIndex(0))()
    assert weak_state.set(weak, 3).get(weak) == 3


def test_a_value_of_another_structure_is_shown():
    model, state = nn.make_with_state(Counter)()
    text = error_of(lambda: state.set(model.count, (jnp.array(0, jnp.int32),)))
    assert "The old value is i32[] and the new value is (i32[],)" in text


def test_only_indices_are_keys():
    model, state = nn.make_with_state(Counter)()
    for key in ("Counter.count", 3, None, model):
        text = error_of(lambda key=key: state.get(key))
        assert "Can only use `eqx.nn.StateIndex`s as state keys" in text


def test_an_index_of_another_model_is_said_to_be_absent():
    _, state = nn.make_with_state(Counter)()
    other, other_state = nn.make_with_state(Pair)()
    text = error_of(lambda: state.get(other.counters[0].count), KeyError)
    assert "`Pair.counters[0].count`" in text
    assert "Counter.count" in text
    assert "make_with_state" in text
    assert "not hold" in error_of(lambda: state.update(other_state))
    error_of(lambda: state.substate(other), KeyError)
    assert "without `make_with_state`" in error_of(lambda: state.get(Counter().count), KeyError)


def test_only_a_state_updates_a_state():
    _, state = nn.make_with_state(Counter)()
    assert "Can only use `eqx.nn.State`s" in error_of(lambda: state.update({"a": 1}))


def test_a_state_of_a_model_without_first_values_is_refused():
    model, _ = nn.make_with_state(Counter)()
    text = error_of(lambda: nn.State(model))
    assert "`Counter.count`" in text
    assert "Do not call `eqx.nn.State(model)` directly" in text


def test_what_is_no_array_cannot_be_state():
    text = error_of(lambda: nn.make_with_state(lambda: nn.StateIndex({"a": "b"}))(), TypeError)
    assert "got 'b', of type str at ['a']" in text


def test_a_state_has_no_other_attributes():
    _, state = nn.make_with_state(Counter)()
    with pytest.raises(AttributeError):
        state.count = 3


values = st.recursive(
    st.sampled_from([(), (2,), (1, 3)]).map(lambda shape: np.ones(shape, np.float32)) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(values, max_size=4), st.data())
def test_what_is_set_is_what_one_gets_and_all_else_stays(inits, data):
    """Against Equinox too, which is to see the same leaves in the same order."""
    model, state = nn.make_with_state(lambda: [nn.StateIndex(init) for init in inits])()
    theirs, their_state = equinox.nn.make_with_state(
        lambda: [equinox.nn.StateIndex(init) for init in inits]
    )()
    expected = list(inits)
    for _ in range(2 if inits else 0):
        place = data.draw(st.integers(0, len(inits) - 1))
        expected[place] = jax.tree.map(lambda x: x * 2, expected[place])
        state = state.set(model[place], expected[place])
        their_state = their_state.set(theirs[place], expected[place])
    for index, value in zip(model, expected, strict=True):
        assert eqx.tree_equal(state.get(index), value)
    ours, others = jax.tree.leaves(state), jax.tree.leaves(their_state)
    assert len(ours) == len(others)
    assert all((a == b).all() for a, b in zip(ours, others, strict=True))
