"""`error_if` eagerly, and under each transformation."""

import functools
import pathlib
import pickle

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import eqxcore as eqx
from eqxcore._runtime_errors._check import check_p

_HERE = pathlib.Path(__file__).name


def _positive(x):
    return eqx.error_if(x, x < 0, "must not be negative")


def _raises(message="must not be negative"):
    return pytest.raises(eqx.EquinoxRuntimeError, match=f"^{message}")


def test_a_passed_check_gives_the_pytree_unchanged():
    x = {"a": jnp.arange(3.0), "b": ("text", None, 1), "c": np.ones(2, np.int32)}
    y = eqx.error_if(x, jnp.array(False), "no")
    assert eqx.tree_equal(x, y)
    assert y["b"] == ("text", None, 1)
    z = jax.jit(lambda p: eqx.error_if(x, p, "no")["a"])(False)
    assert jnp.array_equal(z, x["a"])


def test_a_check_on_values_that_are_known_raises_at_once():
    with _raises():
        _positive(jnp.array([1.0, -1.0]))
    with _raises("numpy"):
        eqx.error_if(jnp.ones(1), np.array([False, True]), "numpy")


def test_a_predicate_that_is_python_true_is_an_error_of_tracing():
    with pytest.raises(eqx.EquinoxTracetimeError, match=r"^known(.|\n)*condition is True itself"):
        eqx.error_if(jnp.ones(1), True, "known")
    with pytest.raises(eqx.EquinoxTracetimeError, match=r"^known"):
        jax.eval_shape(lambda x: eqx.error_if(x, True, "known"), 1.0)
    assert issubclass(eqx.EquinoxTracetimeError, RuntimeError)
    assert not issubclass(eqx.EquinoxTracetimeError, eqx.EquinoxRuntimeError)


@pytest.mark.parametrize("pred", [False, 0, np.array([False, False]), np.bool_(False)])
def test_a_predicate_that_is_known_to_be_false_leaves_nothing_behind(pred):
    x = object()
    assert eqx.error_if(x, pred, "no") is x
    jaxpr = jax.make_jaxpr(lambda x: eqx.error_if(x, pred, "no"))(1.0)
    assert not jaxpr.eqns


def test_numbers_are_predicates_by_being_nonzero():
    with _raises("nonzero"):
        eqx.error_if(jnp.ones(1), jnp.array([0, 2]), "nonzero")
    assert eqx.error_if(jnp.ones(1), jnp.array([0.0]), "zero") == 1


def test_something_without_arrays_is_refused():
    with pytest.raises(ValueError, match=r"`x` of type tuple without arrays.*y = error_if"):
        eqx.error_if((1.0, "text"), jnp.array(False), "no")


def test_the_error_names_the_line_of_the_check_and_what_failed():
    with pytest.raises(eqx.EquinoxRuntimeError) as info:
        _positive(jnp.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]]))
    first, blank, where, *advice = str(info.value).splitlines()
    assert first == "must not be negative"
    assert blank == ""
    line = _positive.__code__.co_firstlineno + 1
    assert where.endswith(
        f"{_HERE}:{line}, in _positive. It failed for 2 of 6 elements; the first is [1, 1]."
    )
    assert "EQX_ON_ERROR=breakpoint" in advice[0]
    assert advice[1].startswith("`nan`")


def test_a_scalar_predicate_is_not_counted():
    with pytest.raises(eqx.EquinoxRuntimeError, match=r"in _positive\.\n`EQX_ON_ERROR"):
        _positive(jnp.array(-1.0))


def test_under_vmap_one_element_fails_the_batch_and_is_named():
    assert jnp.array_equal(jax.vmap(_positive)(jnp.arange(3.0)), jnp.arange(3.0))
    x = jnp.array([1.0, -1.0, -1.0])
    with pytest.raises(
        eqx.EquinoxRuntimeError, match=r"2 of 3 elements, batch included; the first is \[1\]"
    ):
        jax.vmap(_positive)(x)
    with _raises():
        jax.vmap(jax.vmap(_positive))(x[None])
    with _raises():
        eqx.filter_jit(jax.vmap(_positive))(x)


def test_under_vmap_the_batch_shares_one_branch():
    text = jax.jit(jax.vmap(_positive)).lower(jnp.arange(3.0)).as_text()
    assert text.count("stablehlo.case") + text.count("stablehlo.if") == 1


def test_a_predicate_that_is_not_batched_goes_with_arrays_that_are():
    def f(x, p):
        return eqx.error_if(x, p, "no")

    x = jnp.arange(3.0)
    assert jnp.array_equal(jax.vmap(f, in_axes=(0, None))(x, jnp.array(False)), x)
    assert jnp.array_equal(jax.vmap(f, in_axes=(None, 0), out_axes=None)(x, jnp.zeros(2, bool)), x)
    with _raises("no"):
        jax.vmap(f, in_axes=(None, 0), out_axes=None)(x, jnp.array([False, True]))


def test_the_gradient_is_that_of_the_identity():
    def loss(x):
        return jnp.sum(_positive(x) ** 3)

    x = jnp.array([1.0, 2.0])
    for gradient in (jax.grad(loss), jax.jit(jax.grad(loss)), jax.grad(jax.jit(loss))):
        assert jnp.array_equal(gradient(x), 3 * x**2)
    assert jnp.array_equal(jax.hessian(loss)(x), jnp.diag(6 * x))
    assert jnp.array_equal(jax.vmap(jax.grad(loss))(x[None]), 3 * x[None] ** 2)
    assert jax.jvp(loss, (x,), (jnp.ones(2),))[1] == 15
    with _raises():
        jax.grad(loss)(-x)


def test_tangents_that_are_known_to_be_zero_stay_so():
    zeros = []

    @jax.custom_jvp
    def watched(x, y):
        return x

    def rule(primals, tangents):
        zeros.append(type(tangents[1]) is jax.custom_derivatives.SymbolicZero)
        return primals[0], tangents[0]

    watched.defjvp(rule, symbolic_zeros=True)

    def f(x, y):
        x, y = eqx.error_if((x, y), x < 0, "no")
        return watched(x, y)

    jax.grad(f)(1.0, 2.0)
    assert zeros == [True]


def test_an_unused_check_is_no_check():
    @eqx.filter_jit
    def f(x):
        _positive(x)
        return x

    assert f(jnp.array(-1.0)) == -1


def test_a_check_without_a_jit_of_its_own_fails_in_one_of_jax_with_its_message():
    with pytest.raises(
        (jax.errors.JaxRuntimeError, ValueError),
        match=r"EquinoxRuntimeError: must not be negative(.|\n)*With `eqxcore.filter_jit`",
    ):
        jax.block_until_ready(jax.jit(_positive)(jnp.array(-1.0)))


def test_a_failure_is_not_logged_besides(caplog):
    with _raises():
        eqx.filter_jit(_positive)(jnp.array(-1.0))
    assert not caplog.records


def test_failures_of_other_callbacks_are_still_logged(caplog):
    def fail(x):
        raise KeyError("other")

    @eqx.filter_jit
    def f(x):
        return jax.pure_callback(fail, jax.ShapeDtypeStruct((), jnp.float32), x)

    with pytest.raises((jax.errors.JaxRuntimeError, ValueError), match="KeyError: 'other'"):
        jax.block_until_ready(f(jnp.float32(1)))
    assert any("callback" in record.getMessage() for record in caplog.records)


def _scan(x):
    return jax.lax.scan(lambda carry, _: (_positive(carry - 1), None), x, None, length=3)[0]


def _while(x):
    return jax.lax.while_loop(lambda x: x != 0, lambda x: _positive(x - 2), x)


def _cond(x):
    return jax.lax.cond(x < 10, _positive, lambda x: x, x)


@functools.partial(jax.checkpoint)
def _remat(x):
    return jnp.sin(_positive(x))


def _custom_vjp(x):
    @jax.custom_vjp
    def f(x):
        return x

    f.defvjp(lambda x: (_positive(x), None), lambda _, ct: (ct,))
    return jax.value_and_grad(f)(x)


@pytest.mark.parametrize(
    ("program", "good", "bad"),
    [
        (_scan, 3.0, 2.0),
        (_while, 4.0, 3.0),
        (_cond, 1.0, -1.0),
        (lambda x: jax.value_and_grad(_remat)(x), 1.0, -1.0),
        (_custom_vjp, 1.0, -1.0),
    ],
    ids=["scan", "while", "cond", "checkpoint", "custom_vjp"],
)
def test_a_check_works_inside_of(program, good, bad):
    compiled = eqx.filter_jit(program)
    jax.block_until_ready(compiled(jnp.array(good)))
    with _raises():
        compiled(jnp.array(bad))


def test_a_branch_that_is_not_taken_is_not_checked():
    assert eqx.filter_jit(_cond)(jnp.array(10.0)) == 10


def test_a_loop_that_would_not_end_is_not_run_before_its_check():
    # The failed check makes the loop infinite, unless the loop waits for the check.
    @eqx.filter_jit
    def f(x):
        x = eqx.error_if(x, x < 0, "endless")
        return jax.lax.while_loop(lambda x: x != 0, lambda x: x - 1, x)

    assert f(jnp.array(2)) == 0
    with _raises("endless"):
        f(jnp.array(-1))


def test_large_arrays_are_checked_as_small_ones_are():
    @eqx.filter_jit
    def f(x):
        x = eqx.error_if(x, x < 0, "large")
        return jax.lax.while_loop(lambda x: jnp.any(x != 0), lambda x: x - 1, x)

    x = jnp.ones((200, 200), jnp.int32)
    assert jnp.array_equal(f(x), jnp.zeros_like(x))
    with _raises("large"):
        f(x.at[7, 8].set(-1))
    gradient = jax.jit(jax.grad(lambda x: jnp.sum(_positive(x) ** 2)))(x.astype(jnp.float32))
    assert jnp.array_equal(gradient, 2 * x.astype(jnp.float32))


def test_arrays_of_all_dtypes_go_through_unchanged():
    x = {
        "float": jnp.ones(2, jnp.bfloat16),
        "complex": jnp.ones(2, jnp.complex64),
        "int": jnp.ones(2, jnp.uint8),
        "bool": jnp.array([True, False]),
        "key": jax.random.key(1),
        "keys": jax.random.split(jax.random.key(1), 3),
        "empty": jnp.zeros((0, 2)),
        "weak": jnp.asarray(1.0),
    }
    y = jax.jit(lambda x, p: eqx.error_if(x, p, "no"))(x, False)
    assert eqx.tree_equal(x, y, typematch=True)
    assert y["weak"].weak_type == x["weak"].weak_type


def test_the_exceptions_survive_pickling():
    for error in (eqx.EquinoxRuntimeError("a"), eqx.EquinoxTracetimeError("b")):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert again.args == error.args


def test_the_exceptions_are_printed_without_a_module():
    assert eqx.EquinoxRuntimeError.__module__ == "builtins"


def test_an_unknown_action_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"`on_error` is 'explode'.*'raise', 'breakpoint', 'nan'"):
        eqx.error_if(jnp.ones(1), False, "no", on_error="explode")


def test_off_leaves_the_check_out():
    x = jnp.ones(1)
    assert eqx.error_if(x, True, "no", on_error="off") is x
    jaxpr = jax.make_jaxpr(lambda x: eqx.error_if(x, x > 0, "no", on_error="off"))(1.0)
    assert check_p not in {eqn.primitive for eqn in jaxpr.eqns}


def test_nan_goes_on_with_nan_or_the_largest_value():
    x = {
        "float": jnp.ones(2),
        "complex": jnp.ones(1, jnp.complex64),
        "int": jnp.ones(2, jnp.int8),
        "bool": jnp.array([False]),
        "key": jax.random.key(1),
    }

    def f(x, p):
        return eqx.error_if(x, p, "no", on_error="nan")

    for run in (f, jax.jit(f)):
        y = run(x, jnp.array([False, True]))
        assert jnp.all(jnp.isnan(y["float"]))
        assert jnp.all(jnp.isnan(y["complex"]))
        assert jnp.array_equal(y["int"], jnp.array([127, 127], jnp.int8))
        assert jnp.array_equal(y["bool"], jnp.array([True]))
        assert not jnp.any(jax.random.key_data(y["key"]))
        assert eqx.tree_equal(run(x, jnp.array([False, False])), x)


def test_nan_is_for_the_failing_elements_of_a_batch_only():
    def f(x, y):
        return eqx.error_if((x, y), x < 0, "no", on_error="nan")

    x, y = jnp.array([1.0, -1.0]), jnp.arange(3.0)
    for run in (f, jax.jit(f)):
        a, b = jax.vmap(run, in_axes=(0, None))(x, y)
        assert jnp.array_equal(a, jnp.array([1.0, jnp.nan]), equal_nan=True)
        assert jnp.array_equal(b, jnp.stack([y, jnp.full(3, jnp.nan)]), equal_nan=True)


def test_the_gradient_through_nan_is_that_of_the_identity():
    def f(x):
        return jnp.sum(eqx.error_if(x, x < 0, "no", on_error="nan") * jnp.array([2.0, 3.0]))

    assert jnp.array_equal(jax.grad(f)(jnp.array([1.0, 1.0])), jnp.array([2.0, 3.0]))
    assert jnp.array_equal(jax.grad(f)(jnp.array([1.0, -1.0])), jnp.array([2.0, 3.0]))


def test_branches_choose_the_message():
    def f(x, i):
        return eqx.branched_error_if(x, x < 0, i, ["first", "second"])

    x = jnp.array(-1.0)
    for run in (f, eqx.filter_jit(f)):
        with _raises("first"):
            run(x, jnp.array(0))
        with _raises("second"):
            run(x, jnp.array(1))
        with _raises("second"):
            run(x, -1)
        with _raises("second"):
            run(x, np.int64(1))
        assert run(-x, jnp.array(1)) == 1


def test_branches_tell_of_the_largest_index_that_failed():
    def f(x, i):
        return eqx.branched_error_if(x, x < 0, i, ["first", "second", "third"])

    x = jnp.array([-1.0, -1.0, 1.0])
    index = jnp.array([0, 1, 2])
    for run in (f, jax.vmap(f), eqx.filter_jit(f), eqx.filter_jit(jax.vmap(f))):
        with _raises("second"):
            run(x, index)
    # An index for each element of the batch, each of which has several values.
    rows = jnp.array([[1.0, -1.0], [1.0, 1.0]])
    for run in (jax.vmap(f), eqx.filter_jit(jax.vmap(f))):
        with _raises("second"):
            run(rows, jnp.array([1, 2]))
    with _raises("third"):
        jax.vmap(f, in_axes=(0, None))(rows, jnp.array(2))
    with _raises("second"):
        jax.vmap(f, in_axes=(None, 0), out_axes=None)(x[0], jnp.array([0, 1]))


def test_an_index_out_of_range_is_named():
    x = jnp.array(1.0)
    with pytest.raises(IndexError, match=r"`index` 2. Expected at least 0 and less than 2"):
        eqx.branched_error_if(x, x < 0, 2, ["a", "b"])
    with pytest.raises(eqx.EquinoxRuntimeError, match="`index`, 5, names none of its 2 messages"):
        eqx.branched_error_if(x, x > 0, jnp.array(5), ["a", "b"])


def test_an_index_is_of_integers_and_there_is_a_message():
    x = jnp.array(1.0)
    with pytest.raises(TypeError, match=r"`index` of float32.*astype"):
        eqx.branched_error_if(x, x > 0, jnp.array(0.0), ["a"])
    with pytest.raises(ValueError, match="no messages"):
        eqx.branched_error_if(x, x > 0, 0, [])


@settings(deadline=None, max_examples=30)
@given(hnp.arrays(np.bool_, st.tuples(st.integers(0, 2), st.integers(1, 3))), st.booleans())
def test_raises_exactly_when_equinox_does(pred, is_batched):
    def outcome(library):
        def f(p):
            return library.error_if(jnp.ones(2), p, "no")

        run = jax.vmap(f) if is_batched and len(pred) else f
        try:
            return run(jnp.asarray(pred)).shape
        except RuntimeError as error:
            return type(error).__name__

    assert outcome(eqx) == outcome(equinox)
