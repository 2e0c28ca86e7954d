"""`ω`: operators that act on the leaves of pytrees."""

import operator

import equinox.internal as reference
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import eqxcore as eqx
from eqxcore.internal import ω

BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
    operator.lt,
    operator.le,
    operator.eq,
    operator.ne,
    operator.gt,
    operator.ge,
]
BITWISE = [operator.lshift, operator.rshift, operator.and_, operator.xor, operator.or_]
UNARY = [operator.neg, operator.pos, operator.abs]


def tree(offset=0.0):
    return {"a": jnp.array([1.0, 2.0]) + offset, "b": [3.0 + offset, None]}


def assert_same(found, expected):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    jax.tree.map(np.testing.assert_array_equal, found, expected)


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
def test_an_operator_meets_the_leaves_of_both_sides(op):
    expected = jax.tree.map(op, tree(), tree(0.5))
    assert_same(op(tree() ** ω, tree(0.5) ** ω).ω, expected)
    assert_same(op(tree() ** reference.ω, tree(0.5) ** reference.ω).ω, expected)


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
@pytest.mark.parametrize("number", [2, 2.5, np.float32(2), np.array(2.0, np.float32)])
def test_a_number_on_either_side_meets_every_leaf(op, number):
    assert_same(op(tree() ** ω, number).ω, jax.tree.map(lambda x: op(x, number), tree()))
    # To the left of `**ω` there is no number: that is how a pytree is wrapped.
    if op is not operator.pow:
        assert_same(op(number, tree() ** ω).ω, jax.tree.map(lambda x: op(number, x), tree()))


@pytest.mark.parametrize("op", BITWISE, ids=lambda op: op.__name__)
def test_integers_have_bitwise_operators(op):
    a, b = [6, jnp.array([5, 12])], [1, jnp.array([2, 3])]
    assert_same(op(a**ω, b**ω).ω, jax.tree.map(op, a, b))
    assert_same(op(9, a**ω).ω, jax.tree.map(lambda x: op(9, x), a))


@pytest.mark.parametrize("op", UNARY, ids=lambda op: op.__name__)
def test_an_operator_of_one_operand_meets_every_leaf(op):
    assert_same(op(tree() ** ω).ω, jax.tree.map(op, tree()))


def test_matrices_are_multiplied_leaf_by_leaf():
    matrix, vector = jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.array([1.0, -1.0])
    np.testing.assert_array_equal(([matrix] ** ω @ [vector] ** ω).ω[0], jnp.array([-1.0, -1.0]))
    np.testing.assert_array_equal((matrix @ [vector] ** ω).ω[0], jnp.array([-1.0, -1.0]))
    assert (~([1, 2] ** ω)).ω == [-2, -3]


def test_numpy_arrays_on_the_left_are_not_taken_apart():
    wrapped = np.array([1.0, 2.0]) + np.array([3.0, 4.0]) ** ω
    assert isinstance(wrapped, ω)
    np.testing.assert_array_equal(wrapped.ω, [4.0, 6.0])


def test_models_are_added_and_scaled():
    linear = eqx.nn.Linear(2, 3, key=jax.random.key(0))
    params, static = eqx.partition(linear, eqx.is_inexact_array)
    doubled = eqx.combine((2 * params**ω).ω, static)
    assert isinstance(doubled, eqx.nn.Linear)
    np.testing.assert_array_equal(doubled.weight, 2 * linear.weight)


def test_wrapping_and_unwrapping_returns_the_same_object():
    wrapped = tree()
    assert (wrapped**ω).ω is wrapped
    assert ω(wrapped).ω is wrapped


def test_leaves_are_indexed_called_and_updated():
    wrapped = {"a": jnp.arange(3.0), "b": jnp.arange(6.0).reshape(3, 2)} ** ω
    assert_same(wrapped[1].ω, jax.tree.map(lambda x: x[1], wrapped.ω))
    assert_same(wrapped.call(jnp.sum).ω, jax.tree.map(jnp.sum, wrapped.ω))
    new = {"a": jnp.array(7.0), "b": jnp.array([8.0, 9.0])}
    for name in ("set", "add", "multiply", "divide", "power", "min", "max"):
        expected = jax.tree.map(lambda x, y, name=name: getattr(x.at[1], name)(y), wrapped.ω, new)
        assert_same(getattr(wrapped.at[1], name)(new**ω).ω, expected)
    assert_same(wrapped.at[0].set(5.0).ω, jax.tree.map(lambda x: x.at[0].set(5.0), wrapped.ω))


def test_keywords_of_an_update_are_those_of_jax():
    kept = (jnp.arange(3.0) ** ω).at[7].set(1.0, mode="drop").ω
    np.testing.assert_array_equal(kept, jnp.arange(3.0))


def test_is_leaf_says_where_the_leaves_are_and_is_kept():
    def is_none(node):
        return node is None

    wrapped = ω([1, None], is_leaf=is_none)
    assert wrapped.call(is_none).ω == [False, True]
    assert wrapped.call(is_none).is_leaf is is_none
    assert (ω([1, 2], is_leaf=is_none) + 1).is_leaf is is_none
    with pytest.raises(ValueError, match="`is_leaf` must match"):
        ω([1, 2], is_leaf=is_none) + ω([1, 2])


def test_different_structures_are_refused_with_both():
    with pytest.raises(ValueError, match=r"(?s)structures must match.*'a'.*\[\*\]"):
        {"a": 1} ** ω + [1] ** ω


def test_other_operands_are_refused():
    with pytest.raises(TypeError):
        [1, 2] ** ω + "text"
    with pytest.raises(TypeError, match=r"`\.set\(tree\*\*ω\)`"):
        ([jnp.ones(2)] ** ω).at[0].set([1.0])
    with pytest.raises(TypeError, match="not iterable"):
        list([1] ** ω)


def test_it_is_shown_with_what_is_wrapped():
    assert repr([1, 2] ** ω) == "ω([1, 2])"


def test_it_is_differentiated_and_jitted():
    def loss(params):
        return sum(jax.tree.leaves((params**ω * params**ω).call(jnp.sum).ω))

    params = {"a": jnp.array([1.0, 2.0]), "b": jnp.array(3.0)}
    assert_same(jax.jit(jax.grad(loss))(params), (2 * params**ω).ω)


numbers = st.integers(-1000, 1000)
trees = st.recursive(
    numbers, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner)
)


@given(trees, numbers, numbers)
def test_operators_distribute_as_they_do_on_numbers(leaves, a, b):
    wrapped = leaves**ω
    assert ((a + b) * wrapped).ω == (a * wrapped + b * wrapped).ω
    assert (wrapped - wrapped).ω == (0 * wrapped).ω
    assert (-(wrapped - a)).ω == (a - wrapped).ω
