"""`filter_shard`: which arrays go where, inside of compiled programs and outside."""

import jax
import jax.numpy as jnp
import numpy as np
from expected import eight, everywhere, is_at, mesh, raises, split
from jax.sharding import NamedSharding, SingleDeviceSharding
from jax.sharding import PartitionSpec as P

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)


def test_arrays_are_moved_and_the_rest_passes_through():
    marker = object()
    out = eqx.filter_shard((eight(), np.arange(4.0), marker, 1.0, None), split())
    assert is_at(out[0], split())
    assert is_at(out[1], split())
    assert out[2:] == (marker, 1.0, None)


def test_a_device_stands_for_itself():
    device = jax.devices()[2]
    model = eqx.filter_shard(nn.MLP(2, 2, 4, 1, key=KEY), device)
    assert model.activation is jax.nn.relu
    assert all(x.devices() == {device} for x in jax.tree.leaves(model) if eqx.is_array(x))


def test_arrays_on_other_devices_are_moved():
    there = jax.device_put(eight(), jax.devices()[1])
    assert is_at(eqx.filter_shard(there, split()), split())
    assert eqx.filter_shard(there, jax.devices()[0]).devices() == {jax.devices()[0]}


def test_each_part_may_have_its_own_and_none_stays():
    x, y, z = eqx.filter_shard(
        ({"a": eight()}, [eight(), "text"], eight()), (split(), everywhere(), None)
    )
    assert is_at(x["a"], split())
    assert is_at(y[0], everywhere())
    assert isinstance(z.sharding, SingleDeviceSharding)


def test_compiled_programs_are_told():
    seen = []

    @eqx.filter_jit
    def f(model, x):
        model, x = eqx.filter_shard((model, x), (everywhere(), split()))
        jax.debug.inspect_array_sharding(x, callback=seen.append)
        return model, x

    model, x = f(nn.Linear(2, 2, key=KEY), eight())
    assert is_at(x, split())
    assert model.in_features == 2
    assert seen[0].is_equivalent_to(split(), 1)


def test_constants_in_a_compiled_program_are_told_of():
    x = np.arange(8.0, dtype=np.float32)
    assert is_at(jax.jit(lambda: eqx.filter_shard(x, split()))(), split())


def test_gradients_pass_through():
    def loss(x):
        return jnp.sum(eqx.filter_shard(x, split()) ** 2)

    for transform in (lambda f: f, eqx.filter_jit):
        np.testing.assert_array_equal(transform(eqx.filter_grad(loss))(eight()), 2 * np.arange(8))


def test_it_is_mapped():
    x = jnp.ones((3, 8))
    out = eqx.filter_vmap(lambda x: eqx.filter_shard(x, split()))(x)
    np.testing.assert_array_equal(out, x)


def test_keys_are_arrays():
    keys = jax.random.split(KEY, 8)
    assert is_at(eqx.filter_shard(keys, split()), split())


def test_mistakes_name_the_leaf():
    with raises(TypeError, "'batch'", "a device", "NamedSharding"):
        eqx.filter_shard(eight(), "batch")
    with raises(ValueError, "`x['a'][1]`", "(6,)", "Expected a shape"):
        eqx.filter_shard({"a": [eight(), jnp.ones(6)]}, split())
    with raises(ValueError, "`x`", "()", "Expected a shape"):
        eqx.filter_shard(jnp.ones(()), split())
    with raises(ValueError, "`device_or_shardings`", "not a prefix", "tuple of 1"):
        eqx.filter_shard((eight(), eight()), (split(),))
    with raises(ValueError, "`x`", "(6,)"):
        eqx.filter_jit(lambda x: eqx.filter_shard(x, split()))(jnp.ones(6))


def test_a_mesh_whose_axes_are_part_of_types_is_taken():
    kinds = getattr(jax.sharding, "AxisType", None)
    if kinds is None or not hasattr(jax, "set_mesh"):
        return  # the JAX that is installed does not have them yet
    explicit = jax.make_mesh((4,), ("batch",), axis_types=(kinds.Explicit,))
    sharding = NamedSharding(explicit, P("batch"))
    assert is_at(eqx.filter_shard(eight(), sharding), sharding)
    with jax.set_mesh(explicit):
        assert is_at(eqx.filter_jit(lambda x: eqx.filter_shard(x, sharding))(eight()), sharding)


def test_the_mesh_is_one():
    assert mesh().size == 4
