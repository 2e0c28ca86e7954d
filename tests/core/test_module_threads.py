"""Eight threads that use one model at once: what Modules remember is right in all of them."""

import random
import sys
import threading
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx


class Layer(eqx.Module):
    w: Any
    n: int = eqx.field(static=True)


class Model(eqx.Module):
    layers: Any
    named: Any


@eqx.filter_jit
def one_more(model):
    return jax.tree.map(lambda leaf: leaf + 1 if eqx.is_array(leaf) else leaf, model)


@pytest.fixture
def impatient():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("sequence", [tuple, list])
def test_threads_that_share_a_model_see_whole_models(sequence):
    first = Model(
        sequence(Layer(jnp.zeros(2), place % 3) for place in range(6)),
        {"a": (Layer(jnp.zeros(3), 1),)},
    )
    one_more(first)
    shared = [first]
    failures = []

    def work(seed):
        chance = random.Random(seed)
        for _ in range(60):
            model = one_more(shared[0])
            action = chance.randrange(5)
            if action == 0:
                assert [layer.n for layer in model.layers] == [0, 1, 2, 0, 1, 2]
            elif action == 1:
                assert float(model.layers[2].w[0]) == float(model.named["a"][0].w[0])
            elif action == 2:
                model = eqx.tree_at(lambda m: m.layers[1].w, model, model.layers[1].w)
            elif action == 3:
                model = eqx.combine(*eqx.partition(model, eqx.is_array))
            else:
                assert bool(jax.tree.map(lambda leaf: leaf, model) == model)
            after = one_more(model)
            assert float(after.layers[5].w[0]) == float(model.layers[5].w[0]) + 1
            shared[0] = after

    def reporting(seed):
        try:
            work(seed)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=reporting, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
