"""Which values a compiled program computes."""

import equinox
import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx
from eqxcore.debug import inspect_dce, store_dce


def _shown(name, capsys, library=eqx):
    capsys.readouterr()
    library.debug.inspect_dce(name)
    return capsys.readouterr().out


def test_what_is_computed_is_shown_and_what_is_not_is_named_so(capsys):
    @jax.jit
    def f(x):
        a, _, b = store_dce((x**2, x + 1, "foobar"), name="three")
        assert b == "foobar"
        return a

    assert f(3) == 9
    assert _shown("three", capsys) == (
        "Found 1 call to `equinox.debug.store_dce`.\nEntry 0:\n(i32[], <DCE'd>, 'foobar')\n"
    )
    f(4)
    assert _shown("three", capsys).startswith("Found 1 call ")


def test_says_what_equinox_says(capsys):
    outputs = []
    for library in (eqx, equinox):

        @library.filter_jit
        def f(x, library=library):
            return library.debug.store_dce({"q": x, "z": None, "w": x + 1}, name=("a", 1))["q"]

        f(jnp.ones((2, 3)))
        outputs.append(_shown(("a", 1), capsys, library))
    assert outputs[0] == outputs[1]
    assert "{'q': f32[2,3], 'w': <DCE'd>, 'z': None}" in outputs[0]


def test_each_trace_is_an_entry(capsys):
    f = jax.jit(lambda x: store_dce((x, x + 1), name="traces")[0])
    f(1)
    f(1.0)
    assert _shown("traces", capsys).splitlines() == [
        "Found 2 calls to `equinox.debug.store_dce`.",
        "Entry 0:",
        "(i32[], <DCE'd>)",
        "Entry 1:",
        "(f32[], <DCE'd>)",
    ]


def test_transformed_values_are_followed(capsys):
    def f(x, key):
        a, _, keys = store_dce((x * 2, x + 1, key), name="transformed")
        return a**2 + jax.random.uniform(keys)

    x, key = jnp.arange(3.0), jax.random.key(0)
    gradient = jax.jit(jax.vmap(jax.grad(f), in_axes=(0, None)))(x, key)
    assert jnp.array_equal(gradient, 8 * x)
    assert "(f32[3], <DCE'd>, <DCE'd>)" in _shown("transformed", capsys)
    jax.jit(f)(1.0, key)
    assert "(f32[], <DCE'd>, key<fry>[])" in _shown("transformed", capsys)


def test_a_branch_that_does_not_run_computes_nothing(capsys):
    @jax.jit
    def f(x):
        return jax.lax.cond(x > 0, lambda: store_dce(x, name="branch"), lambda: -x)

    f(-1.0)
    assert "<DCE'd>" in _shown("branch", capsys)
    f(1.0)
    assert "f32[]" in _shown("branch", capsys)


def test_nothing_is_found_under_another_name(capsys):
    assert _shown("nothing", capsys) == "Found 0 calls to `equinox.debug.store_dce`.\n"


def test_storing_is_for_inside_of_a_program_and_inspecting_for_outside():
    with pytest.raises(RuntimeError, match=r"`store_dce` was called outside of a compiled"):
        store_dce(jnp.ones(1))
    with pytest.raises(RuntimeError, match=r"`store_dce` was called outside of a compiled"):
        jax.vmap(store_dce)(jnp.ones(1))
    with pytest.raises(RuntimeError, match=r"`inspect_dce` was called while a program is traced"):
        jax.jit(lambda x: inspect_dce() or x)(1.0)
