import jax
import jax.numpy as jnp
import numpy as np
import pytest

from eqxcore.internal import scan, scan_trick

KINDS = ("lax", "checkpointed", "bounded")


def _multiply(c, x):
    return c * x, c + x


@pytest.mark.parametrize("kind", KINDS)
class TestEveryKind:
    def test_it_gives_what_laxs_scan_gives(self, kind):
        xs = jnp.arange(1.0, 6.0)
        found, expected = scan(_multiply, 1.0, xs, kind=kind), jax.lax.scan(_multiply, 1.0, xs)
        jax.tree.map(np.testing.assert_allclose, found, expected)

    def test_a_length_is_enough(self, kind):
        assert scan(lambda c, x: (c * 2, x), 1.0, None, 3, kind=kind) == (8.0, None)

    def test_no_steps_give_the_initial_value(self, kind):
        c, ys = scan(_multiply, 1.0, jnp.zeros(0), kind=kind)
        assert (c, ys.shape) == (1.0, (0,))

    def test_leaves_that_are_no_arrays_stay_as_they_are(self, kind):
        (_, name), _ = scan(
            lambda c, x: ((c[0] + x, c[1]), None), (0.0, "a"), jnp.ones(2), kind=kind
        )
        assert name == "a"

    def test_a_batch_is_scanned_element_by_element(self, kind):
        xs = jnp.arange(6.0).reshape(2, 3)
        found = jax.vmap(lambda c, xs: scan(_multiply, c, xs, kind=kind))(jnp.ones(2), xs)
        expected = jax.vmap(lambda c, xs: jax.lax.scan(_multiply, c, xs))(jnp.ones(2), xs)
        jax.tree.map(np.testing.assert_allclose, found, expected)

    def test_a_weak_carry_is_promoted(self, kind):
        assert scan(lambda c, x: (c + x, None), 0, jnp.ones(3), kind=kind)[0].dtype == jnp.float32

    def test_lengths_that_disagree_are_all_named(self, kind):
        with pytest.raises(ValueError, match=r"`length`: 3, xs\['a'\]: 2, xs\['b'\]: 4"):
            scan(_multiply, 1.0, {"a": jnp.ones(2), "b": jnp.ones(4)}, 3, kind=kind)

    def test_a_scan_over_nothing_wants_a_length(self, kind):
        with pytest.raises(ValueError, match="nor a `length`"):
            scan(_multiply, 1.0, None, kind=kind)

    def test_a_number_cannot_be_scanned_over(self, kind):
        with pytest.raises(ValueError, match=r"1.0 at xs\[0\], which has no first dimension"):
            scan(_multiply, 1.0, (1.0,), kind=kind)

    def test_a_function_that_returns_no_pair_is_refused(self, kind):
        with pytest.raises(TypeError, match="Expected a pair"):
            scan(lambda c, x: c, 1.0, jnp.ones(2), kind=kind)

    def test_a_carry_of_another_shape_is_refused(self, kind):
        with pytest.raises(ValueError, match=r"(?s)`f`.*f32\[2\].*f32\[1\]"):
            scan(lambda c, x: (c[:1], x), jnp.ones(2), jnp.ones(2), kind=kind)

    def test_an_output_that_is_no_array_is_refused(self, kind):
        with pytest.raises(TypeError, match="'a' of type str in its output"):
            scan(lambda c, x: (c, "a"), 1.0, jnp.ones(2), kind=kind)


@pytest.mark.parametrize("arguments", [{"kind": "x"}, {"kind": "lax", "checkpoints": 0}])
def test_arguments_that_do_not_fit_are_refused(arguments):
    with pytest.raises(ValueError, match="Expected"):
        scan(_multiply, 1.0, jnp.ones(2), **arguments)


def test_a_bounded_scan_has_forward_mode_with_buffers_too():
    def last(x):
        def f(c, _):
            i, b = c
            return (i + 1, b.at[i].set(x**2)), None

        return scan(f, (0, jnp.zeros(3)), None, 3, buffers=lambda c: c[1], kind="bounded")[0][1][2]

    assert jax.jvp(last, (3.0,), (1.0,)) == (9.0, 6.0)


@pytest.mark.parametrize("checkpoints", [None, 3])
def test_memory_of_a_gradient_is_that_of_the_carries_kept(checkpoints):
    """All carries of 2,000 steps would take 8 MB."""

    def loss(x):
        f = lambda c, _: (jnp.sin(c), None)  # noqa: E731
        return jnp.sum(scan(f, x, None, 2000, kind="checkpointed", checkpoints=checkpoints)[0])

    compiled = jax.jit(jax.grad(loss)).lower(jnp.ones(1000)).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < 800_000


class TestScanTrick:
    def test_intermediates_stand_between_the_calls(self):
        found = scan_trick(lambda x: x + 1, [lambda x: x * 10, lambda x: x * 100], 1.0)
        assert found == ((1 + 1) * 10 + 1) * 100 + 1

    def test_without_intermediates_it_is_one_call(self):
        assert scan_trick(lambda x: x + 1, [], 1.0) == 2.0

    def test_the_function_is_traced_once(self):
        traces = []

        def fn(x):
            traces.append(None)
            return x + 1

        scan_trick(fn, [lambda x: x] * 3, jnp.ones((), jnp.float32))
        assert len(traces) == 1

    def test_it_is_differentiable(self):
        # (1 * x + x) * x
        assert jax.grad(lambda x: scan_trick(lambda y: y * x, [lambda y: y + x], 1.0))(3.0) == 12.0
