import functools

import equinox.internal as eqxi
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from eqxcore.internal import while_loop

KINDS = ("lax", "checkpointed", "bounded")


def _count(limit, *, kind, start=0, **kwargs):
    return while_loop(lambda i: i < limit, lambda i: i + 1, start, kind=kind, **kwargs)


@pytest.mark.parametrize("kind", KINDS)
class TestEveryKind:
    def test_it_runs_until_the_condition_is_false(self, kind):
        assert _count(5, kind=kind, max_steps=10) == 5

    def test_it_stops_at_max_steps(self, kind):
        assert _count(100, kind=kind, max_steps=10, base=4) == 10

    def test_a_condition_false_from_the_start_gives_the_initial_value(self, kind):
        assert _count(5, kind=kind, max_steps=10, start=7) == 7

    def test_no_steps_at_all_give_the_initial_value(self, kind):
        assert _count(5, kind=kind, max_steps=0) == 0

    def test_one_step_is_one_step(self, kind):
        assert _count(5, kind=kind, max_steps=1) == 1

    def test_the_condition_may_be_a_python_bool(self, kind):
        assert while_loop(lambda i: True, lambda i: i + 1, 0, kind=kind, max_steps=3) == 3

    def test_leaves_that_are_no_arrays_stay_as_they_are(self, kind):
        i, name, function = while_loop(
            lambda c: c[0] < 3,
            lambda c: (c[0] + 1, c[1], c[2]),
            (0, "name", jnp.sin),
            kind=kind,
            max_steps=4,
        )
        assert (int(i), name, function) == (3, "name", jnp.sin)

    def test_each_element_of_a_batch_stops_for_itself(self, kind):
        limits = jnp.array([3, 0, 5])
        found = jax.jit(jax.vmap(lambda n: _count(n, kind=kind, max_steps=8)))(limits)
        assert found.tolist() == [3, 0, 5]

    def test_a_body_batched_by_what_it_closes_over_works(self, kind):
        def sums(x):
            return while_loop(
                lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] + x), (0, 0.0), kind=kind, max_steps=4
            )[1]

        assert jax.vmap(sums)(jnp.arange(3.0)).tolist() == [0.0, 3.0, 6.0]

    def test_weak_types_stay_weak(self, kind):
        assert jnp.asarray(_count(3, kind=kind, max_steps=4)).weak_type

    def test_a_weak_type_is_promoted_to_what_the_body_returns(self, kind):
        found = while_loop(lambda x: x < 3, lambda x: x + jnp.float32(1), 0, kind=kind, max_steps=4)
        assert (float(found), found.dtype, found.weak_type) == (3.0, jnp.float32, False)

    def test_the_body_is_traced_once(self, kind):
        traces = []

        def body(x):
            traces.append(None)
            return x * 2

        while_loop(lambda x: x < 9, body, jnp.ones((), jnp.float32), kind=kind, max_steps=20)
        assert len(traces) == 1

    def test_typed_keys_can_be_carried(self, kind):
        def body(c):
            i, key = c
            return i + 1, jax.random.split(key)[0]

        key = jax.random.key(0)
        _, found = while_loop(lambda c: c[0] < 2, body, (0, key), kind=kind, max_steps=3)
        expected = jax.random.split(jax.random.split(key)[0])[0]
        assert (jax.random.key_data(found) == jax.random.key_data(expected)).all()

    def test_forward_over_nothing_agrees_with_equinox(self, kind):
        def program(loop):
            def body(c):
                i, x = c
                return i + 1, {"a": x["a"] * 1.1, "b": x["b"] + i}

            init = (0, {"a": jnp.ones(2), "b": jnp.arange(3)})
            return loop(lambda c: c[1]["b"][0] < 20, body, init, kind=kind, max_steps=9)

        ours, theirs = program(while_loop), program(eqxi.while_loop)
        jax.tree.map(np.testing.assert_array_equal, ours, theirs)


class TestDerivatives:
    @staticmethod
    def _power(x, kind):
        return while_loop(lambda x: x < 70, lambda x: x**2, x, kind=kind, max_steps=5)

    def test_lax_has_forward_mode(self):
        assert jax.jvp(lambda x: self._power(x, "lax"), (1.5,), (1.0,))[1] > 0

    def test_lax_has_no_reverse_mode(self):
        with pytest.raises(ValueError, match="Reverse-mode differentiation does not work"):
            jax.grad(lambda x: self._power(x, "lax"))(1.5)

    def test_checkpointed_has_no_forward_mode(self):
        with pytest.raises(TypeError, match="forward-mode"):
            jax.jvp(lambda x: self._power(x, "checkpointed"), (1.5,), (1.0,))

    def test_checkpointed_has_forward_mode_of_its_gradient(self):
        second = jax.jacfwd(jax.grad(lambda x: self._power(x, "checkpointed")))(1.5)
        np.testing.assert_allclose(second, 16 * 15 * 1.5**14, rtol=1e-5)

    @pytest.mark.parametrize("order", [(jax.grad, jax.grad), (jax.jacfwd, jax.grad)])
    def test_bounded_has_second_derivatives(self, order):
        outer, inner = order
        second = outer(inner(lambda x: self._power(x, "bounded")))(1.5)
        np.testing.assert_allclose(second, 16 * 15 * 1.5**14, rtol=1e-5)


class TestErrors:
    def test_a_carry_of_another_shape_is_named_by_path(self):
        with pytest.raises(ValueError, match=r"(?s)body_fun.*\['x'\].*f32\[2\].*f32\[1\]"):
            while_loop(
                lambda c: c["i"] < 3,
                lambda c: {"i": c["i"] + 1, "x": c["x"][:1]},
                {"i": 0, "x": jnp.zeros(2)},
                kind="lax",
            )

    def test_a_carry_of_another_dtype_is_refused(self):
        with pytest.raises(ValueError, match=r"(?s)i32\[2\].*f32\[2\].*astype"):
            while_loop(
                lambda x: x[0] < 3,
                lambda x: x.astype(jnp.float32),
                jnp.zeros(2, jnp.int32),
                kind="lax",
            )

    def test_a_carry_of_another_structure_is_refused(self):
        with pytest.raises(ValueError, match=r"(?s)tuple of 2.*tuple of 3"):
            while_loop(lambda c: c[0] < 3, lambda c: (*c, 1), (0, 1), kind="lax")

    def test_a_static_leaf_that_changes_is_refused(self):
        with pytest.raises(ValueError, match=r"(?s)'hi'.*'ho'.*no arrays"):
            while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, "ho"), (0, "hi"), kind="lax")

    @pytest.mark.parametrize(
        ("pred", "found"), [(jnp.array([True]), r"bool\[1\]"), (1, r"int32\[\]"), (None, "None")]
    )
    def test_a_condition_that_is_not_one_boolean_is_refused(self, pred, found):
        with pytest.raises(TypeError, match=rf"`cond_fun` returned {found}"):
            while_loop(lambda i: pred, lambda i: i, 0, kind="lax")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"kind": "bound"}, "'bound'. Expected 'lax'"),
            ({"kind": "lax", "max_steps": -1}, "`max_steps` is -1"),
            ({"kind": "lax", "max_steps": 3.0}, "`max_steps` is 3.0"),
            ({"kind": "checkpointed"}, "neither `max_steps` nor `checkpoints`"),
            ({"kind": "checkpointed", "checkpoints": 0}, "`checkpoints` is 0"),
            ({"kind": "bounded"}, "has no `max_steps`"),
            ({"kind": "bounded", "max_steps": 3, "base": 1}, "`base` is 1"),
        ],
    )
    def test_arguments_that_do_not_fit_are_named(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            while_loop(lambda i: i < 3, lambda i: i + 1, 0, **arguments)


@pytest.mark.skipif(not hasattr(jax, "shard_map"), reason="this JAX has no jax.shard_map")
@pytest.mark.parametrize("kind", KINDS)
def test_a_loop_runs_in_a_shard_map_that_checks_what_varies(kind):
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("x",))
    spec = jax.sharding.PartitionSpec("x")

    @functools.partial(jax.shard_map, mesh=mesh, in_specs=spec, out_specs=spec)
    def doubled(x):
        def body(c):
            return c[0] + 1, c[1] * 2

        return while_loop(lambda c: jnp.sum(c[1]) < 10, body, (0, x), kind=kind, max_steps=9)[1]

    assert jax.jit(doubled)(jnp.array([1.0, 2.0])).tolist() == [4.0, 8.0]
    if kind != "lax":
        found = jax.jit(jax.grad(lambda x: jnp.sum(doubled(x))))(jnp.array([1.0, 2.0]))
        assert found.tolist() == [4.0, 4.0]
