"""`backward_nan`, `breakpoint_if`."""

import io

import equinox
import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx


def _gradient(library, x, **options):
    def loss(x):
        x = library.debug.backward_nan(x, **options)
        return jnp.sum(x[0] ** 2) + x[1]["a"]

    return jax.grad(loss)(x)


def test_the_value_and_its_cotangent_are_printed_as_equinox_prints_them(capsys):
    x = (jnp.array([1.0, 2.0]), {"a": jnp.array(3.0)})
    ours = _gradient(eqx, x, name="here")
    jax.effects_barrier()
    printed = capsys.readouterr().out
    theirs = _gradient(equinox, x, name="here")
    jax.effects_barrier()
    assert printed == capsys.readouterr().out
    assert printed.startswith("here:\n   primals=(")
    assert eqx.tree_equal(ours, theirs)


def _nan_in_gradient(x, **options):
    # The value is fine, and the derivative of the branch that is not taken is NaN.
    x = eqx.debug.backward_nan(x, **options)
    return jnp.where(x["w"] > 0, jnp.sqrt(x["w"]), 0.0) + x["v"] * 0 + jnp.sqrt(0 * x["w"])


def _x():
    return {"v": jnp.array(1.0), "w": jnp.array(0.0), "n": 1, "i": jnp.array(2)}


def _nan_gradient(x, **options):
    differentiable, rest = eqx.partition(x, eqx.is_inexact_array)
    return jax.grad(lambda d: _nan_in_gradient(eqx.combine(d, rest), **options))(differentiable)


@pytest.mark.parametrize("transform", [lambda f: f, eqx.filter_jit], ids=["eager", "jit"])
def test_a_nan_is_an_error_that_names_the_leaf(transform, capsys):
    with pytest.raises(
        eqx.EquinoxRuntimeError, match=r"^Encountered NaN in the cotangent of it at \['w'\]\n"
    ):
        transform(lambda x: _nan_gradient(x, name="it"))(_x())
    assert "nan" in capsys.readouterr().out


def test_a_nan_is_only_printed_when_it_need_not_end_the_program(capsys):
    gradient = _nan_gradient(_x(), terminate=False)
    jax.effects_barrier()
    assert jnp.isnan(gradient["w"])
    assert gradient["v"] == 0
    out = capsys.readouterr().out
    assert "'w': Array(nan" in out
    assert "'n': 1" in out
    assert "'i': Array(2" in out


def test_something_that_cannot_be_differentiated_is_left_alone():
    x = (1, "text", jnp.array(1))
    assert eqx.debug.backward_nan(x) is x


def test_forward_the_value_is_unchanged_and_nothing_is_printed(capsys):
    assert eqx.tree_equal(eqx.debug.backward_nan(_x(), name="n"), _x())
    assert capsys.readouterr().out == ""


def _session(*lines):
    return {
        "stdin": io.StringIO("".join(f"{line}\n" for line in lines)),
        "stdout": io.StringIO(),
        "backend": "cli",
        # Of the frames around the user's, the debugger flattens all variables as a pytree: those
        # of pytest are many, and some are lists that hold themselves.
        "num_frames": 2,
    }


@pytest.mark.parametrize("transform", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_a_debugger_opens_when_the_predicate_is_true(transform):
    session = _session("p doubled", "c")

    def f(x):
        doubled = x * 2
        assert eqx.debug.breakpoint_if(doubled > 5, **session) is None
        return doubled

    run = transform(f)
    assert run(jnp.array(1.0)) == 2
    jax.effects_barrier()
    assert session["stdout"].getvalue() == ""
    assert run(jnp.array(3.0)) == 6
    jax.effects_barrier()
    assert "Entering jdb" in session["stdout"].getvalue()
    assert session["stdin"].read() == ""


def test_one_true_element_opens_it_for_the_batch_and_not_otherwise():
    session = _session(*["c"] * 2)

    def f(x):
        eqx.debug.breakpoint_if(x > 5, **session)
        return x

    jax.vmap(f)(jnp.array([1.0, 2.0]))
    jax.effects_barrier()
    assert session["stdout"].getvalue() == ""
    jax.vmap(f)(jnp.array([1.0, 7.0]))
    jax.effects_barrier()
    assert "Entering jdb" in session["stdout"].getvalue()
