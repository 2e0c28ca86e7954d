"""Small programs that JAX, Equinox or eqxcore refuse, each with what is to be said about it.

Each takes the library, `eqxcore` or `equinox`, by the name that users give it.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

KEY = jax.random.key(0)


@functools.cache
def mlp(eqx, width=4, depth=2):
    return eqx.nn.MLP(2, 2, width, depth, key=KEY)


def halves(eqx, model):
    return eqx.partition(model, eqx.is_array)


# --- Trees of other structures ---


def map_over_another_depth(eqx):
    small, deep = mlp(eqx), mlp(eqx, depth=3)
    jax.tree.map(lambda a, b: a, small, deep)


def map_over_another_width(eqx):
    narrow, wide = mlp(eqx), mlp(eqx, width=5)
    jax.tree.map(lambda a, b: a, narrow, wide)


def map_over_other_keys(eqx):
    old, new = {"w": 1.0, "b": 2.0}, {"w": 1.0, "bias": 2.0}
    jax.tree.map(lambda a, b: a, old, new)


def map_over_a_half(eqx):
    model = mlp(eqx)
    params = eqx.filter(model, eqx.is_array)
    jax.tree.map(lambda a, b: a, params, model)


def combine_other_halves(eqx):
    params, _ = halves(eqx, mlp(eqx))
    _, static = halves(eqx, mlp(eqx, depth=3))
    eqx.combine(params, static)


def update_with_the_state_of_another(eqx):
    optimiser = optax.adam(1e-3)
    state = optimiser.init(eqx.filter(mlp(eqx, depth=1), eqx.is_array))
    grads = eqx.filter(mlp(eqx), eqx.is_array)
    optimiser.update(grads, state)


def update_inside_of_jit(eqx):
    optimiser = optax.sgd(1e-3, momentum=0.9)
    state = optimiser.init({"w": jnp.ones(2)})

    @jax.jit
    def step(grads, state):
        return optimiser.update(grads, state)

    step({"w": jnp.ones(2), "b": jnp.ones(2)}, state)


def map_over_in_axes(eqx):
    batch, x = {"x": jnp.ones(2), "y": jnp.ones(2)}, jnp.ones(2)
    jax.vmap(lambda d, y: y, in_axes=({"x": 0, "z": 0}, 0))(batch, x)


def jit_with_other_shardings(eqx):
    batch = {"x": jnp.ones(2)}
    here = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    jax.jit(lambda d: d, in_shardings=({"y": here},))(batch)


# --- Branches and carries ---


def branches_of_other_keys(eqx):
    x = jnp.ones(2)
    jax.lax.cond(True, lambda x: {"a": x}, lambda x: {"b": x}, x)


def branches_of_other_dtypes(eqx):
    x = jnp.ones(2)
    jax.lax.cond(True, lambda x: {"a": x}, lambda x: {"a": x.astype(jnp.int32)}, x)


def branches_of_other_fields(eqx):
    a, b = (eqx.filter(mlp(eqx, width=width), eqx.is_array) for width in (4, 5))
    jax.lax.cond(True, lambda: a, lambda: b)


def switch_to_another_length(eqx):
    x = jnp.ones(2)
    jax.lax.switch(1, [lambda: (x, x), lambda: (x,)])


def carry_of_another_length(eqx):
    x = jnp.ones(2)
    jax.lax.scan(lambda carry, _: ((carry[0],), None), (x, x), None, length=3)


def carry_of_another_dtype(eqx):
    carry = {"a": jnp.ones(2), "n": jnp.zeros((), int)}

    def step(carry, _):
        return {"a": carry["a"].astype(jnp.int32), "n": carry["n"].astype(jnp.float32)}, None

    jax.lax.scan(step, carry, None, length=3)


def carry_that_loses_a_bias(eqx):
    layer = eqx.filter(eqx.nn.Linear(2, 2, key=KEY), eqx.is_array)

    def step(layer):
        return eqx.tree_at(lambda layer: layer.bias, layer, None)

    jax.lax.while_loop(lambda _: True, step, layer)


# --- Static values ---


def unhashable_argument(eqx):
    def pad(x, widths):
        return x

    widths = [1, 2]
    jax.jit(pad, static_argnums=1)(jnp.ones(2), widths)


def unhashable_argument_by_name(eqx):
    padded = jax.jit(lambda x, widths: x, static_argnames="widths")
    padded(jnp.ones(2), widths={"left": 1})


def unhashable_leaf(eqx):
    config = {"names": {"a", "b"}}
    eqx.filter_jit(lambda config, x: x)(config, jnp.ones(2))


def scaled(eqx):
    class Scaled(eqx.Module):
        weight: jax.Array
        scale: np.ndarray = eqx.field(static=True)

        def __call__(self, x):
            return self.weight * x

    return Scaled


def array_in_a_static_field_mapped(eqx):
    cls = scaled(eqx)
    first, second = (cls(jnp.ones(2), np.arange(2.0) + at) for at in range(2))
    jax.tree.map(lambda a, b: a, first, second)


def array_in_a_static_field_jitted(eqx):
    cls = scaled(eqx)
    call = eqx.filter_jit(lambda model, x: model(x))
    for at in range(2):
        model = cls(jnp.ones(2), np.arange(2.0) + at)
        call(model, jnp.ones(2))


# --- Leaves that are not arrays ---


def jit_of_a_model(eqx):
    model, x = mlp(eqx), jnp.ones(2)
    jax.jit(lambda model, x: model(x))(model, x)


def jit_of_a_name(eqx):
    step = jax.jit(lambda x, *, config: x)
    step(jnp.ones(2), config={"act": "relu"})


def grad_of_a_model(eqx):
    model, x = mlp(eqx), jnp.ones(2)
    jax.grad(lambda model, x: model(x).sum())(model, x)


def value_and_grad_of_a_model(eqx):
    def loss(x, model):
        return model(x).sum()

    value_and_grad = jax.value_and_grad(loss, argnums=1)
    model, name = mlp(eqx), "not differentiated"
    value_and_grad(name, model)


def grad_of_a_counter(eqx):
    params = {"w": jnp.ones(2), "step": jnp.zeros((), int)}
    jax.grad(lambda params: params["w"].sum())(params)


def init_with_a_model(eqx):
    model = mlp(eqx)
    optimiser = optax.adam(1e-3)
    optimiser.init(model)


def vmap_of_a_model(eqx):
    models = mlp(eqx)
    jax.vmap(lambda model: model)(models)


def scan_over_a_model(eqx):
    model = mlp(eqx)
    jax.lax.scan(lambda carry, _: (carry, None), model, None, length=2)


# --- Values that are not known while tracing ---


def branch_on_an_argument(eqx):
    @jax.jit
    def pick(params, flag):
        return params["a"] if flag > 0 else params["b"]

    pick({"a": 1.0, "b": 2.0}, jnp.array(1))


def branch_in_a_filtered_jit(eqx):
    @eqx.filter_jit
    def pick(model, x):
        total = x.sum()
        if total > 0:
            return model(x)
        return x

    model, x = mlp(eqx), jnp.ones(2)
    pick(model, x)


def shape_of_an_argument(eqx):
    @jax.jit
    def zeros(n):
        return jnp.zeros(n)

    zeros(3)


def float_of_an_argument(eqx):
    @jax.jit
    def rate(config):
        return float(config["lr"])

    rate({"lr": jnp.array(1.0)})


def numpy_of_an_argument(eqx):
    @jax.jit
    def total(x):
        return np.asarray(x)

    total(jnp.ones(2))


def mask_of_an_argument(eqx):
    @jax.jit
    def positive(x):
        return x[x > 0]

    positive(jnp.ones(2))


def kept_tracer(eqx):
    kept = []

    @jax.jit
    def step(x):
        kept.append(x * 2)
        return x

    step(jnp.ones(2))
    kept[0] + 1


# --- Arrays that are gone ---


def donated_twice(eqx):
    step = jax.jit(lambda params, x: {"w": params["w"] + x}, donate_argnums=0)
    params, x = {"w": jnp.ones(2) + 1}, jnp.ones(2)
    step(params, x)
    step(params, x)


def deleted(eqx):
    x = jnp.ones(2) + 1
    x.delete()
    x + 1


# --- Shapes ---


def axes_of_other_sizes(eqx):
    batch = {"x": jnp.ones(2), "y": jnp.ones(3)}
    jax.vmap(lambda batch: batch)(batch)


def layer_of_another_width(eqx):
    model, x = mlp(eqx), jnp.ones(3)
    model(x)


def layer_in_a_filtered_jit(eqx):
    @eqx.filter_jit
    def predict(model, x):
        return model["net"](x)

    models, x = {"net": mlp(eqx)}, jnp.ones(3)
    predict(models, x)


def layer_given_a_batch(eqx):
    layer, batch = eqx.nn.Linear(2, 4, key=KEY), jnp.ones((5, 2))
    layer(batch)


class Refused(NamedTuple):
    """A program, and what has to be in its explanation."""

    run: Callable
    kind: str
    path: str
    before: str
    after: str
    fix: str
    """A part of what is to be done."""


CASES = [
    Refused(map_over_another_depth, "tree-structure", ".depth", "2", "3", "one from the other"),
    Refused(
        map_over_another_width,
        "tree-structure",
        ".layers[0].out_features",
        "4",
        "5",
        "static fields are part of a pytree's structure",
    ),
    Refused(map_over_other_keys, "tree-structure", "['b']", "2.0", "not there", "in the same way"),
    Refused(combine_other_halves, "tree-structure", ".depth", "2", "3", "eqx.partition(model"),
    Refused(
        update_with_the_state_of_another,
        "tree-structure",
        ".depth",
        "2",
        "1",
        "state = optimiser.init(eqx.filter(model, eqx.is_array))",
    ),
    Refused(
        update_inside_of_jit, "tree-structure", "['b']", "f32[2]", "not there", "optimiser.init("
    ),
    Refused(map_over_in_axes, "tree-structure", "['z']", "0", "not there", "write in_axes"),
    Refused(
        jit_with_other_shardings,
        "tree-structure",
        "['x']",
        "not there",
        "f32[2]",
        "write in_shardings",
    ),
    Refused(
        branches_of_other_keys,
        "branches",
        "result",
        "dict with the keys ('a',)",
        "dict with the keys ('b',)",
        "the same keys",
    ),
    Refused(
        branches_of_other_dtypes, "branches", "result['a']", "float32[2]", "int32[2]", "asarray"
    ),
    Refused(branches_of_other_fields, "branches", "result.width_size", "4", "5", "in the same way"),
    Refused(
        switch_to_another_length,
        "branches",
        "result",
        "tuple of length 2",
        "tuple of length 1",
        "in the same way",
    ),
    Refused(
        carry_of_another_length,
        "carry",
        "carry",
        "tuple of length 2",
        "tuple of length 1",
        "return the carry as it came in",
    ),
    Refused(carry_of_another_dtype, "carry", "carry['n']", "int32[]", "float32[]", ".astype"),
    Refused(carry_that_loses_a_bias, "carry", "carry.bias", "array", "None", "as it came in"),
    Refused(unhashable_argument, "unhashable-static", "widths", "list", "list of 2", "a tuple"),
    Refused(
        unhashable_argument_by_name, "unhashable-static", "widths", "dict", "dict of 1", "a tuple"
    ),
    Refused(
        unhashable_leaf, "unhashable-static", "config['names']", "set", "{'a', 'b'}", "a frozenset"
    ),
    Refused(
        array_in_a_static_field_mapped,
        "array-in-static-field",
        "first.scale",
        "f64[2] (NumPy)",
        "refused_programs.py:N",
        "without static=True",
    ),
    Refused(
        array_in_a_static_field_jitted,
        "array-in-static-field",
        "model.scale",
        "f64[2] (NumPy)",
        "refused_programs.py:N",
        "jax.lax.stop_gradient(self.scale)",
    ),
    Refused(
        jit_of_a_model,
        "not-an-array",
        "model.activation",
        "jax.jit, jax.grad, jax.vmap, optimiser.init",
        "<function relu>",
        "eqx.filter_jit in place of jax.jit",
    ),
    Refused(
        jit_of_a_name,
        "not-an-array",
        "config['act']",
        "jax.jit, jax.grad, jax.vmap, optimiser.init",
        "'relu'",
        "static_argnames",
    ),
    Refused(
        grad_of_a_model,
        "not-an-array",
        "model.activation",
        "jax.jit, jax.grad, jax.vmap, optimiser.init",
        "<function relu>",
        "eqx.filter_grad in place of jax.grad",
    ),
    Refused(
        value_and_grad_of_a_model,
        "not-an-array",
        "model.activation",
        "jax.jit, jax.grad, jax.vmap, optimiser.init",
        "<function relu>",
        "eqx.filter_value_and_grad in place of jax.value_and_grad",
    ),
    Refused(
        grad_of_a_counter, "not-an-array", "params['step']", "jax.grad", "i32[]", "eqx.filter_grad"
    ),
    Refused(
        init_with_a_model,
        "not-an-array",
        "model.activation",
        "jax.jit, jax.grad, jax.vmap, optimiser.init",
        "<function relu>",
        "optimiser.init(eqx.filter(model, eqx.is_inexact_array))",
    ),
    Refused(
        vmap_of_a_model,
        "not-an-array",
        "models.activation",
        "jax.jit, jax.grad, jax.vmap, optimiser.init",
        "<function relu>",
        "eqx.filter_vmap",
    ),
    Refused(
        scan_over_a_model,
        "not-an-array",
        "model.activation",
        "jax.jit, jax.grad, jax.vmap, optimiser.init",
        "<function relu>",
        "eqx.partition(model, eqx.is_array)",
    ),
    Refused(branch_on_an_argument, "traced-value", "flag", "pick", "flag > 0", "jax.lax.cond"),
    Refused(branch_in_a_filtered_jit, "traced-value", "x", "pick", "total > 0", "jax.lax.cond"),
    Refused(
        shape_of_an_argument,
        "traced-value",
        "n",
        "zeros",
        "jnp.zeros(n)",
        'static_argnames="n"',
    ),
    Refused(
        float_of_an_argument,
        "traced-value",
        "config['lr']",
        "rate",
        "float(config['lr'])",
        "x.astype(float)",
    ),
    Refused(numpy_of_an_argument, "traced-value", "x", "total", "np.asarray(x)", "use jax.numpy"),
    Refused(
        kept_tracer,
        "escaped-tracer",
        "kept[0] + 1",
        "refused_programs.py:N",
        "float32[2]",
        "return it from step",
    ),
    Refused(donated_twice, "gone", "params['w']", "", "f32[2]", "params = step(params, x)"),
    Refused(deleted, "gone", "x", "", "f32[2]", "in place of what was donated"),
    Refused(axes_of_other_sizes, "axis-sizes", "batch['y']", "axis 0: 3", "float32[3]", "in_axes"),
    Refused(
        layer_of_another_width,
        "layer-shape",
        "model.layers[0](x)",
        "given",
        "f32[3]",
        "a vector of 2",
    ),
    Refused(
        layer_in_a_filtered_jit,
        "layer-shape",
        "model['net'].layers[0](x)",
        "given",
        "f32[3]",
        "build the layer for",
    ),
    Refused(
        layer_given_a_batch, "layer-shape", "layer(x)", "given", "f32[5,2]", "jax.vmap(layer)(x)"
    ),
]
