"""Primitives of any pytrees, with and without batching themselves."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

import eqxcore as eqx
import eqxcore.internal as eqxi

X = jnp.array([1.0, 2.0, 3.0])


class Scale(eqx.Module):
    by: jax.Array
    name: str = eqx.field(static=True, default="scale")


def scaled(scale, x, factor, how):
    """`scale.by * x * factor`, among other things."""
    return {"out": scale.by * x * factor, "how": how, "none": None}


def make(create=None):
    """A primitive with all rules: linear in `x`, and a tangent of `scale.by` that is refused."""
    calls = []

    def impl(scale, x, factor, how):
        calls.append("impl")
        return scaled(scale, x, factor, how)

    def abstract_eval(scale, x, factor, how):
        calls.append("abstract_eval")
        return {"out": jax.core.ShapedArray(x.shape, x.dtype), "how": how, "none": None}

    def jvp(primals, tangents):
        calls.append("jvp")
        scale, _, factor, how = primals
        t_scale, t_x, t_factor, t_how = tangents
        assert t_factor is None
        assert t_how is None
        assert jax.tree.structure(scale) == jax.tree.structure(t_scale, is_leaf=lambda x: x is None)
        assert t_scale.by is None
        out = eqxi.filter_primitive_bind(primitive, *primals)
        if t_x is None:
            return out, {"out": None, "how": None, "none": None}
        t_out = eqxi.filter_primitive_bind(primitive, scale, t_x, factor, how)["out"]
        return out, {"out": t_out, "how": None, "none": None}

    def transpose(inputs, cts):
        calls.append("transpose")
        scale, x, factor, how = inputs
        assert isinstance(x, ad.UndefinedPrimal)
        assert cts["how"] is None
        ct = eqxi.filter_primitive_bind(primitive, scale, cts["out"], factor, how)["out"]
        return jax.tree.map(lambda _: None, scale), ct, None, None

    rules = (
        eqxi.filter_primitive_def(impl),
        eqxi.filter_primitive_def(abstract_eval),
        eqxi.filter_primitive_jvp(jvp),
        eqxi.filter_primitive_transpose(transpose),
    )
    if create is not None:
        primitive = create("scale", *rules)
        return primitive, calls
    primitive = Primitive("scale")
    primitive.multiple_results = True
    primitive.def_impl(rules[0])
    primitive.def_abstract_eval(rules[1])
    ad.primitive_jvps[primitive] = rules[2]
    ad.primitive_transposes[primitive] = rules[3]
    mlir.register_lowering(primitive, mlir.lower_fun(rules[0], multiple_results=True))
    return primitive, calls


@functools.cache
def plain():
    return make()[0]


@functools.cache
def batched():
    return make(eqxi.create_vprim)[0]


@pytest.fixture(params=[plain, batched], ids=["plain", "batched"])
def primitive(request):
    return request.param()


def call(primitive, x, by=2.0, factor=3.0, how="how"):
    return eqxi.filter_primitive_bind(primitive, Scale(jnp.asarray(by)), x, factor, how)


def test_pytrees_go_in_and_come_out(primitive):
    out = call(primitive, X)
    np.testing.assert_array_equal(out["out"], 6 * X)
    assert out["how"] == "how"
    assert out["none"] is None


def test_it_is_compiled_with_statics_in_and_out(primitive):
    out = eqx.filter_jit(lambda x: call(primitive, x))(X)
    np.testing.assert_array_equal(out["out"], 6 * X)
    assert out["how"] == "how"


def test_a_static_argument_need_not_hash(primitive):
    out = jax.jit(lambda x: call(primitive, x, how=["a", {1, 2}])["out"])(X)
    np.testing.assert_array_equal(out, 6 * X)


def test_it_is_differentiated_forwards_and_in_reverse(primitive):
    def loss(x):
        return jnp.sum(call(primitive, x)["out"] ** 2)

    np.testing.assert_allclose(jax.jvp(loss, (X,), (jnp.ones(3),))[1], jnp.sum(72 * X))
    np.testing.assert_allclose(jax.grad(loss)(X), 72 * X)
    np.testing.assert_allclose(jax.jit(jax.grad(loss))(X), 72 * X)


def test_what_is_not_differentiated_has_no_tangent(primitive):
    # `by` depends on nothing that is differentiated: the rule asserts that its tangent is `None`.
    _, tangents = eqx.filter_jvp(lambda x: call(primitive, x), (X,), (jnp.ones(3),))
    np.testing.assert_array_equal(tangents["out"], 6 * jnp.ones(3))
    assert tangents["how"] is None


def test_the_jaxpr_shows_what_is_static(primitive):
    text = str(jax.make_jaxpr(lambda x: call(primitive, x, how="shown")["out"])(X))
    assert "scale[call=" in text
    assert "'shown'" in text


def test_a_primitive_of_one_result_is_refused():
    with pytest.raises(TypeError, match=r"`prim\.multiple_results = True`"):
        eqxi.filter_primitive_bind(Primitive("single"), X)


def test_a_rule_that_disagrees_with_another_is_found_out():
    primitive = Primitive("disagrees")
    primitive.multiple_results = True
    primitive.def_impl(eqxi.filter_primitive_def(lambda x: (x, x)))
    primitive.def_abstract_eval(eqxi.filter_primitive_def(lambda x: [x]))
    mlir.register_lowering(primitive, mlir.lower_fun(primitive.impl, multiple_results=True))
    with pytest.raises(ValueError, match="different structures"):
        jax.jit(lambda x: eqxi.filter_primitive_bind(primitive, x))(X)


@pytest.mark.parametrize(
    ("tangents", "message"),
    [
        ({"out": None}, "tangents .* structure"),
        ({"out": None, "how": X, "none": None}, "belongs to 'how'"),
    ],
)
def test_a_jvp_rule_that_returns_something_else_is_refused(tangents, message):
    primitive = Primitive("wrong_jvp")
    primitive.multiple_results = True
    primitive.def_impl(eqxi.filter_primitive_def(lambda x: scaled(Scale(x), x, 1.0, "how")))

    @eqxi.filter_primitive_jvp
    def jvp(primals, _):
        return eqxi.filter_primitive_bind(primitive, *primals), tangents

    ad.primitive_jvps[primitive] = jvp
    with pytest.raises(ValueError, match=f"(?s){message}"):
        jax.jvp(lambda x: eqxi.filter_primitive_bind(primitive, x)["out"], (X,), (X,))


def test_a_batching_rule_gets_the_axes_as_a_pytree():
    primitive, _ = make()
    seen = []

    @eqxi.filter_primitive_batching
    def rule(inputs, axes):
        scale, x, factor, how = inputs
        seen.append(axes)
        out = eqxi.filter_primitive_bind(primitive, scale, x, factor, how)
        return out, {"out": axes[1], "how": None, "none": None}

    batching.primitive_batchers[primitive] = rule
    xs = jnp.stack([X, 2 * X], axis=1)
    out = jax.vmap(lambda x: call(primitive, x)["out"], in_axes=1)(xs)
    np.testing.assert_array_equal(out, 6 * xs.T)
    assert seen[0][0].by is None
    assert seen[0][1:] == (1, None, None)


@pytest.mark.parametrize("materialise", [True, False])
def test_zero_cotangents_are_none_or_made(materialise):
    primitive = Primitive("two")
    primitive.multiple_results = True
    rule = eqxi.filter_primitive_def(lambda x: (2 * x, 3 * x))
    primitive.def_impl(rule)
    primitive.def_abstract_eval(eqxi.filter_primitive_def(lambda x: (x, x)))
    seen = []

    @eqxi.filter_primitive_jvp
    def jvp(primals, tangents):
        out = eqxi.filter_primitive_bind(primitive, *primals)
        return out, eqxi.filter_primitive_bind(primitive, *tangents)

    @eqxi.filter_primitive_transpose(materialise_zeros=materialise)
    def transpose(inputs, cts):
        seen.append(cts[1])
        return (2 * cts[0],)

    ad.primitive_jvps[primitive] = jvp
    ad.primitive_transposes[primitive] = transpose
    grad = jax.grad(lambda x: jnp.sum(eqxi.filter_primitive_bind(primitive, x)[0]))(X)
    np.testing.assert_array_equal(grad, 2 * jnp.ones(3))
    if materialise:
        np.testing.assert_array_equal(seen[0], jnp.zeros(3))
    else:
        assert seen == [None]


# What follows is of `create_vprim` only.


def loss(x):
    return jnp.sum(call(batched(), x)["out"] ** 2)


XS = jnp.stack([X, -X])


def test_it_batches_itself_along_any_axis():
    out = jax.vmap(lambda x: call(batched(), x)["out"], in_axes=1, out_axes=1)(XS.T)
    np.testing.assert_array_equal(out, 6 * XS.T)
    nested = jax.vmap(jax.vmap(lambda x: call(batched(), x)["out"]), in_axes=2)(
        jnp.stack([XS, 2 * XS], axis=2)
    )
    np.testing.assert_array_equal(nested, 6 * jnp.stack([XS, 2 * XS]))


def test_its_derivatives_and_batching_come_in_any_order():
    expected = 72 * XS
    np.testing.assert_allclose(jax.vmap(jax.grad(loss))(XS), expected)
    np.testing.assert_allclose(jax.grad(lambda xs: jnp.sum(jax.vmap(loss)(xs)))(XS), expected)
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(loss)))(XS), expected)
    hessians = jax.vmap(jax.hessian(loss))(XS)
    np.testing.assert_allclose(hessians, jnp.stack([72 * jnp.eye(3)] * 2))


def test_what_is_the_same_for_the_batch_gets_the_sum_of_the_cotangents():
    def loss_of_shared(x):
        def element(by):
            return jnp.sum(call(batched(), x, by=by)["out"])

        return jnp.sum(jax.vmap(element)(jnp.array([2.0, 5.0])))

    np.testing.assert_allclose(jax.grad(loss_of_shared)(X), jnp.full(3, 3.0 * (2 + 5)))


def test_rules_are_called_on_elements_not_differentiated_through():
    primitive, calls = make(eqxi.create_vprim)

    def loss(x):
        return jnp.sum(call(primitive, x)["out"])

    jax.make_jaxpr(jax.grad(lambda xs: jnp.sum(jax.vmap(loss)(xs))))(XS)
    assert "jvp" in calls
    assert "transpose" in calls
    assert "impl" not in calls


def test_an_implementation_set_later_is_for_calls_outside_of_vmap():
    primitive, calls = make(eqxi.create_vprim)
    primitive.def_impl(eqxi.filter_primitive_def(lambda *args: scaled(*args)))
    call(primitive, X)
    assert calls == []
    jax.vmap(lambda x: call(primitive, x)["out"])(XS)
    assert calls.count("impl") >= 1


def test_a_named_axis_is_known_inside():
    def total(x):
        return [jax.lax.psum(x, "batch")]

    primitive = eqxi.create_vprim("total", total, lambda x: [x], None, None)
    out = jax.vmap(lambda x: primitive.bind(x)[0], axis_name="batch")(XS)
    np.testing.assert_array_equal(out, jnp.zeros((2, 3)))
    out = jax.jit(jax.vmap(lambda x: primitive.bind(x)[0], axis_name="batch"))(jnp.ones((2, 3)))
    np.testing.assert_array_equal(out, jnp.full((2, 3), 2.0))


def test_a_derivative_that_there_is_not_is_named():
    primitive = eqxi.create_vprim("flat", lambda x: [x], lambda x: [x], None, None)
    with pytest.raises(NotImplementedError, match="`flat` has no rule for forward"):
        jax.jvp(jax.vmap(lambda x: primitive.bind(x)[0]), (XS,), (XS,))
