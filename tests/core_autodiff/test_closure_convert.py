"""`filter_closure_convert`: what was closed over becomes leaves, and calls are checked."""

import functools

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx

TWO = jnp.array(2.0)
VECTOR = jnp.array([1.0, 2.0])
STRUCT = jax.ShapeDtypeStruct((), jnp.float32)


def closing_over(array, lib=eqx, example=TWO):
    return lib.filter_closure_convert(lambda x: x * array, example)


def test_what_was_closed_over_are_the_leaves():
    converted = closing_over(VECTOR)
    assert [const is VECTOR for const in converted.consts] == [True]
    program, vector = jax.tree.leaves(converted)
    assert program is converted.jaxpr
    assert vector is VECTOR
    np.testing.assert_array_equal(converted(TWO), 2 * VECTOR)
    assert converted.in_struct == ((STRUCT,), {})
    assert converted.out_struct == jax.ShapeDtypeStruct((2,), jnp.float32)
    assert len(converted.jaxpr.constvars) == len(converted.jaxpr.invars) == 1


def test_tracers_are_closed_over_too():
    def function(x, y):
        z = x + y
        converted = eqx.filter_closure_convert(lambda a: z + a, 1)
        assert [const is z for const in converted.consts] == [True]
        return converted(1)

    assert jax.grad(function)(1.0, 1.0) == 1.0
    assert jax.jit(function)(1.0, 1.0) == 3.0


def test_a_converted_function_can_be_differentiated_in_what_it_closed_over():
    grad = eqx.filter_grad(lambda f: jnp.sum(f(TWO)))(closing_over(VECTOR))
    np.testing.assert_array_equal(grad.consts[0], [2.0, 2.0])
    assert jax.grad(lambda w: closing_over(w)(TWO))(TWO) == 2.0


def test_it_goes_through_transformations_as_an_argument():
    @eqx.filter_jit
    def call(f, x):
        return f(x)

    np.testing.assert_array_equal(call(closing_over(VECTOR), TWO), 2 * VECTOR)
    mapped = eqx.filter_vmap(lambda w: closing_over(w))(VECTOR)
    out = eqx.filter_vmap(lambda f, x: f(x), in_axes=(eqx.if_array(0), None))(mapped, TWO)
    np.testing.assert_array_equal(out, 2 * VECTOR)


def test_static_arguments_and_results_are_handed_through():
    marker = object()
    converted = eqx.filter_closure_convert(
        lambda x, n, *, tag: {"out": x * VECTOR[0] * n, "tag": tag, "none": None},
        TWO, 3, tag=marker,
    )  # fmt: skip
    closed = eqx.filter_closure_convert(
        functools.partial(lambda w, x, tag: (x * w, tag), VECTOR), TWO, marker
    )
    assert converted(TWO, 3, tag=marker)["out"] == 6.0
    assert converted.in_struct == ((STRUCT, 3), {"tag": marker})
    assert closed(TWO, marker)[1] is marker
    assert closed.out_struct[1] is marker


def test_a_function_that_closes_over_nothing_is_called_as_it_is():
    seen = []

    class Number(float):
        def __mul__(self, other):
            seen.append(self)
            return float.__mul__(self, other)

    number = Number(3.0)
    trivial = eqx.filter_closure_convert(waves, TWO, number)
    assert type(trivial).__name__ == "_TrivialClosureConvert"
    assert trivial.fn is waves
    assert seen == []
    assert trivial(TWO, number) == waves(TWO, 3.0)
    assert seen == [number]
    assert trivial.consts == []
    assert trivial.in_struct == ((STRUCT, number), {})
    assert trivial.out_struct == STRUCT
    assert [eqn.primitive.name for eqn in trivial.jaxpr.eqns] == ["sin", "mul"]


def waves(x, n=2.0):
    return jnp.sin(x) * (n * 1.0)


def test_an_array_in_a_default_is_closed_over():
    def function(x, y=VECTOR):
        return x * y

    converted = eqx.filter_closure_convert(function, TWO)
    assert [const is VECTOR for const in converted.consts] == [True]


def test_modules_and_their_methods_are_converted():
    linear = eqx.nn.Linear(2, 2, key=jax.random.key(0))
    for function in (linear, linear.__call__):
        converted = eqx.filter_closure_convert(function, VECTOR)
        assert {id(const) for const in converted.consts} == {id(linear.weight), id(linear.bias)}
        np.testing.assert_allclose(converted(VECTOR), linear(VECTOR), rtol=1e-6)


def test_an_example_may_be_a_struct_or_a_key_and_weak_types_do_not_matter():
    converted = closing_over(VECTOR, example=STRUCT)
    for x in (TWO, jnp.float32(2), np.float32(2)):
        np.testing.assert_array_equal(converted(x), 2 * VECTOR)
    key = jax.random.key(0)
    drawn = eqx.filter_closure_convert(lambda key: jax.random.normal(key) * VECTOR[0], key)
    assert drawn(key) == jax.random.normal(key)


def test_it_is_equinoxs():
    for ours, theirs in (
        (closing_over(VECTOR), closing_over(VECTOR, equinox)),
        (
            eqx.filter_closure_convert(jnp.sin, VECTOR),
            equinox.filter_closure_convert(jnp.sin, VECTOR),
        ),
    ):
        assert ours.in_struct == theirs.in_struct
        assert ours.out_struct == theirs.out_struct
        assert str(ours.jaxpr) == str(theirs.jaxpr)
        assert [id(const) for const in ours.consts] == [id(const) for const in theirs.consts]
        assert type(ours).__name__ == type(theirs).__name__ == "_ClosureConvert"
    trivial = (lib.filter_closure_convert(waves, VECTOR) for lib in (eqx, equinox))
    assert {type(converted).__name__ for converted in trivial} == {"_TrivialClosureConvert"}


MISTAKES = {
    "another shape": (lambda f: f(VECTOR, 3), r"(?s)dynamic.*\[0\]\[0\].*shape=\(2,\)"),
    "another dtype": (lambda f: f(jnp.float16(2), 3), r"(?s)dynamic.*\[0\]\[0\].*float16"),
    "a number for an array": (lambda f: f(2.0, 3), r"(?s)dynamic.*\[0\]\[0\] .* 2\.0"),
    "an array for a number": (lambda f: f(TWO, TWO), r"(?s)dynamic.*\[0\]\[1\] .*3 "),
    "another structure": (lambda f: f((TWO,), 3), r"(?s)dynamic.*\[0\]\[0\].*tuple of 1"),
    "a keyword": (lambda f: f(TWO, n=3), r"(?s)dynamic.*\[1\]\['n'\]"),
    "another static value": (lambda f: f(TWO, 4), r"(?s)static.*\[0\]\[1\] +3 +4.*convert it"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("is_trivial", [True, False])
def test_a_call_unlike_the_example_is_refused(mistake, is_trivial):
    def function(x, n):
        return x * n

    call, pattern = MISTAKES[mistake]
    factor = VECTOR[0]
    closing = function if is_trivial else lambda x, n: x * n * factor
    converted = eqx.filter_closure_convert(closing, TWO, 3)
    assert type(converted).__name__.startswith("_Trivial") is is_trivial
    with pytest.raises(ValueError, match=pattern):
        call(converted)
    with pytest.raises(ValueError, match="called with different"):
        call(equinox.filter_closure_convert(closing, TWO, 3))


def test_the_program_of_one_conversion_serves_the_arrays_of_another():
    # lineax and optimistix do this, so that a loop's state keeps one and the same program.
    def convert(vector):
        return eqx.filter_closure_convert(lambda x: x * vector, VECTOR)

    first, second = convert(VECTOR), convert(2 * VECTOR)
    static = eqx.filter(first, eqx.is_array, inverse=True)
    mixed = eqx.combine(eqx.filter(second, eqx.is_array), static)
    np.testing.assert_array_equal(mixed(VECTOR), 2 * VECTOR * VECTOR)
    assert mixed.jaxpr is first.jaxpr
