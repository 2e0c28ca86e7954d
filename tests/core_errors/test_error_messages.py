"""Every mistake of the table is told as its golden file says.

A message names the place (argument, key path, field), what was found, what was expected, why if
that is not plain, and what to write instead; in a dozen lines at most.
"""

import functools
import inspect
import re
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import named_lines
import pytest
from golden_files import GOLDENS, check_golden

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)
ROOT = Path(__file__).parents[2]


def mlp(width=4, depth=2):
    return nn.MLP(3, 2, width, depth, key=KEY)


def arrays(model):
    return eqx.filter(model, eqx.is_array)


def the_rest(model):
    return eqx.filter(model, eqx.is_array, inverse=True)


class Model(eqx.Module):
    encoder: nn.Sequential
    dropout: nn.Dropout
    head: nn.Linear

    def __call__(self, x, key=None):
        return self.head(self.dropout(self.encoder(x), key=key))


def model(head_in=4):
    encoder = nn.Sequential([nn.Linear(3, 4, key=KEY), nn.Lambda(jax.nn.relu)])
    return Model(encoder, nn.Dropout(0.5), nn.Linear(head_in, 2, key=KEY))


class OwnLayer(eqx.Module):
    weight: jax.Array

    def __call__(self, x):
        return self.weight @ x


class OwnLayers(eqx.Module):
    layers: list[OwnLayer]

    def __init__(self, weights):
        self.layers = [OwnLayer(weight) for weight in weights]

    def __call__(self, x, key=None):
        first, last = self.layers
        return last(first(x))


def loss(model, x, key=None):
    return jnp.sum(model(x, key=key))


def unhashable_static(sizes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return named_lines.UnhashableStatic(jnp.ones(2), sizes)


def static_array():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = named_lines.StaticArray(jnp.ones(3))
    return eqx.filter_jit(lambda model: model.mean)(module)


def compiled_for_another_structure():
    compiled = eqx.filter_jit(lambda model, x: model(x)).lower(mlp(), jnp.ones(3)).compile()
    return compiled(mlp(depth=3), jnp.ones(3))


def assigned_later():
    model().head.weight = jnp.ones((2, 4))


def without_in_axes():
    return eqx.filter_vmap(lambda model, x: model(x))(mlp(), jnp.ones((5, 3)))


def one_axis_for_all():
    return eqx.filter_vmap(lambda model, x: model(x), in_axes=0)(mlp(), jnp.ones((4, 3)))


def a_list_of_axes():
    return eqx.filter_vmap(lambda model, x: model(x), in_axes=[None, 0])(mlp(), jnp.ones((5, 3)))


def axes_of_another_model():
    axes = jax.tree.map(lambda x: 0, arrays(mlp(depth=3)))
    return eqx.filter_vmap(lambda model, x: model(x), in_axes=(axes, None))(mlp(), jnp.ones(3))


def an_axis_too_many():
    return eqx.filter_vmap(lambda model, x: model(x), in_axes=(None, 1))(mlp(), jnp.ones(3))


def axes_by_a_wrong_name():
    return eqx.filter_vmap(lambda model, x: model(x), in_axes={"xs": 0})(mlp(), jnp.ones((5, 3)))


def a_carry_that_changes():
    def step(carry, x):
        return (carry[0] + 1, carry[1] + x), None

    return eqx.filter_scan(step, (0, jnp.zeros(())), jnp.ones(3))


def a_carry_of_another_dtype():
    def step(model, x):
        return eqx.tree_at(lambda m: m.layers[1].weight, model, replace_fn=lambda w: w > 0), None

    return eqx.filter_scan(step, mlp(), jnp.ones(3))


def a_loop_that_grows():
    return eqx.filter_while_loop(lambda x: True, lambda x: jnp.concatenate([x, x]), jnp.ones(2))


def branches_with_other_functions():
    return eqx.filter_cond(
        True,
        lambda: nn.MLP(3, 2, 4, 1, activation=jax.nn.relu, key=KEY),
        lambda: nn.MLP(3, 2, 4, 1, activation=jax.nn.silu, key=KEY),
    )


def tangents_of_another_model():
    primals, tangents = arrays(mlp()), arrays(mlp(depth=3))
    return eqx.filter_jvp(lambda m: 0.0, (primals,), (tangents,))


def a_cotangent_of_another_shape():
    _, pull_back = eqx.filter_vjp(lambda model: model.layers[0], mlp())
    return pull_back(eqx.nn.Linear(3, 5, key=KEY))


class Counter(nn.StatefulLayer):
    count: nn.StateIndex

    def __init__(self):
        self.count = nn.StateIndex(jnp.array(0))

    def __call__(self, x, state):
        return x, state.set(self.count, state.get(self.count) + 1)


def a_state_used_twice():
    counter, state = nn.make_with_state(Counter)()
    counter(1.0, state)
    counter(1.0, state)


def a_state_of_another_shape():
    counter, state = nn.make_with_state(Counter)()
    state.set(counter.count, jnp.zeros(3, int))


def batch_norm():
    return nn.make_with_state(nn.BatchNorm)(3, "batch", mode="batch")


def batch_norm_without_vmap():
    norm, state = batch_norm()
    norm(jnp.ones(3), state)


def a_checkpoint_of_another_model(folder):
    eqx.save(folder / "model.eqx", mlp())
    return eqx.load(folder / "model.eqx", mlp(depth=3))


def leaves_of_another_model(folder):
    eqx.tree_serialise_leaves(folder / "model.eqx", mlp())
    return eqx.tree_deserialise_leaves(folder / "model.eqx", mlp(width=5))


def a_path_that_leads_nowhere():
    return eqx.tree_at(".layers[1].wieght", mlp(), jnp.ones(2))


# name of the golden file: (the mistake, what is raised)
MISTAKES = {
    # What is compiled.
    "unhashable_leaf": (
        lambda: eqx.filter_jit(lambda config: 0)({"layers": [{1, 2}]}), ValueError),
    "unhashable_static_field": (
        lambda: eqx.filter_jit(lambda model: 0)(unhashable_static([jnp.ones(3)])), ValueError),
    "unhashable_static_field_inside": (
        lambda: eqx.filter_jit(lambda model: 0)(
            {"layers": [unhashable_static({"a": jnp.ones(3)})]}), ValueError),
    "array_in_static_field": (static_array, ValueError),
    "array_set_as_static": (lambda: named_lines.StaticArray(jnp.ones(3)), UserWarning),
    "compiled_for_another_structure": (compiled_for_another_structure, TypeError),
    "unknown_donation": (lambda: eqx.filter_jit(loss, donate="some"), ValueError),
    "static_argnums": (lambda: eqx.filter_jit(loss, static_argnums=0), ValueError),
    # Two trees that do not match.
    "combine_another_width": (
        lambda: eqx.combine(arrays(mlp()), the_rest(mlp(width=5))), ValueError),
    "combine_another_depth": (
        lambda: eqx.combine(arrays(mlp()), the_rest(mlp(depth=3))), ValueError),
    "combine_nothing": (lambda: eqx.combine(), TypeError),
    "combine_dicts": (lambda: eqx.combine({"q": 1, "k": None}, {"q": None, "K": 2}), ValueError),
    "filter_spec_of_another_model": (
        lambda: eqx.partition(mlp(), jax.tree.map(eqx.is_array, mlp(depth=3))), ValueError),
    "filter_spec_of_numbers": (lambda: eqx.partition({"a": 1}, {"a": 1}), ValueError),
    "updates_of_another_model": (
        lambda: eqx.apply_updates(mlp(), arrays(mlp(width=5))), ValueError),
    # What is mapped.
    "in_axes_left_out": (without_in_axes, ValueError),
    "in_axes_over_a_function": (one_axis_for_all, TypeError),
    "in_axes_as_a_list": (a_list_of_axes, ValueError),
    "in_axes_of_another_model": (axes_of_another_model, ValueError),
    "in_axes_beyond_the_rank": (an_axis_too_many, ValueError),
    "in_axes_by_a_wrong_name": (axes_by_a_wrong_name, ValueError),
    # What is differentiated.
    "gradient_of_a_vector": (
        lambda: eqx.filter_grad(lambda model, x: model(x))(mlp(), jnp.ones(3)), TypeError),
    "gradient_by_keyword": (
        lambda: eqx.filter_grad(loss)(model=model(), x=jnp.ones(3)), TypeError),
    "tangents_of_another_model": (tangents_of_another_model, ValueError),
    "cotangent_of_another_shape": (a_cotangent_of_another_shape, ValueError),
    "custom_vjp_without_rules": (
        lambda: eqx.filter_custom_vjp(lambda x: x)(jnp.ones(())), RuntimeError),
    # Loops and branches.
    "scan_carry_of_a_number": (a_carry_that_changes, TypeError),
    "scan_carry_of_another_dtype": (a_carry_of_another_dtype, TypeError),
    "while_loop_that_grows": (a_loop_that_grows, TypeError),
    "cond_of_other_functions": (branches_with_other_functions, TypeError),
    # State, files, checks.
    "state_used_twice": (a_state_used_twice, ValueError),
    "state_of_another_shape": (a_state_of_another_shape, ValueError),
    "batch_norm_without_vmap": (batch_norm_without_vmap, NameError),
    "checkpoint_of_another_model": (a_checkpoint_of_another_model, eqx.CheckpointMismatch),
    "leaves_of_another_model": (leaves_of_another_model, RuntimeError),
    "check_that_fails": (
        lambda: named_lines.checked_root(jnp.array(-1.0)), eqx.EquinoxRuntimeError),
    "tree_at_of_a_wrong_path": (a_path_that_leads_nowhere, ValueError),
    # A place in a tree.
    "tree_at_of_a_static_field": (lambda: eqx.tree_at(lambda m: m.in_size, mlp(), 3), TypeError),
    "tree_at_of_too_few_values": (
        lambda: eqx.tree_at(lambda m: (m.layers[0], m.layers[1]), mlp(), (None,)), ValueError),
    "tree_at_of_nothing_in_the_tree": (
        lambda: eqx.tree_at(lambda m: jnp.float32, mlp(), 3), TypeError),
    "tree_at_of_a_value": (
        lambda: eqx.tree_at(lambda m: m.layers[0].weight + 1, mlp(), 3), TypeError),
    "tree_checked_with_a_node_twice": (
        lambda: eqx.tree_check([mlp(), 2 * [nn.Linear(2, 2, key=KEY)]]), ValueError),
    # What a layer is given.
    "wrong_shape_in_a_layer_of_ones_own": (
        lambda: eqx.filter_jit(loss)(OwnLayers([jnp.ones((4, 3)), jnp.ones((2, 5))]), jnp.ones(3)),
        TypeError),
    "key_missing": (lambda: loss(model(), jnp.ones(3)), RuntimeError),
    "key_missing_under_jit": (
        lambda: eqx.filter_jit(eqx.filter_grad(loss))(model(), jnp.ones(3)), RuntimeError),
    "wrong_shape_inside": (lambda: loss(model(head_in=5), jnp.ones(3), KEY), ValueError),
    "wrong_shape_of_a_batch": (lambda: loss(model(), jnp.ones((7, 3)), KEY), ValueError),
    "linear": (lambda: nn.Linear(3, 2, key=KEY)(jnp.ones(4)), ValueError),
    "conv_of_a_batch": (lambda: nn.Conv2d(3, 4, 3, key=KEY)(jnp.ones((7, 3, 8, 8))), ValueError),
    "conv_of_channels_last": (
        lambda: nn.Conv2d(3, 4, 3, key=KEY)(jnp.ones((8, 8, 3))), ValueError),
    "conv_of_another_dtype": (
        lambda: nn.Conv2d(3, 4, 3, key=KEY)(jnp.ones((3, 8, 8), jnp.bfloat16)), TypeError),
    "layer_norm": (lambda: nn.LayerNorm(3)(jnp.ones((7, 3))), ValueError),
    "group_norm": (lambda: nn.GroupNorm(2, 4)(jnp.ones((6, 3))), ValueError),
    "embedding_of_several": (
        lambda: nn.Embedding(3, 2, key=KEY)(jnp.array([0, 1])), ValueError),
    "embedding_of_a_float": (lambda: nn.Embedding(3, 2, key=KEY)(jnp.ones(())), TypeError),
    "attention_of_a_batch": (
        lambda: nn.MultiheadAttention(2, 4, key=KEY)(*[jnp.ones((7, 5, 4))] * 3), ValueError),
    "attention_mask": (
        lambda: nn.MultiheadAttention(2, 4, key=KEY)(
            *[jnp.ones((5, 4))] * 3, mask=jnp.ones((4, 4), bool)), ValueError),
    "cell_of_a_sequence": (
        lambda: nn.GRUCell(3, 4, key=KEY)(jnp.ones((9, 3)), jnp.ones(4)), ValueError),
    "pool_smaller_than_its_kernel": (
        lambda: nn.MaxPool2d(3)(jnp.ones((2, 2, 9))), ValueError),
    # Modules.
    "hash_of_a_module_with_arrays": (lambda: hash(nn.Linear(3, 2, key=KEY)), TypeError),
    "transformed_callable_in_a_field": (
        lambda: nn.Lambda(jax.jit(nn.Linear(3, 2, key=KEY))), UserWarning),
    "field_not_initialised": (lambda: named_lines.Uninitialised(jnp.ones(2)), TypeError),
    "field_not_declared": (lambda: named_lines.Undeclared(jnp.ones(2)), AttributeError),
    "field_assigned_later": (assigned_later, AttributeError),
    "converter_that_fails": (lambda: named_lines.Converted("fast"), ValueError),
    "key_missing_at_construction": (lambda: named_lines.NeedsKey(), TypeError),
    "own_method_assigned": (lambda: named_lines.OwnMethod(), ValueError),
    "abstract_attribute": (lambda: named_lines.Concrete(jnp.ones(2)), TypeError),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_as_its_golden_file_says(name, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)  # files are named from here
    mistake, expected = MISTAKES[name]
    if inspect.signature(mistake).parameters:
        mistake = functools.partial(mistake, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(expected) as caught:
            mistake()
    notes = [note for note in getattr(caught.value, "__notes__", []) if "JAX" not in note]
    text = "\n".join([str(caught.value), *notes])
    message = text.replace(f"{tmp_path}/", "").replace(f"{ROOT}/", "")
    lines = message.splitlines()
    assert len(lines) <= 12
    # Nothing that changes from run to run.
    assert not re.search(r"0x[0-9a-f]{6}", message)
    check_golden(f"errors/{name}.txt", f"{type(caught.value).__name__}: {message}\n")


def test_no_golden_file_is_left_over():
    assert {path.stem for path in (GOLDENS / "errors").iterdir()} == set(MISTAKES)


def test_plain_jit_names_the_field_that_holds_no_array():
    """The message is JAX's own: that it names the field is what the key paths of a Module do."""
    with pytest.raises(TypeError, match=r"model\.activation"):
        jax.jit(lambda model, x: model(x))(mlp(), jnp.ones(3))


@pytest.mark.parametrize(
    "compare",
    [
        lambda one, other: jax.tree.map(lambda a, b: a, one, other),
        lambda one, other: jax.lax.cond(True, lambda: arrays(one), lambda: arrays(other)),
    ],
    ids=["tree.map", "cond"],
)
def test_what_jax_says_of_structures_names_the_static_fields(compare):
    with pytest.raises((TypeError, ValueError), match=r"(?s)width_size=4.*width_size=5"):
        compare(mlp(), mlp(width=5))
