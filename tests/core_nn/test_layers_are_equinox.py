"""Each layer against the one of Equinox: fields, initial values, outputs and gradients."""

import dataclasses
import functools
import inspect
import itertools

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from layer_cases import CASES, LIBRARIES, Case, arrays, sequential

import eqxcore

each_case = pytest.mark.parametrize("case", CASES, ids=str)

ONE_CASE_EACH = list({case.name: case for case in reversed(CASES)}.values())

LAYERS = sorted(
    name
    for name, value in vars(eqxcore.nn).items()
    if isinstance(value, type) and issubclass(value, eqxcore.Module)
)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_has_the_fields_of_equinox_in_its_order_and_as_static(name):
    def fields(library):
        return [
            (f.name, f.metadata.get("static", False))
            for f in dataclasses.fields(getattr(library.nn, name))
        ]

    assert fields(eqxcore) == fields(equinox)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("method", ["__init__", "__call__"])
def test_a_layer_takes_the_arguments_of_equinox(name, method):
    def parameters(library):
        signature = inspect.signature(getattr(getattr(library.nn, name), method))
        return [(p.name, p.kind) for p in signature.parameters.values()]

    if name == "StatefulLayer":
        return
    ours = parameters(eqxcore)
    if (name, method) == ("PReLU", "__call__"):
        # Ours takes the `key` that `Sequential` gives to every layer.
        assert ours.pop() == ("key", inspect.Parameter.KEYWORD_ONLY)
    assert ours == parameters(equinox)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_has_the_defaults_of_equinox(name):
    def defaults(library):
        parameters = inspect.signature(getattr(library.nn, name).__init__).parameters.values()
        return {p.name: p.default for p in parameters if not callable(p.default)}

    assert defaults(eqxcore) == defaults(equinox)


def test_the_cases_cover_every_layer():
    assert {case.name for case in CASES} | {"Sequential", "StatefulLayer"} == set(LAYERS)


def made_abstractly(case, library, **more):
    """The layer with tracers for arrays: nothing is compiled."""
    made = []
    jax.make_jaxpr(lambda: made.append(case.make(library, **more)))()
    return made[0]


def made_of_numbers(case, library, **more):
    """The layer with other numbers for its arrays, the same for both libraries.

    Making a layer compiles a program for each shape, which is most of the time these tests take.
    And norms that scale by ones, and shift by zeros, would hide a mistake.
    """
    rng = np.random.default_rng(5)

    def number(leaf):
        if not equinox.is_array(leaf):
            return leaf
        return jnp.asarray(rng.normal(size=leaf.shape) / 2, leaf.dtype)

    return jax.tree.map(number, made_abstractly(case, library, **more))


@each_case
def test_a_layer_has_the_leaves_and_static_values_of_equinoxs(case):
    ours, theirs = (made_abstractly(case, library) for library in LIBRARIES)
    pairs = zip(*(jax.tree_util.tree_leaves_with_path(x) for x in (ours, theirs)), strict=True)
    for (path, a), (their_path, b) in pairs:
        assert jax.tree_util.keystr(path) == jax.tree_util.keystr(their_path)
        if equinox.is_array(b):
            assert (a.shape, a.dtype, a.weak_type) == (b.shape, b.dtype, b.weak_type)
        elif not callable(b):
            assert type(a) is type(b)
            assert a == b
    for field in dataclasses.fields(theirs):
        if field.metadata.get("static", False):
            assert getattr(ours, field.name) == getattr(theirs, field.name)


@pytest.mark.parametrize("case", [case for case in ONE_CASE_EACH if case.keyed], ids=str)
def test_a_fresh_layer_is_equinoxs_to_the_bit(case):
    ours, theirs = (arrays(case.make(library)) for library in LIBRARIES)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def output_and_gradient(case, library):
    def loss(layer_and_inputs):
        layer, inputs = layer_and_inputs
        out = case.call(layer, inputs)
        weighted = [jnp.sum(jnp.sin(x + 0.3)) for x in jax.tree.leaves(out)]
        return sum(weighted), out

    pair = (made_of_numbers(case, library), case.inputs())
    # Jitted, which compiles one program and not one for each operation.
    run = library.filter_jit(library.filter_value_and_grad(loss, has_aux=True))
    (_, out), grads = run(pair)
    return arrays(out), arrays(grads)


@each_case
def test_outputs_and_gradients_are_equinoxs_to_round_off(case):
    ours, theirs = (output_and_gradient(case, library) for library in LIBRARIES)
    for some, others in zip(ours, theirs, strict=True):
        for a, b in zip(some, others, strict=True):
            assert a.shape == b.shape
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


def mapped_and_jitted(case, library):
    layer, inputs = made_of_numbers(case, library), case.inputs()
    batch = jax.tree.map(lambda x: jnp.stack([x, x + 1, -x]), inputs)

    @library.filter_jit
    def run(layer, batch):
        return library.filter_vmap(lambda inputs: case.call(layer, inputs))(batch)

    return arrays(run(layer, batch))


@pytest.mark.parametrize("case", ONE_CASE_EACH, ids=str)
def test_mapped_and_jitted_outputs_are_equinoxs_to_round_off(case):
    results = [mapped_and_jitted(case, library) for library in LIBRARIES]
    for a, b in zip(*results, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


def takes_dtype(case: Case) -> bool:
    return "dtype" in inspect.signature(getattr(equinox.nn, case.name).__init__).parameters


def output(case, library, layer, inputs):
    return arrays(library.filter_jit(case.call)(layer, inputs))


DTYPE_CASES = [
    case
    for case in ONE_CASE_EACH
    if takes_dtype(case) and case.name not in ("Conv", "Conv2d", "Conv3d", "MLP")
    and not case.name.startswith("ConvTranspose")
]  # fmt: skip


@pytest.mark.parametrize("case", DTYPE_CASES, ids=str)
def test_bfloat16_layers_stay_bfloat16_and_are_equinoxs(case):
    outputs = []
    for library in LIBRARIES:
        layer = made_of_numbers(case, library, dtype=jnp.bfloat16)
        assert all(array.dtype == jnp.bfloat16 for array in arrays(layer))
        outputs.append(output(case, library, layer, case.inputs(jnp.bfloat16)))
    for a, b in zip(*outputs, strict=True):
        assert a.dtype == b.dtype == jnp.bfloat16
        np.testing.assert_allclose(a.astype("f4"), b.astype("f4"), rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("case", DTYPE_CASES, ids=str)
def test_under_x64_layers_are_float64_and_equinoxs(case):
    outputs = []
    with jax.enable_x64(True):
        for library in LIBRARIES:
            layer = made_of_numbers(case, library)
            assert all(array.dtype == np.float64 for array in arrays(layer))
            outputs.append(output(case, library, layer, case.inputs(jnp.float64)))
    for a, b in zip(*outputs, strict=True):
        assert a.dtype == b.dtype == np.float64
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_fresh_layers_of_other_dtypes_are_equinoxs_to_the_bit(dtype):
    with jax.enable_x64(dtype == "float64"):
        for name, args in (("Linear", (3, 4)), ("Embedding", (5, 3)), ("GRUCell", (3, 6))):
            ours, theirs = (
                arrays(getattr(library.nn, name)(*args, dtype=dtype, key=jax.random.key(2)))
                for library in LIBRARIES
            )
            for a, b in zip(ours, theirs, strict=True):
                assert a.dtype == b.dtype
                np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["Linear", "Conv1d"])
def test_complex_layers_are_equinoxs(name):
    args = (3, 4) if name == "Linear" else (3, 4, 2)
    ours, theirs = (
        getattr(library.nn, name)(*args, dtype=jnp.complex64, key=jax.random.key(2))
        for library in LIBRARIES
    )
    for a, b in zip(arrays(ours), arrays(theirs), strict=True):
        assert a.dtype == b.dtype == np.complex64
        np.testing.assert_array_equal(a, b)


def test_keys_of_the_old_style_give_the_same_layer():
    ours = eqxcore.nn.Linear(3, 4, key=jax.random.PRNGKey(5))
    theirs = equinox.nn.Linear(3, 4, key=jax.random.PRNGKey(5))
    np.testing.assert_array_equal(ours.weight, theirs.weight)


def test_a_sequential_is_equinoxs_with_and_without_a_state():
    ours, theirs = (sequential(library) for library in LIBRARIES)
    x, key = jnp.arange(3.0), jax.random.key(4)
    np.testing.assert_allclose(ours(x, key=key), theirs(x, key=key), rtol=1e-6)
    out, state = ours(x, "any state", key=key)
    assert state == "any state"
    np.testing.assert_allclose(out, theirs(x, key=key), rtol=1e-6)


def operations(jaxpr):
    """The equations of a jaxpr, and those of what is to be inlined when it is compiled.

    JAX before 0.11 inlines while it traces, and later ones while they lower.
    """
    for equation in jaxpr.eqns:
        inner = equation.params.get("jaxpr") if equation.params.get("inline", True) else None
        if equation.primitive.name in ("jit", "pjit") and inner is not None:
            yield from operations(inner)
        else:
            yield equation


def transposed_convolution(library, mode, **sizes):
    """The convolution behind a transposed one: its shapes and parameters, without running it."""
    make = functools.partial(library.nn.ConvTranspose1d, 2, 3, padding_mode=mode, **sizes)
    jaxpr = jax.make_jaxpr(lambda x: make(key=jax.random.key(0))(x))(jnp.ones((2, 7)))
    (convolution,) = (e for e in operations(jaxpr) if e.primitive.name == "conv_general_dilated")
    names = ("padding", "lhs_dilation", "rhs_dilation", "window_strides", "feature_group_count")
    shapes = [v.aval.shape for v in (*convolution.invars, *convolution.outvars)]
    return shapes, {name: convolution.params[name] for name in names}


@pytest.mark.parametrize("padding", ["SAME", "SAME_LOWER", "VALID", 1])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_transposed_convolutions_are_padded_as_equinoxs(padding, stride):
    for kernel, dilation, output_padding in itertools.product((1, 2, 3), (1, 2), range(stride)):
        sizes = {
            "kernel_size": kernel, "stride": stride, "dilation": dilation,
            "padding": padding, "output_padding": output_padding,
        }  # fmt: skip
        circular = padding in ("SAME", "SAME_LOWER") and not output_padding
        for mode in ("ZEROS", "CIRCULAR") if circular else ("ZEROS",):
            ours, theirs = (transposed_convolution(lib, mode, **sizes) for lib in LIBRARIES)
            assert ours == theirs, (mode, sizes)


def test_the_transpose_is_that_of_the_convolution():
    """`<conv(x), y> == <x, transpose(y)>`, which is what transposing means."""
    conv = eqxcore.nn.Conv1d(2, 3, 3, stride=2, padding=1, use_bias=False, key=jax.random.key(0))
    transpose = eqxcore.nn.ConvTranspose1d(
        3, 2, 3, stride=2, padding=1, use_bias=False, key=jax.random.key(0)
    )
    flipped = jnp.flip(jnp.swapaxes(conv.weight, 0, 1), -1)
    transpose = eqxcore.tree_at(lambda layer: layer.weight, transpose, flipped)
    x = jax.random.normal(jax.random.key(1), (2, 7))
    y = jax.random.normal(jax.random.key(2), (3, 4))
    np.testing.assert_allclose(
        jnp.vdot(conv(x), y), jnp.vdot(x, transpose(y)), rtol=1e-5, atol=1e-5
    )
