"""Live objects of the real libraries: every analysis, in every format that is text.

What each says of its own is tested where it lives; here it is that nothing is missing for anybody:
the leaves are JAX's, and every array is on every page.
"""

import json

import equinox
import jax
import jax.numpy as jnp
import optax
import pytest
from flax import linen, nnx
from flax.training.train_state import TrainState

import eqxcore as eqx
import eqxview
from eqxview.inspect.analyses import ANALYSES

KEY = jax.random.key(0)


class LinenNet(linen.Module):
    @linen.compact
    def __call__(self, x):
        return linen.Dense(2)(linen.relu(linen.Dense(3)(x)))


class NnxNet(nnx.Module):
    def __init__(self, rngs):
        self.first = nnx.Linear(2, 3, rngs=rngs)
        self.drop = nnx.Dropout(0.1, rngs=rngs)


def linen_params():
    return LinenNet().init(KEY, jnp.ones((1, 2)))


def train_state():
    net = LinenNet()
    return TrainState.create(apply_fn=net.apply, params=linen_params(), tx=optax.sgd(0.1))


def optax_state():
    model = equinox.nn.MLP(2, 3, 4, 1, key=KEY)
    chain = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1e-3))
    return chain.init(equinox.filter(model, equinox.is_inexact_array))


LIBRARIES = {
    "equinox": lambda: equinox.nn.MLP(2, 3, 4, 1, key=KEY),
    "equinox state": lambda: equinox.nn.make_with_state(equinox.nn.BatchNorm)(
        3, axis_name="batch", mode="ema"
    ),
    "eqxcore": lambda: eqx.nn.MLP(2, 3, 4, 1, key=KEY),
    "flax linen": linen_params,
    "flax train state": train_state,
    "flax nnx state": lambda: nnx.state(NnxNet(nnx.Rngs(0))),
    "optax": optax_state,
    "dicts": lambda: {"w": jnp.ones((2, 3)), "opt": [jnp.zeros(2), (jnp.ones(()), None)], "n": 3},
}


@pytest.fixture(params=LIBRARIES, scope="module")
def pytree(request):
    return LIBRARIES[request.param]()


@pytest.fixture(scope="module")
def leaves(pytree):
    return jax.tree_util.tree_leaves_with_path(pytree)


def test_the_leaves_are_those_of_jax(pytree, leaves):
    listed = json.loads(eqxview.show(pytree).draw("json"))["leaves"]
    assert [leaf["path"] for leaf in listed] == [jax.tree_util.keystr(path) for path, _ in leaves]
    for told, (_, leaf) in zip(listed, leaves, strict=True):
        if eqx.is_array(leaf):
            assert told["role"] == "dynamic"
            assert told["shape"] == list(leaf.shape)
            assert told["dtype"] == str(leaf.dtype)
        else:
            assert told["role"] == "static leaf"
            assert told["shape"] is None


@pytest.mark.parametrize("format", ["text", "json", "html", "dot"])
@pytest.mark.parametrize("view", [analysis.name for analysis in ANALYSES])
def test_every_analysis_is_drawn_in_every_format(pytree, leaves, view, format):
    drawn = eqxview.show(pytree, view=view).draw(format)
    assert "not shown" not in drawn
    assert "raised" not in drawn
    # The type of the first array stands on every page, whatever the view and the format; a
    # placement folds what is placed alike.
    if view != "placement":
        first = next(leaf for _, leaf in leaves if eqx.is_array(leaf))
        size = ",".join(map(str, first.shape))
        assert f"[{size}]" in drawn or f'"shape": [{size.replace(",", ", ")}]' in drawn


def test_a_partition_by_callable_is_that_of_equinox(pytree):
    report = eqxview.partition(pytree, eqx.is_inexact_array).report
    selected, rest = equinox.partition(pytree, equinox.is_inexact_array)
    assert report.selected.leaves == len(jax.tree_util.tree_leaves(selected))
    assert report.rest.leaves == len(jax.tree_util.tree_leaves(rest))


def test_a_copy_does_not_differ_and_a_changed_array_does(pytree):
    doubled = jax.tree_util.tree_map(
        lambda leaf: (
            leaf * 2 + 1
            if eqx.is_inexact_array(leaf)
            and not jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)
            else leaf
        ),
        pytree,
    )
    assert not eqxview.diff(pytree, jax.tree_util.tree_map(lambda leaf: leaf, pytree)).changes
    changed = eqxview.diff(pytree, doubled).changes
    assert {change.kind.value for change in changed} == {"value"}
