"""Opened files made by hand: what a reader would give, without a file."""

import functools

import numpy as np

from eqxview.readers.opened import OpenedFile
from eqxview.tree.live import tree_of

KEPT = []
"""The arrays, kept alive: a live tree does not."""


def opened_file(*pytrees, trees=(), error=None, path="resnet.pkl", **facts):
    """A file that holds these pytrees."""
    KEPT.extend(pytrees)
    return OpenedFile(
        path=path,
        format="pickle, protocol 5",
        nbytes=2_254_857_830,
        seconds=0.031,
        trees=(*trees, *(tree_of(pytree) for pytree in pytrees)),
        error=error,
        **facts,
    )


@functools.cache
def state():
    """A training state with everything in it that a tree can show."""
    rng = np.random.default_rng(0)

    def normal(*shape):
        return rng.normal(scale=0.02, size=shape).astype(np.float32)

    embedding = normal(512, 64)
    return {
        "embed": {"weight": embedding},
        "blocks": [
            {
                "attn": {"q": normal(64, 64), "k": normal(64, 64), "bias": None},
                "mlp": {"up": normal(64, 256), "down": normal(256, 64), "act": max},
                "norm": {"scale": np.ones(64, np.float32), "eps": 1e-5},
            }
            for _ in range(4)
        ],
        "head": {"weight": embedding},
        "broken": np.array([1.0, np.nan, np.inf], np.float32),
        "step": 1200,
        "stats": {"mean": np.zeros(64, np.float16), "tags": {"a", "b"}},
    }
