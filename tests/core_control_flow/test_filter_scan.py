"""`filter_scan`: what is stepped, what is stacked, what is held, what fails."""

import gc
import operator
import re
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from pytrees import pytrees

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)
XS = jnp.arange(3.0)


class Counter(eqx.Module):
    count: jax.Array
    activation: object
    name: str = eqx.field(static=True, default="counter")


def counter(activation=jnp.tanh):
    return Counter(jnp.zeros(()), activation)


def stacked_layers(count=3, size=2):
    return eqx.filter_vmap(lambda key: nn.Linear(size, size, key=key))(jax.random.split(KEY, count))


def test_modules_go_round_and_come_out_as_modules():
    def step(carry, x):
        return eqx.tree_at(lambda c: c.count, carry, carry.count + x), carry.activation(x)

    carry, ys = eqx.filter_scan(step, counter(), XS)
    assert isinstance(carry, Counter)
    assert carry.activation is jnp.tanh
    assert carry.name == "counter"
    np.testing.assert_array_equal(carry.count, 3.0)
    np.testing.assert_allclose(ys, jnp.tanh(XS), rtol=1e-6)


def test_layers_that_were_stacked_are_called_one_after_another():
    layers = stacked_layers()
    out, nothing = eqx.filter_scan(lambda x, layer: (layer(x), None), jnp.ones(2), layers)
    expected = jnp.ones(2)
    for index in range(3):
        expected = layers.weight[index] @ expected + layers.bias[index]
    np.testing.assert_allclose(out, expected, rtol=1e-5)
    assert nothing is None


def test_each_step_gets_what_is_no_array_as_it_is():
    seen = []

    def step(carry, x):
        seen.append(x[1:])
        return carry, None

    marker = object()
    eqx.filter_scan(step, None, (XS, marker, 2, "text", None))
    assert seen == [(marker, 2, "text", None)]


def test_results_that_are_no_arrays_come_back_once():
    _, (x, name, function, number) = eqx.filter_scan(
        lambda carry, x: (carry, (x, "loss", jnp.tanh, 1.0)), None, XS
    )
    np.testing.assert_array_equal(x, XS)
    assert (name, function, number) == ("loss", jnp.tanh, 1.0)


def test_a_python_number_that_stays_is_held():
    carry, _ = eqx.filter_scan(lambda carry, x: (carry, None), (1, 2.0, True), XS)
    assert carry == (1, 2.0, True)
    assert list(map(type, carry)) == [int, float, bool]


def test_a_number_returned_in_place_of_an_array_becomes_one():
    carry, _ = eqx.filter_scan(lambda carry, x: (0.0, carry), jnp.ones(()), XS)
    np.testing.assert_array_equal(carry, 0.0)


@pytest.mark.parametrize("begin", [0, 0.0])
def test_a_weakly_typed_array_takes_the_dtype_that_the_step_returns(begin):
    xs = XS.astype(jnp.bfloat16)
    carry, _ = eqx.filter_scan(lambda carry, x: (carry + x, None), jnp.asarray(begin), xs)
    assert carry.dtype == jnp.bfloat16
    assert carry == jax.lax.scan(lambda carry, x: (carry + x, None), begin, xs)[0]


def test_numpy_arrays_are_scanned_over_and_go_round():
    carry, ys = eqx.filter_scan(
        lambda carry, x: (carry, x), np.ones(2, np.float32), np.arange(3, dtype=np.int32)
    )
    np.testing.assert_array_equal(carry, np.ones(2))
    np.testing.assert_array_equal(ys, np.arange(3))


def test_keys_go_round_and_are_stacked():
    def step(key, _):
        key, other = jax.random.split(key)
        return key, other

    last, others = eqx.filter_scan(step, KEY, length=2)
    assert others.shape == (2,)
    assert jax.dtypes.issubdtype(last.dtype, jax.dtypes.prng_key)


@pytest.mark.parametrize(
    "options", [{"reverse": True}, {"unroll": 2}, {"unroll": True}, {"length": 3}], ids=str
)
def test_options_are_those_of_jax(options):
    def step(carry, x):
        return carry * 2 + x, carry

    ours = eqx.filter_scan(step, jnp.ones(()), XS, **options)
    for one, other in zip(ours, jax.lax.scan(step, jnp.ones(()), XS, **options), strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_steps_give_the_first_carry_and_empty_stacks():
    carry, ys = eqx.filter_scan(lambda c, x: (c, (x, "name")), ("a", XS), jnp.zeros((0, 2)))
    assert carry[0] == "a"
    assert ys[0].shape == (0, 2)
    assert ys[1] == "name"


@settings(max_examples=20, deadline=None)
@given(pytrees)
def test_any_pytree_goes_round_unchanged(tree):
    leaves, treedef = jax.tree.flatten(tree)
    # JAX has no arrays of bytes.
    leaves = [leaf for leaf in leaves if getattr(leaf, "dtype", None) != np.dtype("S2")]
    tree = [leaves, treedef]
    carry, ys = eqx.filter_scan(lambda carry, _: (carry, carry), tree, length=2)
    for before, after, stack in zip(leaves, carry[0], ys[0], strict=True):
        if eqx.is_array(before):
            np.testing.assert_array_equal(jnp.asarray(before), after)
            np.testing.assert_array_equal(jnp.stack([jnp.asarray(before)] * 2), stack)
        else:
            assert after is before or after == before
            assert type(after) is type(stack) is type(before)
    assert carry[1] == treedef


def test_gradients_pass_through_layers_and_carry():
    layers = stacked_layers()

    def loss(layers, scan):
        out, _ = scan(lambda x, layer: (layer(x), None), jnp.ones(2), layers)
        return jnp.sum(out**2)

    def by_hand(step, x, layers):
        for index in range(3):
            x, _ = step(x, jax.tree.map(operator.itemgetter(index), layers))
        return x, None

    ours = eqx.filter_grad(loss)(layers, eqx.filter_scan)
    expected = eqx.filter_grad(loss)(layers, by_hand)
    np.testing.assert_allclose(ours.weight, expected.weight, rtol=1e-5)
    np.testing.assert_allclose(ours.bias, expected.bias, rtol=1e-5)


def test_it_is_mapped_jitted_and_nested():
    def total(x, name):
        def step(carry, x):
            inner, _ = eqx.filter_scan(lambda c, y: (c + y, None), carry[0], x)
            return (inner, carry[1]), carry[1]

        return eqx.filter_scan(step, (jnp.zeros(()), name), x)

    x = jnp.arange(12.0).reshape(2, 3, 2)
    (sums, name), again = eqx.filter_jit(eqx.filter_vmap(total, in_axes=(0, None)))(x, "name")
    np.testing.assert_array_equal(sums, x.sum(axis=(1, 2)))
    assert name == again == "name"


def test_a_module_is_a_step():
    cell = nn.GRUCell(2, 3, key=KEY)

    class Step(eqx.Module):
        cell: nn.GRUCell

        def __call__(self, hidden, x):
            hidden = self.cell(x, hidden)
            return hidden, hidden

        def again(self, hidden, x):
            return self(hidden, x)

    step, xs = Step(cell), jnp.ones((4, 2))
    last, all_of_them = eqx.filter_scan(step, jnp.zeros(3), xs)
    np.testing.assert_array_equal(last, all_of_them[-1])
    np.testing.assert_array_equal(eqx.filter_scan(step.again, jnp.zeros(3), xs)[0], last)
    gradient = eqx.filter_grad(lambda step: jnp.sum(eqx.filter_scan(step, jnp.zeros(3), xs)[0]))(
        step
    )
    assert jnp.any(gradient.cell.weight_hh != 0)


def test_a_function_is_traced_once_for_the_same_kind_of_carry():
    traces = []

    def step(carry, x):
        traces.append(carry)
        return carry, None

    for value in (1.0, 2.0):
        eqx.filter_scan(step, (jnp.asarray(value), "name"), XS)
    assert len(traces) == 1
    eqx.filter_scan(step, (jnp.asarray(1.0), "other name"), XS)
    assert len(traces) == 2
    assert traces[1][1] == "other name"


def test_a_static_value_need_not_hash():
    carry, _ = eqx.filter_scan(lambda carry, x: (carry, None), (XS, {1, 2}.union), XS)
    np.testing.assert_array_equal(carry[0], XS)
    unhashable = Counter(jnp.zeros(()), None, name=["a", "list"])
    assert eqx.filter_scan(lambda c, x: (c, None), unhashable, XS)[0].name == ["a", "list"]


def test_an_array_in_a_static_field_stays_where_it_is():
    with pytest.warns(UserWarning, match="static"):
        odd = Counter(jnp.zeros(()), None, name=np.ones(2))
    carry, _ = eqx.filter_scan(
        lambda c, x: (eqx.tree_at(lambda c: c.count, c, c.count + x), None), odd, XS
    )
    np.testing.assert_array_equal(carry.count, 3.0)
    assert carry.name is odd.name


def test_what_is_remembered_goes_with_the_function():
    def step(carry, x):
        return carry, None

    eqx.filter_scan(step, XS, XS)
    alive = weakref.ref(step)
    del step
    jax.clear_caches()
    gc.collect()
    assert alive() is None


def test_no_tracer_is_left_behind():
    with jax.checking_leaks():
        eqx.filter_jit(lambda x: eqx.filter_scan(lambda c, y: (c + y, "a"), x[0], x))(XS)


def test_without_jit_the_steps_are_taken_one_by_one():
    seen = []

    def step(carry, x):
        seen.append(float(x))
        return (carry[0] + x, carry[1]), (x, "name")

    with jax.disable_jit():
        carry, ys = eqx.filter_scan(step, (jnp.zeros(()), "a"), XS)
    assert seen == [0.0, 1.0, 2.0]
    assert (float(carry[0]), carry[1], ys[1]) == (3.0, "a", "name")


def returning(**changes):
    """A step that returns the carry, a dict, with these values."""
    return lambda carry, x: ({**carry, **changes}, None)


CARRY = {"layer": counter(), "count": 0, "x": jnp.zeros(3), "rate": 0.5}
OTHER = Counter(jnp.zeros(()), jnp.sin)
MISTAKES = {
    "another function": (
        returning(layer=OTHER),
        ("carry['layer'].activation", "tanh", "sin", "5 equal", "compiled once",
         "return it as it was")),
    "a counter": (
        lambda carry, x: ({**carry, "count": carry["count"] + 1}, None),
        ("carry['count']  0", "1", "jnp.asarray(0)")),
    "a number that became an array": (
        lambda carry, x: ({**carry, "rate": carry["rate"] * x}, None),
        ("carry['rate']  0.5", "f32[]", "begin with an array", "jnp.asarray(0.5)")),
    "another type of number": (returning(count=0.0), ("carry['count']", "0", "0.0")),
    "another shape": (
        returning(x=jnp.zeros(4)),
        ("carry['x']", "f32[3]", "f32[4]", "return shape (3,), or begin with", "jnp.zeros((4,))")),
    "another dtype": (
        returning(x=jnp.zeros(3, jnp.bfloat16)),
        ("carry['x']", "f32[3]", "bf16[3]", ".astype(jnp.float32)")),
    "an array that became a string": (
        returning(x="text"), ("carry['x']", "f32[3]", "'text'", "neither")),
    "a number of another kind for an array": (
        lambda carry, x: ({**carry, "x": 0}, None), ("carry['x']", "f32[3]", "i32[]")),
    "another static field": (
        returning(layer=Counter(jnp.zeros(()), jnp.tanh, "other")),
        ("carry['layer'].name", "'counter'", "'other'", "Return a carry built as")),
    "another structure": (
        returning(new=1), ("carry['new']", "(missing)", "1", "Return a carry built as")),
    "a None that became an array": (
        lambda carry, x: (carry | {"layer": x}, None), ("carry['layer']", "Counter", "f32[]")),
    "several at once": (
        returning(count=1, layer=OTHER, x=jnp.zeros(4)), ("['count']", "['layer']", "['x']")),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_changed_carry_is_shown_before_and_after_with_the_fix(mistake):
    step, parts = MISTAKES[mistake]
    with pytest.raises(TypeError, match="(?s)" + ".*".join(map(re.escape, parts))):
        eqx.filter_scan(step, CARRY, XS)


def test_the_error_is_raised_under_jit_and_without():
    step, parts = MISTAKES["another shape"]
    for call in (eqx.filter_jit(eqx.filter_scan), eqx.filter_scan):
        with pytest.raises(TypeError, match=re.escape(parts[0])):
            call(step, CARRY, XS)
    with jax.disable_jit(), pytest.raises(TypeError, match=re.escape(parts[0])):
        eqx.filter_scan(step, CARRY, XS)


WRONG_INPUTS = {
    "no arrays": ((("text", 1),), {}, ("no arrays in `xs`", "`length=`")),
    "nothing": ((), {}, ("no arrays in `xs`",)),
    "no axis": (((XS, jnp.zeros(())),), {}, ("`xs[1]`", "shape ()", "close over it")),
    "several lengths": (
        ({"a": XS, "b": jnp.zeros((4, 2))},), {},
        ("3: `xs['a']`", "4: `xs['b']`, of shape (4, 2)", "Expected one")),
    "another length": ((XS,), {"length": 4}, ("4: `length`", "3: `xs`, of shape (3,)")),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG_INPUTS)
def test_a_wrong_number_of_steps_names_the_leaf(wrong):
    args, options, parts = WRONG_INPUTS[wrong]
    with pytest.raises(ValueError, match="(?s)" + ".*".join(map(re.escape, parts))):
        eqx.filter_scan(lambda carry, x: (carry, None), XS, *args, **options)


@pytest.mark.parametrize("out", [XS, (XS, XS, XS), [XS, XS], None], ids=["array", "3", "list", "0"])
def test_a_step_that_returns_no_pair_is_told_to(out):
    with pytest.raises(TypeError, match=r"expected a pair.*return carry, None"):
        eqx.filter_scan(lambda carry, x: out, XS, XS)
