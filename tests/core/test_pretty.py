"""`tree_pformat`, `tree_pprint`, and the repr of Modules."""

import collections
import dataclasses
import functools
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx

Pair = collections.namedtuple("Pair", "x y")


@dataclasses.dataclass
class Plain:
    x: int = 1
    y: Any = None


def make(library):
    class Model(library.Module):
        a: Any
        b: Any = 3
        hidden: Any = library.field(repr=False, default=None)

        def method(self):
            """Does nothing."""

    return Model


Model, EquinoxModel = make(eqx), make(equinox)


def named(x):
    return x


@jax.custom_jvp
def custom(x):
    return x


@functools.wraps(named)
def wrapping(x):
    return x


SAME = {
    "array": lambda cls: jnp.ones((2, 3)),
    "weak": lambda cls: jnp.asarray(1.0),
    "numpy": lambda cls: np.ones(2),
    "numpy scalar": lambda cls: np.float32(1),
    "key": lambda cls: jax.random.key(0),
    "bfloat16": lambda cls: jnp.ones(1, jnp.bfloat16),
    "bool": lambda cls: jnp.ones(1, bool),
    "unsigned": lambda cls: jnp.ones(1, jnp.uint8),
    "struct": lambda cls: jax.ShapeDtypeStruct((2,), jnp.float32),
    "function": lambda cls: named,
    "custom": lambda cls: custom,
    "wrapped": lambda cls: wrapping,
    "vmapped": lambda cls: jax.vmap(named),
    "builtin": lambda cls: abs,
    "ufunc": lambda cls: np.sin,
    "partial": lambda cls: functools.partial(named, 1, k=jnp.ones(2)),
    "class": lambda cls: int,
    "dtype": lambda cls: jnp.float32,
    "module": lambda cls: cls(jnp.ones(2)),
    "module without defaults": lambda cls: cls(1, 4, 5),
    "method": lambda cls: cls(1).method,
    "namedtuple": lambda cls: Pair(1, jnp.ones(2)),
    "dataclass": lambda cls: Plain(2, jnp.ones(1)),
    "containers": lambda cls: {"a": [1, (2,), None], "b": {3}},
    "long": lambda cls: cls([jnp.ones((10, 10))] * 8),
    "empty": lambda cls: cls([], {}),
}


@pytest.mark.parametrize("build", SAME.values(), ids=SAME.keys())
@pytest.mark.parametrize(
    "options", [{}, {"width": 20, "indent": 4}, {"short_arrays": False}], ids=str
)
def test_it_shows_what_equinox_shows(build, options):
    ours = eqx.tree_pformat(build(Model), **options)
    assert ours == equinox.tree_pformat(build(EquinoxModel), **options)


def test_jitted_functions_are_shown_by_name_and_not_by_address():
    assert eqx.tree_pformat(jnp.tanh) == "<wrapped function tanh>"
    assert eqx.tree_pformat(jax.nn.relu) == "<wrapped function relu>"


def test_a_struct_can_be_shown_as_an_array():
    struct = jax.ShapeDtypeStruct((2,), jnp.float32)
    assert eqx.tree_pformat([struct], struct_as_array=True) == "[f32[2]]"


def test_a_partial_of_jax_is_told_from_one_of_python():
    partial = jax.tree_util.Partial(named, jnp.ones(2))
    assert eqx.tree_pformat(partial) == (
        "Partial(func=<function named>, args=(f32[2],), keywords={})"
    )


def test_nodes_can_be_cut():
    shown = eqx.tree_pformat(
        [1, Model(2), "x"], truncate_leaf=lambda node: isinstance(node, (eqx.Module, str))
    )
    assert shown == "[1, Model(...), str(...)]"


def test_tracers_are_shown_by_dtype_and_shape():
    shown = []
    jax.jit(lambda x: shown.append(eqx.tree_pformat(x)))(jnp.ones(2))
    assert shown == ["f32[2]"]


def test_the_repr_of_a_module_is_its_pformat():
    model = Model([jnp.ones((10, 10))] * 8)
    assert repr(model) == str(model) == eqx.tree_pformat(model)


def test_pprint_prints(capsys):
    eqx.tree_pprint(Model(1), width=5)
    assert capsys.readouterr().out == "make.<locals>.Model(\n  a=1\n)\n"
