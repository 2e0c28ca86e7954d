"""`filter_custom_vjp`: what the two passes are given, what they may return, what is refused."""

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


def with_rules(function, bwd, residuals=lambda *args, **kwargs: None, lib=eqx, seen=None):
    """`function` with the backward pass `bwd`, and a forward pass that calls it."""
    custom = lib.filter_custom_vjp(function)
    seen = [] if seen is None else seen

    def fwd(perturbed, *args, **kwargs):
        seen.append((perturbed, args, kwargs))
        return function(*args, **kwargs), residuals(*args, **kwargs)

    def logged(*args, **kwargs):
        seen.append((args, kwargs))
        return bwd(*args, **kwargs)

    custom.def_fwd(fwd)
    custom.def_bwd(logged)
    return custom


def product(x, y, *, k=1):
    return x * y * k


def scaled(**options):
    """`x * y * k`, with ten times the cotangent for the gradient of `x`."""
    return with_rules(product, lambda res, grad, perturbed, x, y, **kw: 10 * grad, **options)


@eqx.filter_custom_vjp
def twice(x):
    return 2 * x


@twice.def_fwd
def _(perturbed, x):
    return twice(x), None


@twice.def_bwd
def _(residuals, grad, perturbed, x):
    return 20 * grad


def test_the_rules_are_the_gradient():
    seen = []
    scale = scaled(seen=seen)
    assert scale(TWO, THREE, k=4) == 24.0
    assert seen == []
    assert eqx.filter_grad(scale)(TWO, THREE, k=4) == 10.0
    forward, backward = seen
    assert forward == (True, (2.0, 3.0), {"k": 4})
    assert backward == ((None, 1.0, True, 2.0, 3.0), {"k": 4})


def test_everything_may_be_any_pytree():
    marker = object()

    @eqx.filter_custom_vjp
    def function(tree, other, *, fn):
        assert other is marker
        return {"out": fn(tree["x"]), "n": jnp.arange(2), "same": marker, "still": tree["y"]}

    @function.def_fwd
    def fwd(perturbed, tree, other, *, fn):
        assert perturbed == {"x": True, "y": False, "i": False, "f": False, "none": None}
        return function(tree, other, fn=fn), (marker, tree["x"], None, 3.0)

    @function.def_bwd
    def bwd(residuals, grad, perturbed, tree, other, *, fn):
        assert residuals[0] is other is marker
        assert residuals[2:] == (None, 3.0)
        assert type(tree["f"]) is float
        assert grad["n"] is grad["same"] is None
        return {"x": grad["out"] * residuals[1], "y": None, "i": None, "f": None, "none": None}

    def loss(x):
        tree = {"x": x, "y": THREE, "i": jnp.arange(2), "f": 1.0, "none": None}
        out = function(tree, marker, fn=jnp.sin)
        assert out["same"] is marker
        return out["out"]

    assert jax.grad(loss)(TWO) == 2.0
    assert jax.jit(jax.grad(loss))(TWO) == 2.0
    assert jax.grad(jax.jit(loss))(TWO) == 2.0


def test_outputs_without_a_gradient_have_none():
    grads = []

    def bwd(residuals, grad, perturbed, x):
        grads.append(grad)
        return grad[0]

    function = with_rules(lambda x: (x * 2, x * 3, 4), bwd)
    assert jax.grad(lambda x: function(x)[0])(TWO) == 1.0
    assert grads[0][1] is grads[0][2] is None


def test_a_python_float_that_is_differentiated_has_its_gradient():
    """Equinox takes it for static in the forward pass, and its gradient is silently 0."""
    function = with_rules(lambda x: x * x, lambda res, grad, perturbed, x: grad * 2 * x)
    assert jax.grad(function)(3.0) == jax.grad(function)(THREE) == 6.0
    assert function(3.0) == 9.0
    assert type(function(3.0)) is float


def test_leaves_that_are_not_differentiated_are_told():
    seen = []

    def function(tree):
        return tree["a"] * tree["b"]

    def bwd(residuals, grad, perturbed, tree):
        return {"a": grad if perturbed["a"] else None, "b": grad * 7}

    custom = with_rules(function, bwd, seen=seen)
    assert jax.grad(lambda a: custom({"a": a, "b": THREE}))(TWO) == 1.0
    assert jax.grad(lambda b: custom({"a": TWO, "b": b}))(TWO) == 7.0
    perturbed = [perturbed for perturbed, *_ in seen[::2]]
    assert perturbed == [{"a": True, "b": False}, {"a": False, "b": True}]


def test_two_gradients_of_one_jitted_function_do_not_mix_up_what_they_saved():
    """JAX keeps one record of what forward passes save, and the last one overwrites it."""

    def bwd(residuals, grad, perturbed, pair):
        name, _ = residuals
        assert name == ("a" if perturbed[0] else "b")
        return (grad * 10 if perturbed[0] else None, grad * 20 if perturbed[1] else None)

    custom = eqx.filter_custom_vjp(lambda pair: pair[0] * pair[1])
    custom.def_fwd(lambda p, pair: (pair[0] * pair[1], ("a" if p[0] else "b", pair[0] + pair[1])))
    custom.def_bwd(bwd)
    jitted = jax.jit(custom)
    _, in_first = jax.vjp(lambda a: jitted((a, THREE)), TWO)
    _, in_second = jax.vjp(lambda b: jitted((TWO, b)), THREE)
    assert in_first(TWO) == (20.0,)
    assert in_second(TWO) == (40.0,)


def test_none_for_a_gradient_is_zero_and_numbers_are_gradients():
    tree = (TWO, [THREE])
    for returned, expected in (
        ((None, [None]), (0.0, 0.0)),
        ((None, [5]), (0.0, 5.0)),
        ((1.5, [jnp.float16(2)]), (1.5, 2.0)),
    ):
        custom = with_rules(lambda t: t[0] * t[1][0], lambda r, g, p, t, value=returned: value)
        grad = eqx.filter_grad(custom)(tree)
        assert (grad[0], grad[1][0]) == expected
        assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(grad))


def test_what_is_returned_for_other_leaves_does_not_matter():
    custom = with_rules(lambda t: t["a"] * 2, lambda r, g, p, t: dict.fromkeys(t, g))
    grad = eqx.filter_grad(custom)({"a": TWO, "n": jnp.arange(2), "s": "text"})
    assert grad["a"] == 1.0
    assert grad["n"] is grad["s"] is None


def test_it_works_under_jit_vmap_and_loops():
    scale = scaled()
    grad = jax.grad(scale)
    for transformed in (jax.jit(grad), jax.grad(jax.jit(scale)), eqx.filter_jit(grad)):
        assert transformed(TWO, THREE) == 10.0
    np.testing.assert_array_equal(jax.vmap(scale)(VECTOR, VECTOR), VECTOR**2)
    np.testing.assert_array_equal(jax.vmap(grad)(VECTOR, VECTOR), [10.0, 10.0])

    def mapped(x):
        return jnp.sum(eqx.filter_vmap(scale)(x, VECTOR))

    np.testing.assert_array_equal(jax.jit(jax.grad(mapped))(VECTOR), [10.0, 10.0])

    def loop(x):
        return jax.lax.scan(lambda c, _: (twice(c), None), x, length=3)[0]

    assert jax.grad(loop)(TWO) == 8000.0
    np.testing.assert_array_equal(jax.vmap(jax.grad(loop))(VECTOR), [8000.0, 8000.0])
    assert jax.grad(lambda x: jax.lax.cond(x > 0, twice, lambda y: y, x))(TWO) == 20.0
    assert jax.grad(jax.checkpoint(twice))(TWO) == 20.0


def test_a_leaf_may_begin_to_move_in_a_later_round_of_a_loop():
    custom = with_rules(lambda t: t[0] * t[1], lambda r, g, p, t: (10 * g, 20 * g))

    def loop(y):
        return jax.lax.scan(lambda c, _: (custom((c, y)), None), TWO, length=3)[0]

    assert jax.grad(loop)(THREE) == jax.grad(jax.jit(loop))(THREE) == 2220.0


def test_rules_are_differentiated_in_their_turn():
    custom = with_rules(lambda x, y: x**3 * y, lambda r, g, p, x, y: g * x**2 * y)
    assert jax.grad(jax.grad(custom))(TWO, THREE) == 12.0
    assert jax.vmap(jax.grad(jax.grad(custom)), in_axes=(0, None))(VECTOR, THREE)[1] == 12.0
    assert eqx.filter_jvp(lambda x: jax.grad(custom)(x, THREE), (TWO,), (TWO,)) == (12.0, 24.0)


def test_on_a_method_self_is_the_first_argument():
    class Model(eqx.Module):
        weight: jax.Array
        name: str

        @eqx.filter_custom_vjp
        def apply(self, x):
            return self.weight * x

        @apply.def_fwd
        def apply_fwd(perturbed, self, x):
            assert perturbed.weight is True
            assert perturbed.name is False
            return self.weight * x, None

        @apply.def_bwd
        def apply_bwd(residuals, grad, perturbed, self, x):
            return Model(grad * x * 10, None)

    model = Model(TWO, "name")
    assert model.apply(THREE) == 6.0
    grad = eqx.filter_grad(lambda m: m.apply(THREE))(model)
    assert grad.weight == 30.0
    assert grad.name is None


def test_what_does_not_hash_may_be_passed_along():
    custom = with_rules(
        lambda x, things: x * len(things), lambda r, g, p, x, things: g * 7, lambda x, things: [{1}]
    )
    assert jax.grad(custom)(TWO, {1, 2}) == 7.0
    assert jax.grad(jax.jit(lambda x: custom(x, {1, 2})))(TWO) == 7.0


def test_no_tracer_outlives_the_call():
    with jax.checking_leaks():
        assert jax.jit(jax.grad(twice))(TWO) == 20.0


def test_old_code_gets_zeros_in_place_of_none_and_no_perturbed():
    function = eqx.filter_custom_vjp(lambda x, y: (x * y, x * 2, "text"))
    with pytest.warns(UserWarning, match=r"defvjp` is deprecated in favour of .*def_fwd"):
        function.defvjp(
            lambda x, y: ((x * y, x * 2, "text"), y),
            lambda y, grad, x, _: grad[0] * y * 10 + grad[1],
        )
    assert jax.grad(lambda x: function(x, THREE)[0])(TWO) == 30.0


def test_it_looks_like_the_function_and_is_pickled_by_name():
    assert twice.__name__ == "twice"
    assert twice.__wrapped__ is twice.fn
    assert repr(twice) == "<wrapped function twice>"
    assert pickle.loads(pickle.dumps(twice)) is copy.deepcopy(twice) is twice


@pytest.mark.parametrize("wrt", ["x", "tree"])
def test_the_passes_see_what_they_see_in_equinox(wrt):
    seen, their_seen = [], []

    def function(tree, other, *, k):
        return {"out": tree["x"] * k, "n": jnp.arange(2), "s": "text", "y": tree["y"]}

    def bwd(residuals, grad, perturbed, tree, other, *, k):
        return {"x": grad["out"], "y": None, "s": None}

    def residuals(tree, other, *, k):
        return tree["x"], "static", other

    grads = []
    for lib, log in ((eqx, seen), (equinox, their_seen)):
        custom = with_rules(function, bwd, residuals, lib=lib, seen=log)
        tree = {"x": TWO, "y": THREE, "s": "text"}

        def loss(arg, custom=custom, tree=tree):
            tree = tree | ({"x": arg} if wrt == "x" else arg)
            return custom(tree, jnp.arange(3), k=VECTOR[1])["out"]

        start = TWO if wrt == "x" else {"x": TWO, "y": THREE}
        grads += [jax.grad(loss)(start), jax.jit(jax.grad(loss))(start)]
    ours, theirs = grads[:2], grads[2:]
    assert jax.tree.leaves(ours) == jax.tree.leaves(theirs)
    assert len(seen) == len(their_seen) == 4
    for one, other in zip(seen, their_seen, strict=True):
        assert jax.tree.structure(one) == jax.tree.structure(other)


WRONG_GRADIENTS = {
    "a leaf is missing": ({"a": TWO}, RuntimeError, r"(?s)same structure.*\['b'\].*\(missing\)"),
    "nothing": (None, RuntimeError, r"(?s)same structure as `equinox.filter.*dict of 2 +None"),
    "another shape": ({"a": VECTOR, "b": None}, ValueError, r"gradient\['a'\].*f32\[2\].*shape"),
    "text": ({"a": "text", "b": None}, TypeError, r"gradient\['a'\].*'text'.*not a valid JAX"),
    "complex": ({"a": 1j, "b": None}, ValueError, r"(?s)gradient\['a'\].*`grad.real`"),
}


@pytest.mark.parametrize("mistake", WRONG_GRADIENTS)
def test_a_wrong_gradient_is_named_with_the_fix(mistake):
    returned, error, pattern = WRONG_GRADIENTS[mistake]
    custom = with_rules(lambda tree: tree["a"] * 2, lambda *args: returned)
    with pytest.raises(error, match=pattern):
        eqx.filter_grad(custom)({"a": TWO, "b": "text"})


OTHER_ARGUMENTS = {
    "positional": (lambda custom, x: custom(TWO, [THREE, x]), r"positional argument 1\[1\]"),
    "keyword": (lambda custom, x: custom(TWO, [THREE, THREE], k=x), r"keyword argument \['k'\]"),
}


@pytest.mark.parametrize("which", OTHER_ARGUMENTS)
def test_only_the_first_argument_is_differentiated(which):
    call, pattern = OTHER_ARGUMENTS[which]
    custom = with_rules(lambda x, y, k=1: x * y[0], lambda r, g, p, x, y, k=1: g)
    with pytest.raises(RuntimeError, match=rf"(?s)Unexpected tangent.*{pattern}.*stop_gradient"):
        jax.grad(lambda x: call(custom, x))(TWO)


def test_a_module_may_be_the_function_and_is_not_differentiated():
    class Times(eqx.Module):
        weight: jax.Array

        def __call__(self, x):
            return self.weight * x

    def applied(weight, x):
        return with_rules(Times(weight), lambda r, g, p, x: 10 * g)(x)

    with pytest.raises(RuntimeError, match=r"respect to \.weight of the Module that it wraps"):
        jax.grad(applied)(TWO, THREE)


def test_the_passes_have_to_agree_on_what_is_no_array():
    custom = eqx.filter_custom_vjp(lambda x: (x, "one"))
    custom.def_fwd(lambda perturbed, x: ((x, "other"), None))
    custom.def_bwd(lambda residuals, grad, perturbed, x: grad[0])
    with pytest.raises(TypeError, match=r"(?s)same|itself.*\[1\] +'one' +'other'"):
        jax.grad(jax.jit(lambda x: custom(x)[0]))(TWO)


def test_a_mistake_in_defining_it_is_named_with_the_fix():
    custom = eqx.filter_custom_vjp(product)
    with pytest.raises(RuntimeError, match=r"(?s)not yet called for `product`.*product.def_bwd"):
        custom(TWO, THREE)
    custom.def_fwd(lambda perturbed, x, y: x * y)
    with pytest.raises(RuntimeError, match="not yet called"):
        custom(TWO, THREE)
    custom.def_bwd(lambda *args: None)
    with pytest.raises(TypeError, match=r"forward pass of `product` returned .*a pair"):
        jax.grad(custom)(TWO, THREE)
    with pytest.raises(TypeError, match="forward-mode"):
        jax.jvp(twice, (TWO,), (TWO,))
