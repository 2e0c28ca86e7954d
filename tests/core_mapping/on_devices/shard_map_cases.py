"""`filter_shard_map`: which part of what each device gets, what is put together, what fails."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
from expected import eight, is_at, mesh, raises, split, square
from jax.sharding import PartitionSpec as P

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)


def test_arrays_are_split_and_the_rest_passes_through():
    seen = []

    def f(x, name, n):
        seen.append((x.shape, name, n))
        return x + n, name, jnp.tanh

    f = eqx.filter_shard_map(f, mesh=mesh(), in_specs=P("batch"), out_specs=P("batch"))
    for transform in (lambda f: f, eqx.filter_jit):
        x, name, function = transform(f)(eight(), "text", 2)
        np.testing.assert_array_equal(x, np.arange(8) + 2)
        assert (name, function) == ("text", jnp.tanh)
        assert is_at(x, split())
    assert set(seen) == {((2,), "text", 2)}


def test_a_model_is_everywhere_and_a_batch_is_split():
    model, x = nn.MLP(2, 3, 4, 1, key=KEY), jax.random.normal(KEY, (8, 2))
    specs = {"in_specs": (None, P("batch")), "out_specs": P("batch")}

    @eqx.filter_shard_map(mesh=mesh(), **specs)
    def apply(model, x):
        assert x.shape == (2, 2)
        return jax.vmap(model)(x)

    expected = jax.vmap(model)(x)
    for transform in (lambda f: f, eqx.filter_jit):
        np.testing.assert_allclose(transform(apply)(model, x), expected, rtol=1e-5, atol=1e-6)


def test_arrays_of_the_function_are_everywhere():
    model, x = nn.Linear(2, 3, key=KEY), jnp.ones((8, 2))

    class Batched(eqx.Module):
        layer: nn.Linear

        def __call__(self, x):
            return jax.vmap(self.layer)(x)

        def method(self, x):
            return self(x)

    expected = jax.vmap(model)(x)
    for f in (Batched(model), Batched(model).method):
        mapped = eqx.filter_shard_map(f, mesh=mesh(), in_specs=P("batch"), out_specs=P("batch"))
        np.testing.assert_allclose(mapped(x), expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(eqx.filter_jit(mapped)(x), expected, rtol=1e-5, atol=1e-6)


def test_gradients_of_a_training_step_are_those_of_the_whole_batch():
    model = nn.MLP(2, 3, 4, 1, key=KEY)
    x, y = jax.random.normal(KEY, (8, 2)), jnp.ones((8, 3))

    def loss(model, x, y):
        return jnp.mean((jax.vmap(model)(x) - y) ** 2)

    @eqx.filter_jit
    @eqx.filter_shard_map(
        mesh=mesh(), in_specs=(None, P("batch"), P("batch")), out_specs=None, check_vma=False
    )
    def step(model, x, y):
        gradient = eqx.filter_grad(loss)(model, x, y)
        return jax.tree.map(lambda g: jax.lax.pmean(g, "batch"), gradient)

    ours, expected = step(model, x, y), eqx.filter_grad(loss)(model, x, y)
    assert jax.tree.structure(ours) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_gradients_pass_through_from_outside():
    model, x = nn.Linear(2, 3, key=KEY), jax.random.normal(KEY, (8, 2))
    apply = eqx.filter_shard_map(
        lambda model, x: jax.vmap(model)(x),
        mesh=mesh(), in_specs=(None, P("batch")), out_specs=P("batch"),
    )  # fmt: skip
    ours = eqx.filter_grad(lambda model: jnp.sum(apply(model, x) ** 2))(model)
    expected = eqx.filter_grad(lambda model: jnp.sum(jax.vmap(model)(x) ** 2))(model)
    np.testing.assert_allclose(ours.weight, expected.weight, rtol=1e-4, atol=1e-5)


def test_specs_go_down_to_a_leaf():
    f = eqx.filter_shard_map(
        lambda tree, y: {"x": tree["x"] + 1, "y": (y, "text"), "n": tree["n"]},
        mesh=mesh(),
        in_specs=({"x": P("batch"), "y": None, "n": None}, P(None, "batch")),
        out_specs={"x": P("batch"), "y": P(None, "batch"), "n": None},
    )
    out = f({"x": eight(), "y": "text", "n": 3}, jnp.ones((2, 8)))
    np.testing.assert_array_equal(out["x"], np.arange(8) + 1)
    assert out["y"][0].shape == (2, 8)
    assert (out["y"][1], out["n"]) == ("text", 3)


def test_functions_of_leaves_decide():
    def by_rank(x):
        return P("batch") if x.ndim == 1 else (P(None, "batch") if x.ndim == 2 else None)

    traces = []

    def f(tree):
        traces.append(1)
        return [tree["vector"], tree["matrix"], "text", (jnp.ones((1, 1, 1)),)]

    f = eqx.filter_shard_map(f, mesh=mesh(), in_specs=by_rank, out_specs=by_rank)
    out = eqx.filter_jit(f)({"vector": eight(), "matrix": jnp.ones((3, 8)), "name": "text"})
    assert [out[0].shape, out[1].shape, out[3][0].shape] == [(8,), (3, 8), (1, 1, 1)]
    assert out[2] == "text"
    assert len(traces) == 2
    mixed = eqx.filter_shard_map(
        lambda x: (x, (x, "a", x)),
        mesh=mesh(),
        in_specs=P("batch"),
        out_specs=(P("batch"), by_rank),
    )
    out = mixed(eight())
    np.testing.assert_array_equal(out[1][2], np.arange(8))
    assert out[1][1] == "a"


def test_two_axes_of_a_mesh_are_used():
    f = eqx.filter_shard_map(
        lambda x: jax.lax.psum(x, "y"), mesh=square(), in_specs=P("x", "y"), out_specs=P("x")
    )
    x = jnp.arange(16.0).reshape(4, 4)
    np.testing.assert_array_equal(f(x), np.asarray(x[:, :2] + x[:, 2:]))


def test_an_axis_may_be_left_to_the_compiler():
    f = eqx.filter_shard_map(
        lambda x: x * jax.lax.axis_size("x") if hasattr(jax.lax, "axis_size") else x * 2,
        mesh=square(), in_specs=P("x"), out_specs=P("x"), axis_names={"x"},
    )  # fmt: skip
    np.testing.assert_array_equal(eqx.filter_jit(f)(eight()), 2 * np.arange(8))


def test_the_mesh_may_be_that_of_the_context():
    if not hasattr(jax, "set_mesh"):
        return  # the JAX that is installed has no other way than to give it
    f = eqx.filter_shard_map(lambda x: x + 1, in_specs=P("batch"), out_specs=P("batch"))
    with jax.set_mesh(mesh()):
        np.testing.assert_array_equal(eqx.filter_jit(f)(eight()), np.arange(8) + 1)


def test_keywords_that_have_a_position_are_taken():
    f = eqx.filter_shard_map(
        lambda x, y: x + y, mesh=mesh(), in_specs=(P("batch"), None), out_specs=P("batch")
    )
    np.testing.assert_array_equal(f(x=eight(), y=jnp.ones(1)), np.arange(8) + 1)


def test_the_wrapper_looks_like_the_function_and_is_a_method():
    class Scaled(eqx.Module):
        weight: jax.Array

        @eqx.filter_shard_map(mesh=mesh(), in_specs=(None, P("batch")), out_specs=P("batch"))
        def times(self, x):
            """Multiply."""
            return self.weight * x

    np.testing.assert_array_equal(Scaled(jnp.asarray(2.0)).times(eight()), 2 * np.arange(8))
    assert Scaled.times.__doc__ == "Multiply."
    assert list(inspect.signature(Scaled.times).parameters) == ["self", "x"]


def test_mistakes_name_the_leaf():
    def make(f=lambda tree, y=None: tree, **specs):
        specs = {"in_specs": P("batch"), "out_specs": P("batch"), **specs}
        return eqx.filter_shard_map(f, mesh=mesh(), **specs)

    def only(x, *, name):
        return x

    six = jnp.ones(6)
    mistakes = [
        (lambda: make(in_specs="batch"), TypeError, ("`in_specs`", "'batch'", "P('batch')")),
        (lambda: make(out_specs=0), TypeError, ("`out_specs`", "0", "PartitionSpec")),
        (lambda: make(in_specs=lambda x: 0)(six), TypeError, ("function in `in_specs`", "0")),
        (lambda: make()({"a": [eight(), six]}), ValueError, ("`tree['a'][1]`", "(6,)", "h': 4")),
        (lambda: make(in_specs=P("rows"))(six), ValueError, ("`tree`", "rows")),
        (lambda: make()(jnp.ones(())), ValueError, ("`tree`", "()")),
        (lambda: make(in_specs=(None,))(six, six), ValueError, ("`in_specs`", "tuple of 1")),
        (lambda: make(out_specs=(None, None))(eight()), ValueError, ("`out_specs`", "prefix")),
        (lambda: make(f=only)(eight(), name="a"), TypeError, ("`name`", "by keyword only")),
    ]  # fmt: skip
    for call, kind, parts in mistakes:
        with raises(kind, *parts):
            call()


def test_a_claim_about_outputs_that_is_not_true_names_the_spec():
    f = eqx.filter_shard_map(
        lambda x: {"a": x, "b": x}, mesh=mesh(), in_specs=P("batch"),
        out_specs={"a": P("batch"), "b": None},
    )  # fmt: skip
    with raises(ValueError, "out_specs", "out_specs[1]: `out_specs['b']`"):
        eqx.filter_jit(f)(eight())
