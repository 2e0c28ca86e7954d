"""`filter_custom_jvp`: what the rule is given, what it may return, and what is refused."""

import copy
import pickle

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx

TWO = jnp.array(2.0)
THREE = jnp.array(3.0)
VECTOR = jnp.array([1.0, 2.0])


def scaled(lib=eqx):
    """`x * y * k`, with ten times the right tangent of `x`, and a list of what the rule saw."""
    seen = []

    @lib.filter_custom_jvp
    def scale(x, y, *, k=1):
        return x * y * k

    @scale.def_jvp
    def rule(primals, tangents, **kwargs):
        seen.append((primals, tangents, kwargs))
        x, y = primals
        tx, _ = tangents
        return scale(x, y, **kwargs), None if tx is None else 10.0 * tx

    return scale, seen


@eqx.filter_custom_jvp
def twice(x):
    return 2 * x


@twice.def_jvp
def _(primals, tangents):
    return twice(*primals), 20 * tangents[0]


def test_the_rule_is_the_derivative():
    scale, seen = scaled()
    assert scale(TWO, THREE, k=4) == 24.0
    assert seen == []
    assert eqx.filter_grad(scale)(TWO, THREE, k=4) == 10.0
    [(primals, tangents, kwargs)] = seen
    assert primals == (2.0, 3.0)
    assert tangents[1] is None
    assert kwargs == {"k": 4}


def test_leaves_that_are_no_arrays_reach_function_and_rule_as_they_are():
    marker = object()

    @eqx.filter_custom_jvp
    def function(tree, other, *, fn):
        assert other is marker
        return fn(tree["x"]) + tree["n"]

    @function.def_jvp
    def rule(primals, tangents, *, fn):
        tree, other = primals
        assert other is marker
        assert fn is jnp.sin
        assert type(tree["n"]) is float
        moves, other_moves = tangents
        assert other_moves is moves["n"] is moves["i"] is moves["none"] is None
        return function(tree, other, fn=fn), 5 * moves["x"]

    tree = {"x": TWO, "n": 1.0, "i": jnp.arange(2), "none": None}
    grad = eqx.filter_grad(function)(tree, marker, fn=jnp.sin)
    assert grad["x"] == 5.0
    assert grad["n"] is grad["i"] is None
    assert type(function({"x": 1, "n": 2.0}, marker, fn=abs)) is float


def test_a_python_float_that_is_differentiated_is_an_array_to_the_rule():
    scale, seen = scaled()
    assert jax.grad(scale)(2.0, 3.0) == 10.0
    [(primals, _, _)] = seen
    assert eqx.is_array(primals[0])
    assert primals[1] == 3.0
    assert type(primals[1]) is float


def test_none_for_a_tangent_is_a_zero_that_is_known_to_be_one():
    @eqx.filter_custom_jvp
    def function(x):
        return {"a": x * 2, "b": (x * 3, jnp.arange(2)), "c": 1.0}

    @function.def_jvp
    def rule(primals, tangents):
        return function(*primals), {"a": tangents[0], "b": None, "c": None}

    out, moves = eqx.filter_jvp(function, (TWO,), (THREE,))
    assert moves["a"] == 3.0
    assert moves["b"] == (None, None)
    assert moves["c"] is None
    assert out["b"][0] == 6.0


def test_it_works_under_jit_vmap_and_itself():
    scale, _ = scaled()
    grad = jax.grad(scale)
    for twice_wrapped in (jax.jit(grad), jax.grad(jax.jit(scale)), eqx.filter_jit(grad)):
        assert twice_wrapped(TWO, THREE) == 10.0
    np.testing.assert_array_equal(jax.vmap(scale)(VECTOR, VECTOR), VECTOR**2)
    np.testing.assert_array_equal(jax.vmap(grad)(VECTOR, VECTOR), [10.0, 10.0])
    mapped = jax.grad(lambda x: jnp.sum(eqx.filter_vmap(scale)(x, VECTOR)))
    np.testing.assert_array_equal(mapped(VECTOR), [10.0, 10.0])
    assert jax.grad(lambda x: jax.lax.scan(lambda c, _: (twice(c), None), x, length=2)[0])(TWO) == (
        400.0
    )


def test_a_rule_is_differentiated_in_its_turn():
    @eqx.filter_custom_jvp
    def cube(x):
        return x**3

    @cube.def_jvp
    def rule(primals, tangents):
        (x,), (tx,) = primals, tangents
        return cube(x), 10 * x**2 * tx

    assert jax.grad(jax.grad(cube))(TWO) == 40.0
    assert jax.grad(jax.grad(jax.grad(cube)))(TWO) == 20.0
    along = eqx.filter_jvp(lambda x: eqx.filter_jvp(cube, (x,), (x,)), (TWO,), (THREE,))
    assert along == ((8.0, 80.0), (120.0, 360.0))


def test_on_a_method_self_is_the_first_argument():
    class Model(eqx.Module):
        weight: jax.Array
        name: str

        @eqx.filter_custom_jvp
        def apply(self, x):
            return self.weight * x

        @apply.def_jvp
        def apply_jvp(primals, tangents):
            (self, x), (move, _) = primals, tangents
            assert move.name is None
            return self.weight * x, 10 * move.weight * x

    model = Model(TWO, "name")
    assert model.apply(THREE) == 6.0
    assert isinstance(model.apply, eqx.Partial)
    grad = eqx.filter_grad(lambda m: m.apply(THREE))(model)
    assert grad.weight == 30.0
    assert grad.name is None


def test_a_module_may_be_the_function_and_is_not_differentiated():
    class Times(eqx.Module):
        weight: jax.Array

        def __call__(self, x):
            return self.weight * x

    def applied(weight, x):
        times = eqx.filter_custom_jvp(Times(weight))
        times.def_jvp(lambda primals, tangents: (times(*primals), 10 * tangents[0]))
        return times(x)

    assert jax.jit(jax.grad(applied, argnums=1))(TWO, THREE) == 10.0
    with pytest.raises(ValueError, match=r"tangent for \.weight of the Module that `Times`"):
        jax.grad(applied)(TWO, THREE)


def test_it_looks_like_the_function_and_is_pickled_by_name():
    assert twice.__name__ == "twice"
    assert twice.__wrapped__ is twice.fn
    assert repr(twice) == "<wrapped function twice>"
    assert pickle.loads(pickle.dumps(twice)) is copy.deepcopy(twice) is twice
    assert jax.tree.leaves(twice) == [twice]


def test_old_code_gets_zeros_in_place_of_none():
    @eqx.filter_custom_jvp
    def function(x, y, name):
        return x * y

    def rule(primals, tangents):
        tx, ty, name = tangents
        assert name is None
        return function(*primals), tx + 7 * ty

    with pytest.warns(UserWarning, match=r"`function.defjvp` is deprecated .*`function.def_jvp`"):
        function.defjvp(rule)
    assert jax.grad(function)(TWO, THREE, "name") == 1.0
    with pytest.raises(NotImplementedError, match="`def_jvp`"):
        function.defjvps(None, None)


def test_the_rule_sees_what_it_sees_in_equinox():
    (ours, seen), (theirs, their_seen) = scaled(), scaled(equinox)
    tree = (TWO, "text", jnp.arange(2))
    for scale in (ours, theirs):
        eqx.filter_jvp(lambda x, f=scale: f(x[0], THREE), (tree,), ((THREE, None, None),))
        jax.jit(jax.grad(lambda y, f=scale: f(TWO, y, k=THREE)))(TWO)
    assert len(seen) == len(their_seen) == 2
    for one, other in zip(seen, their_seen, strict=True):
        assert jax.tree.structure(one) == jax.tree.structure(other)


def with_rule(rule, function=lambda x, y: {"out": x * y, "n": jnp.arange(2)}):
    custom = eqx.filter_custom_jvp(function)
    custom.def_jvp(lambda primals, tangents: rule(custom(*primals), tangents))
    return custom


MISTAKES = {
    "no pair": (lambda out, t: out, TypeError, r"returned dict of 2.*\(primal_out, tangent_out\)"),
    "another structure": (
        lambda out, t: (out, {"out": t[0]}), ValueError, r"(?s)\['n'\].*\(missing\).*`None`"),
    "another shape": (
        lambda out, t: (out, {"out": VECTOR, "n": None}), TypeError,
        r"returned f32\[2\] for the tangent of \['out'\].*expected float32\[\], or `None`"),
    "another dtype": (
        lambda out, t: (out, {"out": jnp.float16(1), "n": None}), TypeError, r"returned f16\[\]"),
    "an integer that moves": (
        lambda out, t: (out, {"out": t[0], "n": jnp.arange(2)}), TypeError,
        r"tangent of \['n'\].*expected `None`, for it is no floating-point"),
    "text": (
        lambda out, t: (out, {"out": "text", "n": None}), TypeError, "returned 'text' for"),
    "text in the output": (
        lambda out, t: ({"out": "text"}, None), TypeError, r"'text' at \['out'\].*not a valid JAX"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_rule_is_named_with_the_fix(mistake):
    rule, error, pattern = MISTAKES[mistake]
    with pytest.raises(error, match=pattern):
        jax.jvp(with_rule(rule), (TWO, THREE), (TWO, THREE))


def test_a_mistake_in_a_call_is_named_with_the_fix():
    function = eqx.filter_custom_jvp(lambda x, *, k: x * k["a"])
    with pytest.raises(AttributeError, match=r"(?s)No JVP defined.*def_jvp"):
        function(TWO, k={"a": TWO})
    function.def_jvp(lambda primals, tangents, *, k: (primals[0], tangents[0]))
    with pytest.raises(ValueError, match=r"(?s)keyword tangent.*\['k'\]\['a'\].*by position"):
        jax.grad(lambda k: function(TWO, k={"a": k}))(TWO)
    with pytest.raises(TypeError, match=r"returned 'text' at the root.*not a valid JAX type"):
        with_rule(lambda out, t: None, lambda x, y: "text")(TWO, TWO)
    with pytest.raises(TypeError, match="cannot be called"):
        eqx.filter_custom_jvp(3)
