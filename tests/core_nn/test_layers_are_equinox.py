"""Each layer against the one of Equinox: names, arguments, fields, initial values."""

import dataclasses
import functools
import inspect
import itertools

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from layer_cases import CASES, LIBRARIES, ONE_CASE_EACH, arrays, made_abstractly, sequential, x64

import eqxcore

each_case = pytest.mark.parametrize("case", CASES, ids=str)

LAYERS = sorted(
    name
    for name, value in vars(eqxcore.nn).items()
    if isinstance(value, type) and issubclass(value, eqxcore.Module)
)


def test_the_public_names_are_equinoxs():
    def public(library):
        return {
            name
            for name, value in vars(library.nn).items()
            if not name.startswith("_") and not inspect.ismodule(value)
        }

    assert public(eqxcore) == public(equinox)


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

    if method == "__call__" and name in ("StatefulLayer", "StateIndex"):
        return  # They have none: the one is abstract, and the other is no layer.
    ours = parameters(eqxcore)
    if (name, method) == ("PReLU", "__call__"):
        # Ours takes the `key` that `Sequential` gives to every layer.
        assert ours.pop() == ("key", inspect.Parameter.KEYWORD_ONLY)
    assert ours == parameters(equinox)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_has_the_defaults_of_equinox(name):
    def defaults(library):
        parameters = inspect.signature(getattr(library.nn, name).__init__).parameters.values()
        # Of what a factory makes, each library has a placeholder of its own.
        return {
            p.name: str(p.default) if "factory" in str(p.default) else p.default
            for p in parameters
            if not callable(p.default)
        }

    assert defaults(eqxcore) == defaults(equinox)


@pytest.mark.parametrize("name", ["make_with_state", "delete_init_state", "inference_mode"])
def test_a_function_takes_the_arguments_of_equinox(name):
    ours, theirs = (inspect.signature(getattr(library.nn, name)) for library in LIBRARIES)
    assert [(p.name, p.kind, p.default) for p in ours.parameters.values()] == [
        (p.name, p.kind, p.default) for p in theirs.parameters.values()
    ]


@pytest.mark.parametrize("name", ["__init__", "get", "set", "update", "substate"])
def test_a_state_takes_the_arguments_of_equinox(name):
    ours, theirs = (inspect.signature(getattr(library.nn.State, name)) for library in LIBRARIES)
    assert list(ours.parameters) == list(theirs.parameters)


def test_the_cases_cover_every_layer():
    no_layers = {"Sequential", "StatefulLayer", "StateIndex"}
    assert {case.name for case in CASES} | no_layers == set(LAYERS)


@each_case
def test_a_layer_has_the_leaves_and_static_values_of_equinoxs(case):
    (ours, state), (theirs, their_state) = (made_abstractly(case, lib) for lib in LIBRARIES)
    pairs = zip(*(jax.tree_util.tree_leaves_with_path(x) for x in (ours, theirs)), strict=True)
    for (path, a), (their_path, b) in pairs:
        assert jax.tree_util.keystr(path) == jax.tree_util.keystr(their_path)
        if equinox.is_array(b):
            assert (a.shape, a.dtype, a.weak_type) == (b.shape, b.dtype, b.weak_type)
        elif not callable(b) and repr(b) != "SharedNode":
            assert type(a) is type(b)
            assert a == b
    for a, b in zip(*map(jax.tree.leaves, (state, their_state)), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
    for field in dataclasses.fields(theirs):
        if field.metadata.get("static", False):
            assert getattr(ours, field.name) == getattr(theirs, field.name)


def test_a_state_has_the_names_of_equinoxs():
    for case in CASES:
        if case.stateful:
            ours, theirs = (made_abstractly(case, library)[1] for library in LIBRARIES)
            named, theirs_named = (
                # Our counter is not weakly typed, which moves where lines break.
                "".join(str(state).replace("weak_", "").split())
                for state in (ours, theirs)
            )
            assert named == theirs_named


FRESH = [case for case in ONE_CASE_EACH if case.keyed]


@pytest.mark.parametrize("case", FRESH, ids=str)
def test_a_fresh_layer_is_equinoxs_to_the_bit(case):
    ours, theirs = (arrays(case.make(library)) for library in LIBRARIES)
    for a, b in zip(ours, theirs, strict=True):
        if case.name == "SpectralNorm":
            # Its vectors come out of fifteen matrix products, here in a loop.
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
        else:
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_fresh_layers_of_other_dtypes_are_equinoxs_to_the_bit(dtype):
    with x64(dtype == "float64"):
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
