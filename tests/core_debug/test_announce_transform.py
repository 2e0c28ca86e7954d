"""Which transformations reach a value."""

import equinox
import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx

_PROGRAMS = {
    "eager": lambda f: f(1.0),
    "jit": lambda f: jax.jit(f)(1.0),
    "vmap": lambda f: jax.vmap(f)(jnp.arange(2.0)),
    "jit of vmap": lambda f: jax.jit(jax.vmap(f))(jnp.arange(2.0)),
    "grad": lambda f: jax.grad(f)(1.0),
    "jit of grad": lambda f: jax.jit(jax.grad(f))(1.0),
    "grad of jit": lambda f: jax.grad(jax.jit(f))(1.0),
    "vmap of grad": lambda f: jax.vmap(jax.grad(f))(jnp.arange(2.0)),
    "jvp": lambda f: jax.jvp(f, (1.0,), (1.0,)),
}


def _announced(library, program, **options):
    lines = []

    def f(x):
        (y, text), _ = library.debug.announce_transform(
            ((x * 1, "text"), 1), announce=lines.append, **options
        )
        assert text == "text"
        return y**2

    return lines, program(f)


@pytest.mark.parametrize("intermediates", [False, True])
@pytest.mark.parametrize("program", _PROGRAMS.values(), ids=_PROGRAMS)
def test_announces_what_equinox_announces(program, intermediates):
    ours, result = _announced(eqx, program, intermediates=intermediates)
    theirs, expected = _announced(equinox, program, intermediates=intermediates)
    assert ours
    assert ours == theirs
    assert eqx.tree_equal(result, expected)


def test_a_line_is_what_was_applied_so_far():
    # Once the trace is cached, the program is only lowered: nothing of it is traced again.
    lines, _ = _announced(eqx, _PROGRAMS["jit of vmap"], intermediates=True)
    assert lines == ["vmap", "vmap:abstract", "vmap:mlir"]


def test_a_name_comes_first_and_lines_are_printed_unless_told_otherwise(capsys):
    x = {"a": jnp.ones(1), "b": "text"}
    assert eqx.tree_equal(eqx.debug.announce_transform(x, name=("n", 1)), x)
    assert capsys.readouterr().out == "(('n', 1)) impl\n"


def test_integers_and_keys_go_through_differentiation():
    def f(x, n, key):
        x, n, key = eqx.debug.announce_transform((x, n, key), announce=lambda line: None)
        return x * n + jax.random.uniform(key)

    for run in (jax.grad(f), jax.jit(jax.grad(f))):
        assert run(1.0, 3, jax.random.key(0)) == 3
