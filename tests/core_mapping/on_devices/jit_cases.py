"""`in_shardings` and `out_shardings` of `filter_jit`."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from expected import eight, everywhere, is_at, mesh, raises, split
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

import eqxcore as eqx
from eqxcore import nn


@functools.cache
def model():
    return nn.MLP(2, 8, 4, 1, key=jax.random.key(0))


def test_one_sharding_is_for_all_arrays_and_for_nothing_else():
    f = eqx.filter_jit(lambda x, name, n: (x, name, n), in_shardings=split(), out_shardings=split())
    for _ in range(3):
        x, name, n = f(eight(), "text", 2)
        assert is_at(x, split())
        assert (name, n) == ("text", 2)


def test_each_argument_has_its_own_and_none_specifies_nothing():
    seen = []

    def f(model, x, name):
        jax.debug.inspect_array_sharding(x, callback=seen.append)
        return model, x, name

    f = eqx.filter_jit(f, in_shardings=(everywhere(), split(), None))
    for _ in range(3):
        out, _, name = f(model(), eight(), "text")
        assert out.activation is model().activation
        assert name == "text"
    assert seen
    assert all(sharding.is_equivalent_to(split(), 1) for sharding in seen)


def test_it_may_go_down_to_a_leaf():
    spec = ({"x": split(), "y": None}, everywhere())
    f = eqx.filter_jit(
        lambda tree, z: tree, in_shardings=spec, out_shardings={"x": split(), "y": None}
    )
    out = f({"x": eight(), "y": [eight(), "text"]}, eight())
    assert is_at(out["x"], split())
    assert out["y"][1] == "text"


def test_results_go_where_they_are_told_each_time():
    f = eqx.filter_jit(
        lambda x: {"a": x, "b": (x, "text", x + 1), "c": x},
        out_shardings={"a": split(), "b": everywhere(), "c": None},
    )
    for start in range(3):
        out = f(start + eight())
        np.testing.assert_array_equal(out["a"], start + np.arange(8))
        np.testing.assert_array_equal(out["b"][2], start + np.arange(8) + 1)
        assert is_at(out["a"], split())
        assert is_at(out["b"][0], everywhere())
        assert is_at(out["b"][2], everywhere())
        assert out["b"][1] == "text"


def test_models_come_back_as_models():
    step = eqx.filter_jit(
        lambda model, x: (model, jnp.sum(jax.vmap(model)(x))),
        in_shardings=(everywhere(), split()),
        out_shardings=(everywhere(), None),
    )
    current = model()
    for _ in range(3):
        # The results of one step are the arguments of the next.
        current, _ = jax.block_until_ready(step(current, jnp.ones((8, 2))))
    assert isinstance(current, nn.MLP)
    assert is_at(current.layers[0].weight, everywhere())
    assert step.__wrapped__ is not None


def test_keywords_that_have_a_position_have_its_sharding():
    f = eqx.filter_jit(
        lambda x, y: (x, y), in_shardings=(None, split()), out_shardings=(None, None)
    )
    _, y = f(x=eight(), y=eight())
    assert is_at(y, split())


def test_keywords_that_have_none_are_refused():
    def f(x, *, y):
        return x, y

    g = eqx.filter_jit(f, in_shardings=(split(),))
    assert g(eight(), y=2)[1] == 2
    with raises(ValueError, "`in_shardings` of `filter_jit(f)`", "`y`", "by keyword only"):
        g(eight(), y=eight())
    assert is_at(eqx.filter_jit(f, in_shardings=split())(eight(), y=eight())[1], split())


def test_a_method_counts_self():
    class Scale(eqx.Module):
        by: jax.Array

        @eqx.filter_jit(in_shardings=(None, split()), out_shardings=split())
        def __call__(self, x):
            return self.by * x

    assert is_at(Scale(jnp.asarray(2.0))(eight()), split())


def test_the_arrays_of_the_function_are_left_to_jax():
    linear = nn.Linear(8, 8, key=jax.random.key(0))
    out = eqx.filter_jit(linear, in_shardings=split(), out_shardings=split())(eight())
    assert is_at(out, split())
    np.testing.assert_allclose(out, linear(eight()), rtol=1e-5, atol=1e-6)


def test_nothing_is_traced_twice():
    traces = []

    def f(x, n):
        traces.append(n)
        return x

    for _ in range(3):
        eqx.filter_jit(f, in_shardings=(split(), None), out_shardings=split())(eight(), 1)
    eqx.filter_jit(f, in_shardings=[split(), None][0])(eight(), 1)
    assert traces == [1, 1]


def test_an_array_on_the_host_is_sent_there():
    f = eqx.filter_jit(lambda x: x, in_shardings=split())
    assert is_at(f(np.arange(8.0, dtype=np.float32)), split())


def test_programs_are_lowered_and_compiled_with_them():
    f = eqx.filter_jit(
        lambda x, name: (x, name), in_shardings=(split(), None), out_shardings=(split(), None)
    )
    compiled = f.lower(jax.ShapeDtypeStruct((8,), jnp.float32), "text").compile()
    x, name = compiled(eight(), "text")
    assert is_at(x, split())
    assert name == "text"


def test_donated_arguments_are_used_again():
    f = eqx.filter_jit(lambda x: x + 1, donate="all", in_shardings=split(), out_shardings=split())
    x = jax.device_put(eight(), split())
    np.testing.assert_array_equal(f(x), np.arange(8) + 1)
    assert x.is_deleted()


def test_donation_counts_structs_when_lowering():
    f = eqx.filter_jit(lambda x, y: (x + 1, y + 1), donate="all-except-first")
    struct = jax.ShapeDtypeStruct((8,), jnp.float32)
    compiled = f.lower(struct, struct).compile()
    x, y = eight(), eight()
    compiled(x, y)
    assert not x.is_deleted()
    assert y.is_deleted()


def test_gradients_pass_through():
    f = eqx.filter_jit(lambda x: jnp.sum(x**2), in_shardings=split(), out_shardings=everywhere())
    np.testing.assert_array_equal(eqx.filter_grad(f)(eight()), 2 * np.arange(8))


def test_an_array_that_was_put_elsewhere_is_named():
    f = eqx.filter_jit(lambda tree: tree, in_shardings=split())
    put = jax.device_put(eight(), everywhere())
    for _ in range(2):
        f({"x": [eight()]})
        with raises(ValueError, "`tree['x'][0]`", "put elsewhere", "jax.device_put(x, sharding)"):
            f({"x": [put]})


def test_a_shape_that_is_not_divided_is_named():
    f = eqx.filter_jit(lambda model, x: x, in_shardings=(None, split()))
    with raises(ValueError, "`x`", "(6,)"):
        f(model(), jnp.ones(6))


def test_another_structure_is_shown():
    f = eqx.filter_jit(lambda x, y: x, in_shardings=(split(),))
    with raises(ValueError, "`in_shardings`", "not a prefix of the positional", "tuple of 1"):
        f(eight(), eight())
    g = eqx.filter_jit(lambda x: x, out_shardings=(split(), None))
    with raises(ValueError, "`out_shardings`", "not a prefix of what the function returns"):
        g(eight())


def test_what_is_no_sharding_is_refused_at_once():
    for wrong in ("batch", 0, split):
        with raises(TypeError, "`in_shardings[1]`", "NamedSharding(mesh, P('batch'))"):
            eqx.filter_jit(lambda x, y: x, in_shardings=(None, wrong))


def test_shardings_may_be_dicts_and_lists():
    f = eqx.filter_jit(lambda x: [x, {"a": x}], out_shardings=[split(), {"a": everywhere()}])
    for _ in range(2):
        out = jax.block_until_ready(f(eight()))
        assert is_at(out[0], split())
        assert is_at(out[1]["a"], everywhere())


def test_two_axes_are_split_over_the_same_devices():
    spec = NamedSharding(mesh(), P(None, "batch"))
    out = eqx.filter_jit(lambda x: x, out_shardings=spec)(jnp.ones((3, 8)))
    assert is_at(out, spec)
