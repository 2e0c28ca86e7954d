"""What layers do beyond their formula: keys, flags, slices, broadcasting, what they trace to."""

import pickle

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)


def test_dropout_keeps_its_probability_and_flag_as_leaves():
    assert jax.tree.leaves(nn.Dropout(0.3)) == [0.3, False]


def test_dropout_zeroes_about_p_and_scales_the_rest():
    x = jnp.ones(10_000)
    out = nn.Dropout(0.25)(x, key=KEY)
    dropped = float(jnp.mean(out == 0))
    assert abs(dropped - 0.25) < 0.02
    np.testing.assert_allclose(out[out != 0], 1 / 0.75, rtol=1e-6)


def test_dropout_is_the_identity_in_inference_and_at_p_zero():
    x = jnp.arange(3.0)
    assert nn.Dropout(0.5, inference=True)(x) is x
    assert nn.Dropout(0.5)(x, inference=True) is x
    assert nn.Dropout(0)(x) is x
    assert nn.Dropout(0.0)(x, inference=False) is x


def test_the_probability_of_dropout_has_no_gradient():
    def loss(p):
        return jnp.sum(nn.Dropout(p)(jnp.ones(8), key=KEY))

    assert jax.grad(loss)(jnp.asarray(0.3)) == 0


class Nested(eqx.Module):
    inference: bool
    dropout: nn.Dropout


class Forwarding(eqx.Module):
    dropout: nn.Dropout

    @property
    def inference(self):
        return self.dropout.inference


def test_inference_mode_sets_every_flag_at_any_depth():
    model = {"a": [Nested(False, nn.Dropout(0.1))], "b": nn.Sequential([nn.Dropout(0.2)]), "c": 3}
    frozen = nn.inference_mode(model)
    assert frozen["a"][0].inference is True
    assert frozen["a"][0].dropout.inference is True
    assert frozen["b"][0].inference is True
    assert frozen["c"] == 3
    back = nn.inference_mode(frozen, value=False)
    assert jax.tree.leaves(back) == jax.tree.leaves(model)
    assert jax.tree.structure(back) == jax.tree.structure(model)


def test_inference_mode_sees_flags_that_are_none_arrays_or_properties():
    assert nn.inference_mode(Nested(None, nn.Dropout(0.1))).inference is True
    assert nn.inference_mode(nn.Dropout(0.1, inference=jnp.asarray(False))).inference is True
    assert nn.inference_mode(Forwarding(nn.Dropout(0.1))).dropout.inference is True


def test_inference_mode_of_a_shared_layer_sets_it_everywhere():
    dropout = nn.Dropout(0.1)
    assert [layer.inference for layer in nn.inference_mode([dropout, dropout])] == [True, True]


def test_inference_mode_without_flags_returns_the_same():
    assert nn.inference_mode({"a": 3}) == {"a": 3}
    linear = nn.Linear(2, 2, key=KEY)
    assert nn.inference_mode(linear).weight is linear.weight


def test_a_sequential_is_a_tuple_of_layers():
    layers = [nn.Identity(), nn.Lambda(jnp.sin), nn.Dropout(0.1)]
    model = nn.Sequential(layers)
    assert len(model) == 3
    assert list(model) == layers
    assert model[1] is layers[1]
    assert model[np.int64(-1)] is layers[2]
    assert type(model[1:]) is nn.Sequential
    assert list(model[1:]) == layers[1:]
    with pytest.raises(IndexError):
        model[3]


def test_a_sequential_gives_each_layer_its_own_key():
    seen = []

    class Spy(eqx.Module):
        def __call__(self, x, *, key=None):
            seen.append(key)
            return x

    model = nn.Sequential([Spy(), Spy()])
    model(1.0, key=KEY)
    for ours, expected in zip(seen, jax.random.split(KEY, 2), strict=True):
        assert (jax.random.key_data(ours) == jax.random.key_data(expected)).all()
    seen.clear()
    model(1.0)
    assert seen == [None, None]


def test_an_empty_sequential_is_the_identity():
    x = jnp.ones(2)
    assert nn.Sequential([])(x) is x
    assert nn.Sequential([])(x, key=KEY) is x


class Counting(nn.StatefulLayer):
    step: int

    def __call__(self, x, state, *, key=None):
        return x + 1, state + self.step


class SometimesStateful(Counting):
    def is_stateful(self):
        return False

    def __call__(self, x, *, key=None):
        return x


def test_a_sequential_hands_the_state_through_stateful_layers_only():
    model = nn.Sequential(
        [Counting(1), nn.Identity(), nn.Sequential([Counting(10)]), SometimesStateful(100)]
    )
    assert model.is_stateful()
    assert model(jnp.zeros(()), 0) == (2, 11)
    assert not nn.Sequential([nn.Identity(), SometimesStateful(1)]).is_stateful()


def test_a_stateful_layer_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        nn.StatefulLayer()


def test_identity_and_lambda_return_what_they_are_given_to():
    marker = object()
    assert nn.Identity(3, name=4)(marker, key=KEY) is marker
    assert nn.Lambda(lambda x: (x, 1))(marker, key=KEY) == (marker, 1)


def test_a_matrix_goes_through_a_linear_without_bias():
    linear = nn.Linear(3, 2, use_bias=False, key=KEY)
    x = jax.random.normal(KEY, (3, 5))
    np.testing.assert_allclose(linear(x), linear.weight @ x, rtol=1e-6)


def test_a_bias_does_not_change_the_weight():
    biased = nn.Linear(3, 2, key=KEY)
    plain = nn.Linear(3, 2, use_bias=False, key=KEY)
    assert plain.bias is None
    np.testing.assert_array_equal(biased.weight, plain.weight)


def test_an_mlp_has_a_slope_for_each_neuron():
    mlp = nn.MLP(3, 2, 5, 4, activation=nn.PReLU(), final_activation=nn.PReLU(0.1), key=KEY)
    assert mlp.activation.negative_slope.shape == (4, 5)
    assert mlp.final_activation.negative_slope.shape == (2,)
    scalar = nn.MLP(3, "scalar", 5, 4, final_activation=nn.PReLU(0.1), key=KEY)
    assert scalar.final_activation.negative_slope.shape == ()


def test_an_mlp_uses_each_neurons_own_slope():
    mlp = nn.MLP(2, 3, 4, 1, activation=nn.PReLU(), key=KEY)
    slopes = jnp.linspace(-1.0, 1.0, 4)[None]
    mlp = eqx.tree_at(lambda m: m.activation.negative_slope, mlp, slopes)
    x = jnp.array([1.0, -2.0])
    hidden = mlp.layers[0](x)
    expected = mlp.layers[1](jnp.where(hidden >= 0, hidden, slopes[0] * hidden))
    np.testing.assert_allclose(mlp(x), expected, rtol=1e-6)


def test_an_mlp_calls_its_activation_on_one_neuron_at_a_time():
    shapes = []

    def activation(x):
        shapes.append(x.shape)
        return x if x.ndim == 0 else jnp.zeros_like(x)

    nn.MLP(3, 2, 5, 2, activation=activation, key=KEY)(jnp.ones(3))
    assert shapes == [(), ()]


def test_an_mlp_scanned_is_the_one_spelled_out():
    scanned = nn.MLP(3, 2, 5, 4, scan=True, key=KEY)
    plain = nn.MLP(3, 2, 5, 4, key=KEY)
    assert len(scanned.layers) == 3
    assert scanned.layers[1].weight.shape == (3, 5, 5)
    x = jnp.arange(3.0)
    np.testing.assert_allclose(scanned(x), plain(x), rtol=1e-5)
    equations = jax.make_jaxpr(scanned)(x).eqns
    assert "scan" in {equation.primitive.name for equation in equations}


def test_the_program_of_a_layer_has_no_calls_of_ours_in_it():
    """Traces are remembered, and yet the program is the one plain calls would give."""
    for layer in (nn.Linear(3, 2, key=KEY), nn.LayerNorm(3)):
        text = jax.jit(layer.__call__).lower(jnp.ones(3)).as_text()
        assert "stablehlo.add" in text
        assert "call @" not in text


def test_the_name_of_a_layer_is_in_the_program():
    text = jax.jit(nn.Linear(3, 2, key=KEY).__call__).lower(jnp.ones(3)).as_text(debug_info=True)
    assert "eqx.nn.Linear" in text


def test_a_causal_mask_hides_what_comes_later():
    attention = nn.MultiheadAttention(2, 4, key=KEY)
    x = jax.random.normal(KEY, (5, 4))
    mask = jnp.tril(jnp.ones((5, 5), bool))
    first = attention(x, x, x, mask)
    changed = x.at[3:].add(1)
    np.testing.assert_allclose(
        attention(changed, changed, changed, mask)[:3], first[:3], rtol=1e-5, atol=1e-6
    )
    each_head = jnp.broadcast_to(mask, (2, 5, 5))
    np.testing.assert_allclose(attention(x, x, x, each_head), first, rtol=1e-6)


def test_a_query_that_may_look_nowhere_has_a_finite_gradient():
    attention = nn.MultiheadAttention(2, 4, key=KEY)

    def loss(x):
        return jnp.sum(attention(x, x, x, jnp.zeros((5, 5), bool)))

    assert jnp.isfinite(jax.grad(loss)(jax.random.normal(KEY, (5, 4)))).all()


def test_a_replaced_projection_is_called_at_each_place():
    attention = nn.MultiheadAttention(2, 4, key=KEY)
    x = jax.random.normal(KEY, (5, 4))
    replaced = eqx.tree_at(
        lambda a: a.query_proj, attention, nn.Sequential([attention.query_proj, nn.Identity()])
    )
    np.testing.assert_allclose(replaced(x, x, x), attention(x, x, x), rtol=1e-6)


def test_heads_can_be_processed():
    attention = nn.MultiheadAttention(2, 4, key=KEY)
    x = jax.random.normal(KEY, (5, 4))
    zeroed = attention(x, x, x, process_heads=lambda q, k, v: (q, k, 0 * v))
    np.testing.assert_array_equal(zeroed, jnp.zeros((5, 4)))


@pytest.mark.parametrize("norm", [nn.LayerNorm, nn.RMSNorm])
def test_half_precision_is_normalised_in_single(norm):
    """The squares overflow float16, so a norm computed in it would be zero."""
    out = norm(4, dtype=jnp.float16)(jnp.array([1.0, -1.0, 2.0, -2.0], jnp.float16) * 1000)
    assert out.dtype == jnp.float16
    np.testing.assert_allclose(out, np.array([1, -1, 2, -2]) / np.sqrt(2.5), rtol=1e-2)


def test_norms_pass_a_state_through():
    marker = object()
    for norm in (nn.LayerNorm(4), nn.RMSNorm(4), nn.GroupNorm(2, 4)):
        out, state = norm(jnp.arange(4.0), marker)
        assert state is marker
        np.testing.assert_array_equal(out, norm(jnp.arange(4.0)))


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 6), st.floats(-100, 100), st.floats(0.1, 100))
def test_layer_norm_forgets_shift_and_scale(size, shift, scale):
    x = jnp.asarray(np.linspace(-1, 1, size), jnp.float32)
    norm = nn.LayerNorm(size, eps=0.0)
    np.testing.assert_allclose(norm(x * scale + shift), norm(x), rtol=2e-2, atol=2e-2)


def test_integers_pool_without_becoming_floats():
    x = jnp.array([[-5, -3, -2, -7]])
    out = nn.MaxPool1d(3, 2, 1)(x)
    assert out.dtype == x.dtype
    np.testing.assert_array_equal(out, [[-3, -2]])
    np.testing.assert_array_equal(nn.MaxPool1d(2)(jnp.array([[True, False, False]])), [[1, 0]])
    np.testing.assert_array_equal(nn.AvgPool1d(2)(jnp.arange(4)[None]), [[0.5, 1.5, 2.5]])


def test_padding_counts_as_zeros_in_an_average():
    out = nn.AvgPool1d(2, 2, use_ceil=True)(jnp.arange(5.0)[None])
    np.testing.assert_array_equal(out, [[0.5, 2.5, 2.0]])


def test_pooling_can_be_differentiated_under_jit():
    x = jnp.arange(6.0)[None]
    for pool in (nn.MaxPool1d(2, 2), nn.AvgPool1d(2, 2), nn.AdaptiveMaxPool1d(2)):
        gradient = jax.jit(jax.grad(lambda x, pool=pool: jnp.sum(pool(x))))(x)
        assert float(jnp.sum(gradient)) == pytest.approx(float(pool(x).size))


def test_among_equal_maxima_the_first_has_the_gradient():
    """As in Equinox, where JAX's own `jnp.maximum` would share it out."""
    x = jnp.zeros((1, 4, 4)).at[0, 1, 1].set(1.0)
    for kernel, stride in ((2, 2), (2, 1), (3, 1)):
        pools = [lib.nn.MaxPool2d(kernel, stride) for lib in (eqx, equinox)]
        ours, theirs = (jax.grad(lambda x, pool=pool: jnp.sum(pool(x)))(x) for pool in pools)
        np.testing.assert_array_equal(ours, theirs)


def test_a_maximum_is_nan_where_its_window_holds_one():
    for place in range(4):
        x = jnp.arange(4.0).at[place].set(jnp.nan)[None]
        out = nn.MaxPool1d(2)(x)
        np.testing.assert_array_equal(jnp.isnan(out), jnp.isnan(equinox.nn.MaxPool1d(2)(x)))


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_windows_by_slices_are_those_of_reduce_window(data):
    size = data.draw(st.integers(1, 4))
    step = data.draw(st.integers(1, 4))
    pad = data.draw(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)))
    length = data.draw(st.integers(size, 9))
    operation, init, dtype = data.draw(
        st.sampled_from(
            [
                (jax.lax.max, -np.inf, jnp.float32),
                (jax.lax.min, np.inf, jnp.float32),
                (jax.lax.add, 0, jnp.int32),
                (jax.lax.mul, 1, jnp.float32),
                (jax.lax.max, -np.inf, jnp.int8),
            ]
        )
    )
    x = jnp.asarray(np.random.default_rng(0).integers(-5, 5, (2, length)), dtype)
    ours = nn.Pool(init, operation, 1, size, step, (pad,))(x)
    lowest = np.asarray(jnp.iinfo(dtype).min if dtype == jnp.int8 else init, dtype)
    expected = jax.lax.reduce_window(x, lowest, operation, (1, size), (1, step), ((0, 0), pad))
    assert ours.dtype == expected.dtype
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.int32])
def test_adaptive_averages_of_equal_pieces_are_equinoxs_in_every_dtype(dtype):
    x = (jax.random.normal(KEY, (2, 6, 40)) * 10).astype(dtype)
    ours, theirs = (lib.nn.AdaptiveAvgPool2d((3, 2))(x) for lib in (eqx, equinox))
    assert ours.dtype == theirs.dtype
    tolerance = 2e-2 if dtype == jnp.bfloat16 else 1e-5
    np.testing.assert_allclose(
        ours.astype("f4"), theirs.astype("f4"), rtol=tolerance, atol=tolerance * 3
    )


def test_large_windows_are_pooled_too():
    x = jax.random.normal(KEY, (2, 40))
    np.testing.assert_allclose(nn.AvgPool1d(40)(x)[:, 0], x.mean(1), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(nn.MaxPool1d(40)(x)[:, 0], x.max(1))


def test_a_pool_reduces_by_any_operation():
    product = nn.Pool(1.0, jax.lax.mul, 1, 2, 2)
    np.testing.assert_array_equal(product(jnp.array([[1.0, 2, 3, 4]])), [[2, 12]])
    middle = nn.AdaptivePool(2, 1, jnp.median)
    np.testing.assert_array_equal(middle(jnp.array([[1.0, 5, 2, 3, 4, 9]])), [[2, 4]])


def test_an_embedding_given_its_table_reads_its_sizes():
    table = jnp.arange(6.0).reshape(3, 2)
    embedding = nn.Embedding(weight=table)
    assert (embedding.num_embeddings, embedding.embedding_size) == (3, 2)
    np.testing.assert_array_equal(jax.vmap(embedding)(jnp.array([2, 0])), table[jnp.array([2, 0])])
    np.testing.assert_array_equal(embedding(7), table[2])


def test_a_recurrent_cell_steps_along_a_sequence():
    cell = nn.LSTMCell(3, 4, key=KEY)
    xs = jax.random.normal(KEY, (6, 3))
    start = (jnp.zeros(4), jnp.zeros(4))
    (scanned, _), _ = jax.lax.scan(lambda state, x: (cell(x, state), None), start, xs)
    state = start
    for x in xs:
        state = cell(x, state)
    np.testing.assert_allclose(scanned, state[0], rtol=1e-5, atol=1e-6)


def test_sizes_given_as_numpy_integers_become_pythons():
    conv = nn.Conv2d(1, 1, np.int64(3), stride=(np.int32(2), 1), key=KEY)
    assert conv.kernel_size == (3, 3)
    assert {type(size) for size in conv.kernel_size + conv.stride} == {int}


def test_a_model_survives_pickling_and_is_not_traced_again():
    traces = []

    @eqx.filter_jit
    def run(model, x):
        traces.append(1)
        return model(x)

    model = nn.Sequential([nn.MLP(3, 2, 4, 1, key=KEY), nn.Lambda(jax.nn.silu), nn.LayerNorm(2)])
    loaded = pickle.loads(pickle.dumps(model))
    assert jax.tree.structure(loaded) == jax.tree.structure(model)
    x = jnp.ones(3)
    np.testing.assert_array_equal(run(model, x), run(loaded, x))
    assert len(traces) == 1


def test_conv_says_same_where_it_keeps_the_size():
    for padding in ("SAME", "same", "Same_Lower"):
        conv = nn.Conv2d(1, 1, 4, padding=padding, key=KEY)
        assert conv(jnp.ones((1, 7, 6))).shape == (1, 7, 6)
    mixed = nn.Conv2d(1, 1, 3, padding=(1, (0, 2)), key=KEY)
    assert mixed.padding == ((1, 1), (0, 2))
    assert mixed(jnp.ones((1, 7, 6))).shape == (1, 7, 6)
