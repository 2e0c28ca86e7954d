"""Each layer's outputs, new state and gradients against those of Equinox, in three dtypes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from layer_cases import CASES, LIBRARIES, ONE_CASE_EACH, arrays, made_of_numbers, x64

import eqxcore


def results(case, library, made, inputs):
    """Outputs and new state; gradients of a function of them for layer and inputs."""

    def loss(layer_and_inputs, state):
        layer, inputs = layer_and_inputs
        out = case.call(layer, state, inputs)
        y = out[0] if case.stateful else out
        weighted = [jnp.sum(jnp.sin(x + 0.3)) for x in jax.tree.leaves(y)]
        return sum(weighted), out

    layer, state = made
    # Jitted, which compiles one program and not one for each operation.
    run = library.filter_jit(library.filter_value_and_grad(loss, has_aux=True))
    (_, out), grads = run((layer, inputs), state)
    return arrays(out), arrays(grads)


def pairs(*sides):
    """The arrays of two results side by side, after a look at shapes and dtypes."""
    found = []
    for some, others in zip(*sides, strict=True):
        for a, b in zip(some, others, strict=True):
            assert a.shape == b.shape
            assert a.dtype == b.dtype
            assert np.isfinite(a.astype("f4")).all()
            found.append((a, b))
    return found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_outputs_and_gradients_are_equinoxs_to_round_off(case):
    ours, theirs = (
        results(case, library, made_of_numbers(case, library), case.inputs())
        for library in LIBRARIES
    )
    for a, b in pairs(ours, theirs):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=4e-6)


# Another number of dimensions is another case of the same code, and costs as much to compile.
OF_SAME_CODE = {"Conv", "Conv3d", "ConvTranspose", "ConvTranspose2d", "ConvTranspose3d"}
ONE_OF_A_KIND = [case for case in ONE_CASE_EACH if case.name not in OF_SAME_CODE]
DTYPE_CASES = [case for case in ONE_OF_A_KIND if case.takes_dtype]


@pytest.mark.parametrize("case", DTYPE_CASES, ids=str)
def test_under_x64_layers_are_float64_and_equinoxs(case):
    sides = []
    with x64():
        for library in LIBRARIES:
            made = made_of_numbers(case, library)
            assert all(array.dtype == np.float64 for array in arrays(made[0]))
            sides.append(results(case, library, made, case.inputs(jnp.float64)))
    for a, b in pairs(*sides):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def widened(tree):
    """The same numbers in float32, for those in bfloat16."""

    def widen(leaf):
        is_narrow = eqxcore.is_array(leaf) and leaf.dtype == jnp.bfloat16
        return leaf.astype(jnp.float32) if is_narrow else leaf

    return jax.tree.map(widen, tree)


@pytest.mark.parametrize("case", DTYPE_CASES, ids=str)
def test_in_bfloat16_layers_are_as_near_to_what_is_right_as_equinoxs(case):
    """Not the same to the bit: where Equinox rounds every step, ours may round the last."""
    inputs = case.inputs(jnp.bfloat16)
    made = {library: made_of_numbers(case, library, dtype=jnp.bfloat16) for library in LIBRARIES}
    assert all(array.dtype == jnp.bfloat16 for array in arrays(made[eqxcore][0]))
    ours, theirs = (results(case, library, made[library], inputs) for library in LIBRARIES)
    if case.name == "RotaryPositionalEmbedding":
        wide = (eqxcore.nn.RotaryPositionalEmbedding(*case.args, dtype=jnp.float32), None)
    else:
        wide = widened(made[eqxcore])
    exact = results(case, eqxcore, wide, widened(inputs))
    exact_arrays = [array for side in exact for array in side]
    for (a, b), c in zip(pairs(ours, theirs), exact_arrays, strict=True):
        assert a.dtype == jnp.bfloat16 or a.dtype == c.dtype
        a, b, c = (x.astype("f4") for x in (a, b, c))
        # One unit in the last place of the largest, whatever Equinox's error.
        unit = 2.0**-8 * max(np.abs(c).max(initial=0.0), 1.0)
        assert np.abs(a - c).max(initial=0.0) <= np.abs(b - c).max(initial=0.0) + unit


def mapped_and_jitted(case, library):
    (layer, state), inputs = made_of_numbers(case, library), case.inputs()
    batch = jax.tree.map(lambda x: jnp.stack([x, x + 1, -x]), inputs)

    @library.filter_jit
    def run(layer, state, batch):
        return library.filter_vmap(lambda inputs: case.call(layer, state, inputs))(batch)

    return arrays(run(layer, state, batch))


@pytest.mark.parametrize("case", [case for case in ONE_OF_A_KIND if case.shapes], ids=str)
def test_mapped_and_jitted_outputs_are_equinoxs_to_round_off(case):
    sides = [mapped_and_jitted(case, library) for library in LIBRARIES]
    for a, b in zip(*sides, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)
