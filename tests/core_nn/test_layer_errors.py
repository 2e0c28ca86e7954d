"""A mistake made with a layer is reported where it is made: what, what was expected, the fix."""

import re

import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)


def says(*parts: str) -> str:
    """A pattern that wants all parts, in this order."""
    return "(?s)" + ".*".join(re.escape(part) for part in parts)


def linear():
    return nn.Linear(3, 2, key=KEY)


def conv():
    return nn.Conv2d(3, 4, 3, key=KEY)


def attention():
    return nn.MultiheadAttention(2, 4, key=KEY)


def stack():
    return eqx.filter_vmap(lambda key: nn.Linear(3, 2, key=key))(jax.random.split(KEY, 5))


CALLS = {
    "a vector of another length": (
        lambda: linear()(jnp.ones(4)), ValueError, ("(4,)", "expected shape (3,)", "(2, 3)")),
    "a batch": (
        lambda: linear()(jnp.ones((7, 3))), ValueError, ("(7, 3)", "jax.vmap(linear)(x)")),
    "a matrix, though it multiplies, for the bias would be added to the wrong axis": (
        lambda: linear()(jnp.ones((3, 2))), ValueError, ("(3, 2)", "expected shape (3,)")),
    "a vector for a scalar": (
        lambda: nn.Linear("scalar", 2, key=KEY)(jnp.ones(1)), ValueError, ("expected shape ()",)),
    "a stack of layers called as one": (
        lambda: stack()(jnp.ones(3)), ValueError, ("(5, 2, 3)", "stack", "filter_vmap")),
    "a weight replaced without its size": (
        lambda: eqx.tree_at(lambda layer: layer.weight, linear(), jnp.ones((2, 9)))(jnp.ones(3)),
        ValueError, ("(2, 9)", "in_features")),
    "integers for parameters": (
        lambda: nn.Linear(3, 2, dtype=int, key=KEY), ValueError, ("int", "floating-point")),
    "a batch of images": (
        lambda: conv()(jnp.ones((7, 3, 8, 8))), ValueError, ("rank 3", "(7, 3, 8, 8)", "jax.vmap")),
    "an image without channels": (
        lambda: conv()(jnp.ones((8, 8))), ValueError, ("rank 3", "(8, 8)", "x[None]")),
    "channels last": (
        lambda: conv()(jnp.ones((8, 8, 3))), ValueError, ("8 channels", "moveaxis")),
    "an image of another dtype": (
        lambda: conv()(jnp.ones((3, 8, 8), jnp.bfloat16)), TypeError,
        ("bfloat16", "float32", "x.astype('float32')")),
    "a kernel of another rank": (
        lambda: nn.Conv2d(3, 4, (3, 3, 3), key=KEY), ValueError, ("kernel_size", "expected 2")),
    "an unknown padding": (
        lambda: nn.Conv2d(3, 4, 3, padding="reflect", key=KEY), ValueError,
        ("'reflect'", "'SAME_LOWER'", "padding_mode=")),
    "too many paddings": (
        lambda: nn.Conv2d(3, 4, 3, padding=(1, 2, 3), key=KEY), ValueError, ("(1, 2, 3)", "2")),
    "a padding of three": (
        lambda: nn.Conv2d(3, 4, 3, padding=((1, 2, 3), 1), key=KEY), ValueError, ("(1, 2, 3)",)),
    "an unknown padding mode": (
        lambda: nn.Conv2d(3, 4, 3, padding_mode="same", key=KEY), ValueError, ("'CIRCULAR'",)),
    "groups that do not divide": (
        lambda: nn.Conv2d(3, 4, 3, groups=2, key=KEY), ValueError,
        ("`in_channels` (=3)", "`groups` (=2)")),
    "groups that do not divide the output": (
        lambda: nn.Conv2d(3, 4, 3, groups=3, key=KEY), ValueError, ("`out_channels` (=4)",)),
    "an output padding of a stride": (
        lambda: nn.ConvTranspose2d(3, 4, 3, output_padding=1, key=KEY), ValueError,
        ("(1, 1)", "output_padding < stride")),
    "a reflected transposed convolution": (
        lambda: nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect", key=KEY),
        NotImplementedError, ("'REFLECT'", "'CIRCULAR'")),
    "a circular transposed convolution of numeric padding": (
        lambda: nn.ConvTranspose2d(3, 4, 3, padding=1, padding_mode="circular", key=KEY),
        NotImplementedError, ("'SAME'",)),
    "a circular transposed convolution with output padding": (
        lambda: nn.ConvTranspose1d(
            3, 4, 3, 2, output_padding=1, padding="same", padding_mode="circular", key=KEY),
        NotImplementedError, ("output_padding",)),
    "dropout without a key": (
        lambda: nn.Dropout(0.3)(jnp.ones(3)), RuntimeError,
        ("requires a key", "0.3", "inference_mode")),
    "a stateful layer without its state": (
        lambda: nn.Sequential([Counting()])(jnp.ones(3)), TypeError,
        (".layers[0]", "Counting", "make_with_state")),
    "an index that is no index": (
        lambda: nn.Sequential([])["a"], TypeError, ("'a'", "slice")),
    "a normalised batch": (
        lambda: nn.LayerNorm(3)(jnp.ones((7, 3))), ValueError,
        ("(7, 3)", "(3,)", "jax.vmap(layernorm)")),
    "a batch of another normalisation": (
        lambda: nn.RMSNorm(3)(jnp.ones((7, 3))), ValueError, ("(7, 3)", "(3,)")),
    "groups that do not divide the channels": (
        lambda: nn.GroupNorm(2, 3), ValueError, ("2", "3", "divide")),
    "groups of unknown channels": (
        lambda: nn.GroupNorm(2), ValueError, ("channels", "GroupNorm(groups, channels)")),
    "other channels than were normalised": (
        lambda: nn.GroupNorm(2, 4)(jnp.ones((6, 3))), ValueError, ("(6, 3)", "4")),
    "channels that groups do not divide": (
        lambda: nn.GroupNorm(2, channelwise_affine=False)(jnp.ones((3, 3))), ValueError,
        ("(3, 3)", "a multiple of 2")),
    "no channels at all": (
        lambda: nn.GroupNorm(1, 1)(jnp.ones(())), ValueError, ("()",)),
    "no slope": (lambda: nn.PReLU(None), ValueError, ("init_alpha=None",)),
    "several indices": (
        lambda: nn.Embedding(3, 2, key=KEY)(jnp.array([0, 1])), ValueError,
        ("(2,)", "jax.vmap(embedding)")),
    "an index that is no integer": (
        lambda: nn.Embedding(3, 2, key=KEY)(1.0), TypeError, ("float32", "astype(int)")),
    "a negative number of embeddings": (
        lambda: nn.Embedding(-3, 2, key=KEY), ValueError, ("(-3, 2)", "0 or more")),
    "a negative number of features": (
        lambda: nn.Linear(2, -3, key=KEY), ValueError, ("(-3, 2)", "0 or more")),
    "a negative hidden size": (
        lambda: nn.GRUCell(2, -3, key=KEY), ValueError, ("-3", "0 or more")),
    "nothing to embed with": (
        lambda: nn.Embedding(3, 2), ValueError, ("no key", "key=key")),
    "an embedding of other sizes": (
        lambda: nn.Embedding(3, 2, jnp.ones((4, 2))), ValueError, ("(4, 2)", "num_embeddings=3")),
    "attention on a batch": (
        lambda: attention()(*[jnp.ones((7, 5, 4))] * 3), ValueError,
        ("`query`", "(7, 5, 4)", "jax.vmap(attention)")),
    "fewer values than keys": (
        lambda: attention()(jnp.ones((5, 4)), jnp.ones((6, 4)), jnp.ones((7, 4))), ValueError,
        ("6 keys", "7 values")),
    "a mask of another shape": (
        lambda: attention()(*[jnp.ones((5, 4))] * 3, mask=jnp.ones((4, 4), bool)), ValueError,
        ("(4, 4)", "(5, 5)", "(2, 5, 5)")),
    "heads of another shape": (
        lambda: attention()(
            *[jnp.ones((5, 4))] * 3, process_heads=lambda q, k, v: (q[:1], k, v)), ValueError,
        ("(1, 2, 2)", "must not change the shape")),
    "a sequence for a cell": (
        lambda: nn.GRUCell(3, 4, key=KEY)(jnp.ones((9, 3)), jnp.ones(4)), ValueError,
        ("`input`", "(9, 3)", "(3,)", "jax.lax.scan")),
    "a memory of another size": (
        lambda: nn.LSTMCell(3, 4, key=KEY)(jnp.ones(3), (jnp.ones(4), jnp.ones(5))), ValueError,
        ("`hidden[1]`", "(5,)", "(4,)")),
    "a padding as large as the kernel": (
        lambda: nn.MaxPool2d(3, 2, 3)(jnp.ones((2, 9, 9))), RuntimeError, ("3", "less")),
    "an image smaller than the kernel": (
        lambda: nn.MaxPool2d(3)(jnp.ones((2, 2, 9))), ValueError, ("(2, 2, 9)", "(3, 3)")),
    "padding by name": (
        lambda: nn.MaxPool2d(3, padding="same"), ValueError, ("'same'", "int")),
    "pooling a batch": (
        lambda: nn.AvgPool2d(2)(jnp.ones((7, 2, 9, 9))), ValueError, ("AvgPool2d", "jax.vmap")),
    "pooling to more than there is": (
        lambda: nn.AdaptiveAvgPool1d(9)(jnp.ones((2, 8))), ValueError, ("(2, 8)", "(9,)")),
    "a static flag": (
        lambda: nn.inference_mode(StaticFlag(False)), TypeError,
        ("StaticFlag.inference", "static", "inference: bool")),
}  # fmt: skip


class Counting(nn.StatefulLayer):
    def __call__(self, x, state, *, key=None):
        return x, state + 1


class StaticFlag(eqx.Module):
    inference: bool = eqx.field(static=True)


@pytest.mark.parametrize("call", CALLS)
def test_a_mistake_is_named_with_what_was_expected_and_the_fix(call):
    make, error, parts = CALLS[call]
    with pytest.raises(error, match=says(*parts)):
        make()


def test_a_plain_function_among_layers_is_told_about_lambda():
    with pytest.raises(TypeError) as caught:
        nn.Sequential([jax.nn.relu])(jnp.ones(3))
    note = "\n".join(caught.value.__notes__)
    assert ".layers[0]" in note
    assert "eqx.nn.Lambda" in note


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Dropout(0.5, deterministic=True),
        lambda: nn.Dropout(0.0)(jnp.ones(2), deterministic=True),
        lambda: nn.LayerNorm(2, elementwise_affine=False),
        lambda: attention()(*[jnp.ones((5, 4))] * 3, deterministic=True),
    ],
)
def test_old_arguments_still_work_and_warn_at_the_line_that_has_them(make):
    with pytest.warns(UserWarning, match="is deprecated in favour of") as caught:
        make()
    assert caught[0].filename == __file__


def test_dropout_tells_whether_it_is_in_inference_by_the_old_name_too():
    assert nn.Dropout(0.5, inference=True).deterministic is True
    assert nn.Dropout(0.5).deterministic is False
