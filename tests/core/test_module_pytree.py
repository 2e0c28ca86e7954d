"""Modules as pytrees: what is a leaf, what is structure, and what it is called."""

import copy
import functools
import gc
import weakref
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np
import pytest
from hypothesis import given
from pytrees import pytrees

import eqxcore as eqx


class Layer(eqx.Module):
    weight: Any
    name: Any = eqx.field(static=True)
    bias: Any = None

    def scaled(self, factor):
        return self.weight * factor

    def __call__(self, x):
        return x + self.weight


def test_dynamic_fields_are_children_in_order_and_named():
    layer = Layer(1, "n", [2, 3])
    assert jtu.tree_leaves_with_path(layer) == [
        ((jtu.GetAttrKey("weight"),), 1),
        ((jtu.GetAttrKey("bias"), jtu.SequenceKey(0)), 2),
        ((jtu.GetAttrKey("bias"), jtu.SequenceKey(1)), 3),
    ]


def test_jax_names_static_fields_in_its_messages():
    assert "name='n'" in str(jax.tree.structure(Layer(1, "n")))
    with pytest.raises(ValueError, match="name='b'"):
        jax.tree.map(lambda a, b: a, Layer(1, "a"), Layer(1, "b"))
    with pytest.raises(TypeError, match=r"name='b'"):
        jax.lax.cond(True, lambda: Layer(1.0, "a"), lambda: Layer(1.0, "b"))


def test_unflattening_runs_no_code_of_the_class():
    class Model(eqx.Module):
        a: int = eqx.field(converter=lambda value: value + 1)

        def __init__(self, a):
            self.a = a
            assert isinstance(a, int)

        def __check_init__(self):
            assert isinstance(self.a, int)

    leaves, treedef = jax.tree.flatten(Model(1))
    assert leaves == [2]
    assert treedef.unflatten(["anything"]).a == "anything"


def test_structures_are_equal_exactly_when_static_fields_are():
    assert jax.tree.structure(Layer(1, "a")) == jax.tree.structure(Layer(2, "a"))
    assert jax.tree.structure(Layer(1, "a")) != jax.tree.structure(Layer(1, "b"))
    assert hash(jax.tree.structure(Layer(1, "a"))) == hash(jax.tree.structure(Layer(2, "a")))


def test_classes_of_the_same_fields_have_different_structures():
    class Other(eqx.Module):
        weight: Any
        name: Any = eqx.field(static=True)
        bias: Any = None

    assert jax.tree.structure(Layer(1, "a")) != jax.tree.structure(Other(1, "a"))


def test_an_unhashable_static_field_is_named_with_the_fix():
    with pytest.raises(TypeError, match=r"(?s)`\.name` does not hash.*Layer.*converter=tuple"):
        hash(Layer(1, [1]).__eqxcore_flat__[1])


def test_subclasses_flatten_inherited_fields_first():
    class Child(Layer):
        extra: Any = 4

    assert jax.tree.leaves(Child(1, "n", 2, 3)) == [1, 2, 3]


def test_jax_transforms_take_modules():
    layer = Layer(jnp.ones(2), "n")
    assert jax.jit(lambda m: m.scaled(2.0).sum())(layer) == 4
    gradient = jax.grad(lambda m: m.scaled(3.0).sum())(layer)
    assert isinstance(gradient, Layer)
    assert (gradient.weight == 3).all()
    assert jax.vmap(layer, in_axes=1, out_axes=1)(jnp.ones((2, 5))).shape == (2, 5)
    assert jax.vmap(lambda m: m.weight)(layer).shape == (2,)
    stacked, _ = jax.lax.scan(lambda m, _: (m, None), layer, None, length=2)
    assert stacked.name == "n"


def test_a_bound_method_is_a_pytree_with_its_module_as_child():
    method = Layer(jnp.ones(2), "n").scaled
    ((path, leaf),) = jtu.tree_leaves_with_path(method)
    assert path == (jtu.GetAttrKey("__self__"), jtu.GetAttrKey("weight"))
    assert leaf.shape == (2,)
    assert jax.jit(lambda f, x: f(x))(method, 2.0).tolist() == [2, 2]
    doubled = jax.tree.map(lambda a: 2 * a, method)
    assert doubled(1.0).tolist() == [2, 2]
    assert doubled.__self__.name == "n"


def test_a_bound_method_looks_like_one_of_python():
    layer = Layer(1, "n")
    assert layer.scaled.__self__ is layer
    assert layer.scaled.__func__ is Layer.scaled
    assert layer.scaled.__name__ == "scaled"
    assert layer.scaled.__qualname__ == "Layer.scaled"
    assert layer.scaled == layer.scaled
    assert layer.scaled != Layer(2, "n").scaled
    assert hash(layer.scaled) == hash(layer.scaled)
    assert layer.scaled(3) == 3
    assert eqx.tree_pformat(layer.scaled, width=100) == (
        "BoundMethod(__func__=<function Layer.scaled>, __self__=Layer(weight=1, name='n'))"
    )
    assert functools.wraps(layer.scaled)(lambda: None).__name__ == "scaled"


def test_methods_of_other_kinds_stay_what_they_are():
    class Model(eqx.Module):
        a: int

        @classmethod
        def make(cls):
            return cls(1)

        @staticmethod
        def twice(x):
            return 2 * x

        @property
        def b(self):
            return self.a + 1

        @jax.jit
        def jitted(self):
            return self.a

        @functools.cached_property
        def slow(self):
            return [self.a]

    model = Model.make()
    assert (model.twice(2), model.b) == (4, 2)
    assert model.jitted() == 1
    assert jax.tree.leaves(model.jitted) == [1]
    assert model.slow is model.slow
    assert jax.tree.structure(model) == jax.tree.structure(Model(1))


def test_a_bound_method_in_a_field_shows_its_arrays():
    class Holder(eqx.Module):
        f: Any

    holder = Holder(Layer(jnp.ones(2), "n").scaled)
    gradient = jax.grad(lambda h: h.f(2.0).sum())(holder)
    assert gradient.f.__self__.weight.tolist() == [2, 2]


def test_partial_is_a_pytree_and_refuses_a_repeated_keyword():
    partial = eqx.Partial(lambda *args, **kwargs: (args, kwargs), 1, a=2)
    assert partial(3, b=4) == ((1, 3), {"a": 2, "b": 4})
    assert jax.tree.leaves(partial)[1:] == [1, 2]
    with pytest.raises(TypeError, match="'a'"):
        partial(a=3)


def test_a_wrapper_takes_over_the_names_of_what_it_wraps():
    class Wrapper(eqx.Module):
        fn: Any

        @property
        def __wrapped__(self):
            return self.fn

    def named(x: int) -> int:
        """Says so."""
        return x

    wrapper = eqx.module_update_wrapper(Wrapper(named))
    assert wrapper.__name__ == "named"
    assert wrapper.__doc__ == "Says so."
    assert wrapper.__annotations__ == {"x": int, "return": int}
    leaves, treedef = jax.tree.flatten(wrapper)
    assert treedef.unflatten(leaves).__qualname__ == named.__qualname__
    assert treedef != jax.tree.structure(Wrapper(named))
    assert treedef == jax.tree.structure(eqx.module_update_wrapper(Wrapper(named)))
    assert hash(treedef)
    with pytest.raises(ValueError, match="no property `__wrapped__`"):
        eqx.module_update_wrapper(Layer(1, "n"))


def test_a_module_tells_jax_its_name_without_printing_itself():
    class Model(eqx.Module):
        weight: jax.Array

        def __call__(self, x):
            return x * self.weight

        def __repr__(self):
            raise AssertionError("printed")

    model = Model(jnp.ones(()))
    jax.vmap(model)(jnp.ones(3))
    jax.grad(model)(1.0)

    assert model.__name__ == "Model"


def test_a_written_dict_is_seen_though_nobody_should_write_it():
    layer = Layer(1, "n")
    jax.tree.leaves(layer)
    vars(layer)["weight"] = 5
    assert jax.tree.leaves(layer) == [5]


def test_a_module_keeps_nothing_alive_but_its_fields():
    array = jnp.ones(3)
    reference = weakref.ref(array)
    layer = Layer(array, "n")
    eqx.filter_jit(lambda m: m.weight + 1)(layer)
    seen = weakref.ref(layer)
    del layer, array
    gc.collect()
    assert seen() is None
    assert reference() is None


def test_none_is_no_leaf_and_module_fields_may_be_anything():
    assert jax.tree.leaves(Layer(None, None)) == []
    assert jax.tree.leaves(Layer({"a": (1, Layer(2, "x"))}, "n")) == [1, 2]


@given(pytrees)
def test_flattening_and_unflattening_is_the_identity(tree):
    leaves, treedef = jax.tree.flatten(tree)
    again = treedef.unflatten(leaves)
    assert all(a is b for a, b in zip(leaves, jax.tree.leaves(again), strict=True))
    assert jax.tree.structure(again) == treedef


@given(pytrees)
def test_key_paths_are_those_of_the_flat_leaves(tree):
    keyed, treedef = jtu.tree_flatten_with_path(tree)
    assert treedef == jax.tree.structure(tree)
    assert [id(leaf) for _, leaf in keyed] == [id(leaf) for leaf in jax.tree.leaves(tree)]


def test_leaves_and_paths_are_those_of_equinox():
    def make(library):
        class Inner(library.Module):
            w: Any
            n: int = library.field(static=True)
            b: Any = None

        class Outer(library.Module):
            layers: Any
            act: Any
            size: int = library.field(static=True, default=3)

        return Outer([Inner(jnp.ones(2), 1), Inner(np.ones(1), 2, 3.0)], jax.nn.relu)

    ours, theirs = make(eqx), make(equinox)
    path = [jtu.keystr(path) for path, _ in jtu.tree_leaves_with_path(ours)]
    assert path == [jtu.keystr(path) for path, _ in jtu.tree_leaves_with_path(theirs)]


def test_copies_are_independent_and_equal():
    layer = Layer([1, jnp.ones(2)], "n", jax.nn.relu)
    shallow, deep = copy.copy(layer), copy.deepcopy(layer)
    assert shallow.weight is layer.weight
    assert deep.weight is not layer.weight
    assert deep.bias is jax.nn.relu
    assert bool(eqx.tree_equal(layer, shallow, deep))
