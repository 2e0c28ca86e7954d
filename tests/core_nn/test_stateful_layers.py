"""BatchNorm and SpectralNorm: what they keep, and what they do with it."""

import warnings

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from layer_cases import LIBRARIES, arrays

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)


def batch_norm(size=3, axis="batch", library=eqx, **kwargs):
    kwargs = {"mode": "batch", **kwargs}
    return library.nn.make_with_state(library.nn.BatchNorm)(size, axis, **kwargs)


def over_batch(model, x, state, axis="batch", **kwargs):
    mapped = jax.vmap(
        lambda x, state: model(x, state, **kwargs), axis_name=axis, in_axes=(0, None),
        out_axes=(0, None),
    )  # fmt: skip
    return mapped(x, state)


def batch(*shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(2.0, 3.0, size=shape), jnp.float32)


@pytest.mark.parametrize("mode", ["batch", "ema"])
def test_a_first_batch_comes_out_with_mean_0_and_variance_1(mode):
    model, state = batch_norm(mode=mode)
    out, _ = over_batch(model, batch(8, 3, 5), state)
    np.testing.assert_allclose(jnp.mean(out, (0, 2)), np.zeros(3), atol=1e-5)
    np.testing.assert_allclose(jnp.var(out, (0, 2)), np.ones(3), atol=1e-4)


def test_statistics_stay_exact_where_the_mean_is_large():
    model, state = batch_norm()
    x = batch(64, 3) + 30_000.0
    out, _ = over_batch(model, x, state)
    wide = np.asarray(x, np.float64)
    exact = (wide - wide.mean(0)) / np.sqrt(wide.var(0) + 1e-5)
    np.testing.assert_allclose(out, exact, atol=2e-3)


def test_running_statistics_are_what_the_momentum_says():
    model, state = batch_norm(momentum=0.9)
    x, y = batch(8, 3, seed=1), batch(8, 3, seed=2)
    for one in (x, y):
        _, state = over_batch(model, one, state)
    mean, variance = state.get(model.batch_state_index)
    np.testing.assert_allclose(mean, 0.9 * 0.1 * x.mean(0) + 0.1 * y.mean(0), rtol=1e-5)
    expected = 0.9**2 * 1 + 0.9 * 0.1 * x.var(0) + 0.1 * y.var(0)
    np.testing.assert_allclose(variance, expected, rtol=1e-5)
    assert state.get(model.batch_counter) == 2


@pytest.mark.parametrize("batches", [1, 2, 30])
def test_inference_after_a_few_batches_gives_the_numbers_of_equinox(batches):
    """What a model trained there gives at evaluation must not change with the import."""
    x = batch(8, 3) * 0.1
    outs = []
    for library in (eqx, equinox):
        model, state = batch_norm(library=library, momentum=0.9)
        for _ in range(batches):
            _, state = over_batch(model, x, state)
        frozen = library.nn.inference_mode(model)
        outs.append(jax.vmap(lambda x, m=frozen, s=state: m(x, s)[0])(x))
    np.testing.assert_allclose(*outs, rtol=1e-5, atol=1e-6)


def test_after_many_batches_inference_is_what_training_was():
    model, state = batch_norm(momentum=0.5)
    x = batch(8, 3)
    for _ in range(25):
        trained, state = over_batch(model, x, state)
    inferred = jax.vmap(lambda x: nn.inference_mode(model)(x, state)[0])(x)
    np.testing.assert_allclose(inferred, trained, atol=1e-4)


@pytest.mark.parametrize("momentum", [0.99, 1.0])
def test_before_any_batch_inference_changes_nothing(momentum):
    model, state = batch_norm(momentum=momentum)
    if momentum == 1:
        _, state = over_batch(model, batch(8, 3), state)
    out, same = nn.inference_mode(model)(jnp.arange(3.0), state)
    np.testing.assert_allclose(out, np.arange(3.0), rtol=1e-4)
    assert same is state


def test_inference_needs_no_batch_and_changes_no_state():
    model, state = batch_norm(mode="ema")
    _, state = over_batch(model, batch(8, 3), state)
    before = arrays(state)
    frozen = nn.inference_mode(model)
    out, same = frozen(jnp.ones(3), state)
    assert same is state
    assert all((a == b).all() for a, b in zip(arrays(state), before, strict=True))
    np.testing.assert_array_equal(model(jnp.ones(3), state, inference=True)[0], out)
    _, changed = over_batch(frozen, batch(8, 3, seed=1), state, inference=False)
    assert (changed.get(model.ema_state_index)[0] != before[1]).all()


def test_statistics_over_two_named_axes_are_those_of_all_examples():
    model, state = batch_norm(axis=["outer", "inner"])
    x = batch(4, 6, 3)
    inner = lambda x, s: over_batch(model, x, s, axis="inner")  # noqa: E731
    out, new = jax.vmap(inner, axis_name="outer", in_axes=(0, None), out_axes=(0, None))(x, state)
    flat, flat_state = batch_norm()
    expected, flat_new = over_batch(flat, x.reshape(24, 3), flat_state)
    np.testing.assert_allclose(out.reshape(24, 3), expected, atol=1e-5)
    for a, b in zip(arrays(new), arrays(flat_new), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_the_dtype_is_the_wider_of_the_input_and_the_layer():
    for layer, x, expected in (
        (jnp.float32, jnp.bfloat16, jnp.float32),
        (jnp.bfloat16, jnp.float32, jnp.float32),
        (jnp.bfloat16, jnp.bfloat16, jnp.bfloat16),
    ):
        model, state = batch_norm(dtype=layer, channelwise_affine=False)
        out, state = over_batch(model, batch(8, 3).astype(x), state)
        assert out.dtype == expected
        assert state.get(model.batch_state_index)[0].dtype == layer
        assert (
            over_batch(nn.inference_mode(model), batch(8, 3).astype(x), state)[0].dtype == out.dtype
        )


def test_a_half_precision_batch_is_summed_in_single_precision():
    model, state = batch_norm(dtype=jnp.float16)
    x = (batch(16, 3) * 300.0).astype(jnp.float16)
    out, _ = over_batch(model, x, state)
    assert jnp.isfinite(out).all()
    np.testing.assert_allclose(jnp.var(out.astype("f4"), 0), np.ones(3), atol=1e-2)


def test_no_gradient_flows_through_running_statistics_that_are_not_used():
    model, state = batch_norm()

    def loss(x, state):
        _, new = over_batch(model, x, state)
        return sum(jnp.sum(leaf) for leaf in new.get(model.batch_state_index))

    # They are returned, and what is returned has a gradient: of the batch, at 1 - momentum.
    grad = jax.grad(loss)(batch(8, 3), state)
    assert float(jnp.abs(grad).max()) < 0.1


def test_legacy_mode_warns_and_is_ema():
    with pytest.warns(UserWarning, match="defaults to 'ema'"):
        model = nn.BatchNorm(3, "batch")
    assert model.mode == "ema"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.BatchNorm(3, "batch", mode="ema")


class Net(eqx.Module):
    layers: list

    def __init__(self, key):
        keys = jax.random.split(key, 3)
        self.layers = [
            nn.Linear(4, 8, key=keys[0]),
            nn.BatchNorm(8, "batch", mode="batch"),
            nn.SpectralNorm(nn.Linear(8, 2, key=keys[1]), "weight", key=keys[2]),
        ]

    def __call__(self, x, state):
        x = jax.nn.relu(self.layers[0](x))
        x, state = self.layers[1](x, state)
        return self.layers[2](x, state)


def test_errors_of_a_batch_norm_say_where_it_is_and_what_to_do():
    model, state = nn.make_with_state(Net)(KEY)
    with pytest.raises(NameError) as caught:
        model(jnp.ones(4), state)
    text = str(caught.value)
    assert "`model.layers[1]`" in text
    assert "'batch'" in text
    assert "axis_name='batch', in_axes=(0, None), out_axes=(0, None))" in text
    with pytest.raises(NameError, match="no such axis"):
        over_batch(model, batch(3, 4), state, axis="other")
    with pytest.raises(ValueError, match=r"got `x` of shape \(5, 8\); expected one example"):
        model.layers[1](jnp.ones((5, 8)), state)
    # None of which has used up the state.
    assert state.get(model.layers[1].batch_counter) == 0


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="must be 'ema' or 'batch'"):
        nn.BatchNorm(3, "batch", mode="instance")


def spectral_norm(layer, *args, **kwargs):
    return nn.make_with_state(nn.SpectralNorm)(layer, *args, key=jax.random.key(1), **kwargs)


def largest_singular_value(weight):
    return np.linalg.svd(np.asarray(weight).reshape(len(weight), -1), compute_uv=False)[0]


@pytest.mark.parametrize(
    "layer",
    [nn.Linear(5, 4, key=KEY), nn.Conv2d(2, 3, 2, key=KEY)],
    ids=["Linear", "Conv2d"],
)
def test_a_spectral_norm_divides_by_the_largest_singular_value(layer):
    layer = eqx.tree_at(lambda layer: layer.bias, layer, jnp.zeros_like(layer.bias))
    model, state = spectral_norm(layer, "weight", 200)
    x = jnp.ones(5) if isinstance(layer, nn.Linear) else batch(2, 4, 4)
    out, _ = model(x, state)
    expected = layer(x) / largest_singular_value(layer.weight)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-5)


def test_the_vectors_of_a_spectral_norm_are_singular_vectors():
    layer = nn.Linear(5, 4, key=KEY)
    model, state = spectral_norm(layer, "weight")
    for _ in range(100):
        _, state = model(jnp.ones(5), state)
    left, right = state.get(model.uv_index)
    value = largest_singular_value(layer.weight)
    np.testing.assert_allclose(layer.weight @ right, value * left, atol=1e-4)
    np.testing.assert_allclose(left @ layer.weight, value * right, atol=1e-4)


def test_in_inference_the_vectors_rest():
    model, state = spectral_norm(nn.Linear(5, 4, key=KEY), "weight", inference=True)
    out, same = model(jnp.ones(5), state)
    assert same is state
    moved, new = model(jnp.ones(5), state, inference=False)
    assert new is not state
    assert out.shape == moved.shape


def test_the_gradient_of_a_spectral_norm_is_that_of_the_singular_value():
    """By finite differences of the exact value."""
    layer = nn.Linear(3, 3, use_bias=False, key=KEY)
    model, state = spectral_norm(layer, "weight", 100)
    x = batch(3)

    def loss(weight):
        new = eqx.tree_at(lambda m: m.layer.weight, model, weight)
        return jnp.sum(jnp.sin(new(x, state)[0]))

    def exact(weight):
        return np.sum(np.sin(weight @ np.asarray(x, "f8") / largest_singular_value(weight)))

    grad = jax.jit(jax.grad(loss))(layer.weight)
    weight = np.asarray(layer.weight, np.float64)
    for place in np.ndindex(3, 3):
        step = np.zeros((3, 3))
        step[place] = 1e-5
        slope = (exact(weight + step) - exact(weight - step)) / 2e-5
        np.testing.assert_allclose(grad[place], slope, atol=2e-3)


@pytest.mark.parametrize("name", ["SpectralNorm", "WeightNorm"])
def test_a_weight_that_is_not_there_is_refused(name):
    make = getattr(nn, name)
    kwargs = {"key": KEY} if name == "SpectralNorm" else {}
    with pytest.raises(ValueError, match="`Linear`, which has no `kernel`"):
        make(nn.Linear(3, 4, key=KEY), "kernel", **kwargs)
    with pytest.raises(ValueError, match="whose `bias` is None; expected an array"):
        make(nn.Linear(3, 4, use_bias=False, key=KEY), "bias", **kwargs)
    nested = nn.WeightNorm(nn.Linear(3, 4, key=KEY))
    with pytest.raises(ValueError, match="It wraps a `Linear`"):
        make(nested, "weight", **kwargs)


def test_a_spectral_norm_wants_a_matrix():
    with pytest.raises(ValueError, match="must be at least two-dimensional"):
        nn.SpectralNorm(nn.Linear(3, 4, key=KEY), "bias", key=KEY)


def train(library, steps=12):
    """A few steps on fixed data: losses, the trained arrays, and the last state."""
    nn = library.nn

    class Model(library.Module):
        first: nn.SpectralNorm
        norm: nn.BatchNorm
        last: nn.WeightNorm

        def __init__(self, key):
            keys = jax.random.split(key, 3)
            first = nn.Linear(4, 6, key=keys[0])
            self.first = nn.SpectralNorm(first, "weight", key=keys[1])
            self.norm = nn.BatchNorm(6, "batch", mode="batch", momentum=0.8)
            self.last = nn.WeightNorm(nn.Linear(6, 1, key=keys[2]))

        def __call__(self, x, state):
            x, state = self.first(x, state)
            x, state = self.norm(x, state)
            return self.last(jnp.tanh(x)), state

    model, state = nn.make_with_state(Model)(KEY)
    optimiser = optax.sgd(0.1)
    opt_state = optimiser.init(library.filter(model, library.is_inexact_array))
    x = batch(16, 4)
    y = jnp.sum(jnp.sin(x), axis=1, keepdims=True)

    def loss(model, state):
        mapped = library.filter_vmap(
            model, in_axes=(0, None), out_axes=(0, None), axis_name="batch"
        )
        out, state = mapped(x, state)
        return jnp.mean((out - y) ** 2), state

    @library.filter_jit
    def step(model, state, opt_state):
        (value, state), grads = library.filter_value_and_grad(loss, has_aux=True)(model, state)
        updates, opt_state = optimiser.update(grads, opt_state)
        return library.apply_updates(model, updates), state, opt_state, value

    losses = []
    for _ in range(steps):
        model, state, opt_state, value = step(model, state, opt_state)
        losses.append(float(value))
    return losses, arrays(model), arrays(state)


def test_training_steps_are_equinoxs():
    ours, theirs = (train(library) for library in LIBRARIES)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-3)
    assert ours[0][-1] < 0.7 * ours[0][0]
    for some, others in zip(ours[1:], theirs[1:], strict=True):
        for a, b in zip(some, others, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4)


def test_a_training_step_is_traced_once_and_a_loaded_checkpoint_does_not_change_that():
    model, state = nn.make_with_state(Net)(KEY)
    traces = []

    @eqx.filter_jit
    def step(model, state, x):
        traces.append(None)
        return over_batch(model, x, state)[1]

    for _ in range(3):
        state = step(model, state, batch(5, 4))
    # As arrays are that were written to a file: no longer weakly typed.
    state = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)), state)
    step(model, state, batch(5, 4))
    assert len(traces) == 1


def test_a_sequential_hands_a_state_through_layers_that_have_one():
    def make(library):
        nn = library.nn
        return nn.make_with_state(
            lambda: nn.Sequential(
                [
                    nn.Linear(3, 4, key=KEY),
                    nn.BatchNorm(4, "batch", mode="ema"),
                    nn.Lambda(jax.nn.relu),
                    nn.Sequential([nn.Dropout(0.0), nn.BatchNorm(4, "batch", mode="batch")]),
                ]
            )
        )()

    outs = []
    for library in LIBRARIES:
        model, state = make(library)
        assert model.is_stateful()
        assert not model[:1].is_stateful()
        out, state = jax.jit(lambda x, s, model=model: over_batch(model, x, s))(batch(6, 3), state)
        outs.append([out, *arrays(state)])
    for a, b in zip(*outs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    with pytest.raises(TypeError, match=r"`\.layers\[1\]`, a `BatchNorm`, needs a state"):
        make(eqx)[0](jnp.ones(3))


def test_states_of_equinox_checkpoints_fit():
    """The same arrays in the same order: what was saved leaf by leaf is read leaf by leaf."""
    for mode in ("ema", "batch"):
        (_, ours), (_, theirs) = (batch_norm(library=library, mode=mode) for library in LIBRARIES)
        leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(theirs)]
        mine = [np.asarray(leaf) for leaf in jax.tree.leaves(ours)]
        for a, b in zip(mine, leaves, strict=True):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            np.testing.assert_array_equal(a, b)


def test_equinoxs_batch_norm_still_differs_where_we_say_it_does():
    """Should this fail one day, docs/differences.md can be shortened."""
    _, theirs = batch_norm(library=equinox)
    _, ours = batch_norm()
    assert jax.tree.leaves(theirs)[0].weak_type
    assert not jax.tree.leaves(ours)[0].weak_type
