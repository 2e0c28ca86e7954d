"""What the two halves of a partition say of their holes."""

import copy
import gc
import pickle
import weakref
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from pytrees import pytrees

import eqxcore as eqx


class Layer(eqx.Module):
    weight: Any
    bias: Any
    act: Any
    size: int = eqx.field(static=True)


def layer(**changes: Any) -> Layer:
    fields = {"weight": jnp.ones((2, 3)), "bias": None, "act": jax.nn.relu, "size": 3}
    return Layer(**{**fields, **changes})


def test_both_halves_tell_what_went_to_the_other():
    params, static = eqx.partition(layer(), eqx.is_array)
    assert repr(params) == "Layer(weight=f32[2,3], bias=None, act=·(static: relu), size=3)"
    assert repr(static) == (
        "Layer(weight=·(f32[2,3]), bias=None, act=<wrapped function relu>, size=3)"
    )


def test_a_hole_is_none_all_the_same():
    params, static = eqx.partition(layer(), eqx.is_array)
    assert params.act is None
    assert static.weight is None
    assert jax.tree_util.tree_leaves(params) == [params.weight]
    assert bool(eqx.tree_equal(eqx.combine(params, static), layer()))
    assert hash(static) == hash(layer(weight=None))


HOLES = {
    "number": (0.5, "·(static: 0.5)"),
    "text": ("adam", "·(static: 'adam')"),
    "function": (jnp.sin, "·(static: sin)"),
    "class": (dict, "·(static: dict)"),
}


@pytest.mark.parametrize("name", HOLES)
def test_what_is_no_array_is_shown_by_name_or_value(name):
    value, shown = HOLES[name]
    params, static = eqx.partition(layer(act=value), eqx.is_array)
    assert f"act={shown}," in repr(params)
    assert static.act is value


def test_arrays_that_a_spec_sent_to_the_other_half_are_shown_there():
    trained, frozen = eqx.partition(layer(bias=jnp.zeros(2)), lambda x: getattr(x, "ndim", 0) == 2)
    assert "bias=·(f32[2])" in repr(trained)
    assert "bias=f32[2]" in repr(frozen)


def test_holes_deep_inside_and_inside_of_containers_are_shown():
    model = layer(act=[layer(weight=jnp.ones(1))], bias={"x": jnp.ones(4)})
    params, static = eqx.partition(model, eqx.is_array)
    assert repr(static).count("·(") == 3
    text = eqx.tree_pformat({"halves": (params, static)}, width=200)
    assert text.count("·(") == 4


def test_a_filtered_model_tells_what_was_filtered_out():
    model = layer()
    assert "act=·(static: relu)" in repr(eqx.filter(model, eqx.is_array))
    assert "weight=·(f32[2,3])" in repr(eqx.filter(model, eqx.is_array, inverse=True))


def test_once_the_other_half_is_gone_a_hole_is_only_none():
    params, static = eqx.partition(layer(), eqx.is_array)
    assert "·" in repr(params)
    del static
    gc.collect()
    assert repr(params) == "Layer(weight=f32[2,3], bias=None, act=None, size=3)"


def test_no_half_keeps_the_other_alive():
    params, static = eqx.partition(layer(), eqx.is_array)
    seen = weakref.ref(params)
    del params
    gc.collect()
    assert seen() is None
    assert static.act is jax.nn.relu


@pytest.mark.parametrize(
    "change",
    [
        lambda half: jax.tree_util.tree_map(lambda x: x, half),
        copy.copy,
        copy.deepcopy,
        lambda half: pickle.loads(pickle.dumps(half)),
        lambda half: eqx.tree_at(lambda m: m.weight, half, jnp.zeros(2)),
    ],
)
def test_what_is_made_of_a_half_knows_nothing_of_the_other(change):
    params, static = eqx.partition(layer(), eqx.is_array)
    assert "act=None" in repr(change(params))
    assert static.act is not None


def test_another_replacement_is_shown_as_it_is():
    params, static = eqx.partition(layer(), eqx.is_array, replace=0)
    assert "act=0" in repr(params)
    assert "weight=0" in repr(static)


class Own(eqx.Module):
    value: Any

    def __pdoc__(self, **kwargs: Any) -> Any:
        import wadler_lindig as wl

        return wl.TextDoc("nothing" if self.value is None else f"shape {self.value.shape}")


def test_a_class_that_prints_itself_gets_its_own_values():
    params, static = eqx.partition(layer(act=Own(jnp.ones(3))), eqx.is_array)
    assert "act=shape (3,)" in repr(params)
    assert "act=nothing" in repr(static)


def test_halves_under_jit_print_too():
    texts = []

    @eqx.filter_jit
    def run(model):
        params, static = eqx.partition(model, eqx.is_array)
        texts.append(repr(static))
        return eqx.combine(params, static)

    run(layer())
    assert "weight=·(" in texts[0]


@settings(deadline=None)
@given(pytrees)
def test_every_partition_prints_and_combines(tree):
    params, static = eqx.partition(layer(act=tree), eqx.is_array)
    assert repr(params)
    assert repr(static)
    both = eqx.combine(params, static)
    assert all(
        a is b
        for a, b in zip(
            jax.tree_util.tree_leaves(both.act), jax.tree_util.tree_leaves(tree), strict=True
        )
    )
