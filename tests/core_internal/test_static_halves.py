"""What holds values that no transformation sees: `str2jax`, `Static`, `hashable_partition`."""

import equinox.internal as reference
import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from pytrees import pytrees

import eqxcore as eqx
import eqxcore.internal as eqxi


def test_a_text_goes_through_every_transformation():
    text = eqxi.str2jax("unused")
    assert str(text) == repr(text) == "unused"
    assert jax.tree.leaves(text) == []
    for transformed in (
        jax.jit(lambda t: t)(text),
        jax.vmap(lambda t, x: t, (None, 0))(text, jnp.ones(2)),
    ):
        assert transformed == text
        assert str(transformed) == "unused"
        assert {text: 1}[transformed] == 1


def test_texts_are_equal_if_they_say_the_same():
    assert eqxi.str2jax("a") == eqxi.str2jax("a")
    assert eqxi.str2jax("a") != eqxi.str2jax("b")
    assert eqxi.str2jax("a") != "a"
    assert jax.tree.structure(eqxi.str2jax("a")) != jax.tree.structure(eqxi.str2jax("b"))


def test_a_static_value_has_no_leaves_and_is_part_of_the_structure():
    value = {"a": [1, "text"], "b": None}
    static = eqxi.Static(value)
    assert static.value == value
    assert jax.tree.leaves(static) == []
    assert jax.jit(lambda s: s)(static).value == value
    assert jax.tree.structure(static) == jax.tree.structure(eqxi.Static({**value}))
    assert jax.tree.structure(static) != jax.tree.structure(eqxi.Static(1))


@pytest.mark.parametrize("module", [eqxi, reference], ids=["ours", "reference"])
def test_a_pytree_is_split_into_leaves_and_something_that_hashes(module):
    array = jnp.arange(3.0)
    dynamic, static = module.hashable_partition({"a": array, "b": "s", "c": None}, eqx.is_array)
    assert dynamic[0] is array
    assert dynamic[1] is None
    assert static[0] == (None, "s")
    assert hash(static) == hash(
        module.hashable_partition({"a": 1, "b": "s", "c": None}, lambda x: x == 1)[1]
    )
    assert module.hashable_combine(list(dynamic), static) == {"a": array, "b": "s", "c": None}


@given(pytrees)
def test_splitting_and_combining_is_the_identity(tree):
    dynamic, static = eqxi.hashable_partition(tree, eqx.is_array)
    again = eqxi.hashable_combine(dynamic, static)
    assert jax.tree.structure(again) == jax.tree.structure(tree)
    for a, b in zip(jax.tree.leaves(again), jax.tree.leaves(tree), strict=True):
        assert a is b


def test_containers_number_what_they_hold():
    for module in (eqxi, reference):

        class Fruit(metaclass=module.ContainerMeta):
            apple = "an apple"
            pear = "a pear"

        assert (Fruit.apple, Fruit.pear) == (0, 1)
        assert list(Fruit) == ["an apple", "a pear"]
        assert Fruit[1] == "a pear"
        assert len(Fruit) == 2
        assert isinstance(1, Fruit)
        assert isinstance(jnp.array(0), Fruit)
        assert not isinstance("an apple", Fruit)
        assert not isinstance(1.0, Fruit)
        assert not isinstance(jnp.array([0, 1]), Fruit)
        assert jax.jit(lambda i, cls=Fruit: jnp.array(isinstance(i, cls)))(1)
    with pytest.raises(TypeError, match="reverse_lookup"):
        eqxi.ContainerMeta("Reserved", (), {"reverse_lookup": 1})
