"""Buffers: written in place, also under `vmap`, and never held by a checkpoint."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from eqxcore.internal import MaybeBuffer, buffer_at_set, maybe_set_p, scan, while_loop

KINDS = ("lax", "checkpointed", "bounded")
WITH_GRADIENT = ("checkpointed", "bounded")


def _fill(value, buffer, limit, *, kind, start=0, pred=True, **kwargs):
    """Writes `value(i, buffer)` to place `i`, for all `i` below the limit."""

    def body(c):
        i, b = c
        return i + 1, b.at[i].set(value(i, b), pred=pred if pred is True else pred(i))

    kwargs = {"max_steps": 8, **kwargs}
    # Python's numbers go with every dtype: the counter has to stay weakly typed.
    init = (start, buffer)
    return while_loop(
        lambda c: c[0] < limit, body, init, buffers=lambda c: c[1], kind=kind, **kwargs
    )[1]


@pytest.mark.parametrize("kind", KINDS)
class TestEveryKind:
    def test_a_buffer_is_written_place_by_place(self, kind):
        found = _fill(lambda i, b: 2.0 * i, jnp.zeros(4), 3, kind=kind)
        assert found.tolist() == [0, 2, 4, 0]

    def test_a_write_with_a_false_predicate_writes_nothing(self, kind):
        found = _fill(lambda i, b: 1.0, jnp.zeros(4), 4, kind=kind, pred=lambda i: i % 2 == 1)
        assert found.tolist() == [0, 1, 0, 1]

    def test_what_was_written_can_be_read(self, kind):
        found = _fill(lambda i, b: b[i - 1] * 2, jnp.ones(4), 4, kind=kind, start=1)
        assert found.tolist() == [1, 2, 4, 8]

    def test_elements_of_a_batch_that_are_done_write_no_more(self, kind):
        limits = jnp.array([3, 0, 1])
        found = jax.jit(jax.vmap(lambda n: _fill(lambda i, b: 1.0 + i, jnp.zeros(3), n, kind=kind)))
        assert found(limits).tolist() == [[1, 2, 3], [0, 0, 0], [1, 0, 0]]

    def test_a_slice_with_a_number_of_another_dtype_is_cast_and_broadcast(self, kind):
        def body(c):
            i, b = c
            return i + 1, b.at[i, :2].set(i)

        found = while_loop(
            lambda c: c[0] < 2,
            body,
            (0, jnp.zeros((2, 3))),
            buffers=lambda c: c[1],
            kind=kind,
            max_steps=2,
        )[1]
        assert found.tolist() == [[0, 0, 0], [1, 1, 0]]

    def test_buffers_of_an_outer_loop_can_be_those_of_an_inner_one(self, kind):
        def outer(c):
            i, b = c

            def inner(c):
                j, b = c
                return j + 1, b.at[i, j].set(10.0 * i + j)

            _, b = while_loop(
                lambda c: c[0] <= i, inner, (0, b), buffers=lambda c: c[1], kind=kind, max_steps=3
            )
            return i + 1, b

        def run(n):
            return while_loop(
                lambda c: c[0] < n,
                outer,
                (0, jnp.zeros((3, 3))),
                buffers=lambda c: c[1],
                kind=kind,
                max_steps=3,
            )[1]

        full = [[0, 0, 0], [10, 11, 0], [20, 21, 22]]
        assert run(3).tolist() == full
        batch = jax.jit(jax.vmap(run))(jnp.array([3, 1]))
        assert batch[0].tolist() == full
        assert batch[1].tolist() == [[0, 0, 0]] * 3

    def test_buffers_may_be_exchanged_in_a_batch(self, kind):
        def run(n):
            return while_loop(
                lambda c: c[0] < n,
                lambda c: (c[0] + 1, c[2], c[1]),
                (0, jnp.zeros(2), jnp.ones(2)),
                buffers=lambda c: (c[1], c[2]),
                kind=kind,
                max_steps=3,
            )[1]

        assert jax.vmap(run)(jnp.array([0, 1, 2]))[:, 0].tolist() == [0, 1, 0]


def _loss(x, loop):
    buffer = jnp.zeros(8, jnp.float32).at[0].set(x)
    return jnp.sum(loop(lambda i, b: x * jnp.sin(b[i - 1]), buffer) * jnp.arange(8.0))


def _loss_unrolled(x):
    def loop(value, buffer):
        for i in range(1, 6):
            buffer = buffer.at[i].set(value(i, buffer))
        return buffer

    return _loss(x, loop)


@pytest.mark.parametrize("kind", WITH_GRADIENT)
class TestGradients:
    def test_reads_and_writes_are_differentiated(self, kind):
        def loss(x):
            return _loss(x, lambda value, buffer: _fill(value, buffer, 6, kind=kind, start=1))

        found = jax.jit(jax.grad(loss))(1.3)
        np.testing.assert_allclose(found, jax.grad(_loss_unrolled)(1.3), rtol=1e-5)

    def test_so_they_are_in_a_batch(self, kind):
        def loss(x, n):
            return jnp.sum(_fill(lambda i, b: x ** (i + 1), jnp.zeros(4), n, kind=kind))

        xs, ns = jnp.array([2.0, 3.0]), jnp.array([3, 1])
        assert jax.vmap(jax.grad(loss))(xs, ns).tolist() == [1 + 4 + 12, 1]
        total = jax.grad(lambda xs: jnp.sum(jax.vmap(loss)(xs, ns)))
        assert total(xs).tolist() == [1 + 4 + 12, 1]

    def test_writes_with_a_false_predicate_have_no_gradient(self, kind):
        def loss(x):
            return jnp.sum(
                _fill(lambda i, b: x * i, jnp.zeros(4), 4, kind=kind, pred=lambda i: i < 2)
            )

        assert jax.grad(loss)(1.0) == 1.0


def test_memory_of_a_gradient_does_not_hold_buffers_anew():
    """As part of the carry, twelve checkpoints would hold twelve of them."""
    size = 64 * 1024

    def loss(x):
        buffer = jnp.zeros((64, 1024), jnp.float32)
        filled = _fill(
            lambda i, b: jnp.sin(x * i),
            buffer,
            64,
            kind="checkpointed",
            max_steps=64,
            checkpoints=12,
        )
        return jnp.sum(filled**2)

    compiled = jax.jit(jax.grad(loss)).lower(jnp.ones(1024)).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < 3.5 * size * 4


@pytest.mark.parametrize("kind", ["lax", "checkpointed", "bounded"])
def test_a_scan_takes_buffers(kind):
    def loss(xs, weights):
        def f(c, x):
            i, b = c
            return (i + 1, b.at[i].set(x**2)), x

        (_, b), ys = scan(f, (0, jnp.zeros(5)), xs, buffers=lambda c: c[1], kind=kind)
        return jnp.sum(weights * b) + jnp.sum(ys)

    xs, weights = jnp.arange(5.0), jnp.arange(5.0)
    found = jax.jit(jax.grad(loss))(xs, weights)
    np.testing.assert_allclose(found, 2 * weights * xs + 1)


class TestBufferAtSet:
    def test_an_array_is_written_if_the_predicate_holds(self):
        x = jnp.zeros(3)
        assert buffer_at_set(x, 1, 2.0).tolist() == [0, 2, 0]
        assert buffer_at_set(x, 1, 2.0, pred=False).tolist() == [0, 0, 0]
        assert buffer_at_set(x, slice(0, 2), 2.0, pred=jnp.array(True)).tolist() == [2, 2, 0]

    def test_a_batch_is_written_where_the_predicate_holds(self):
        x = jnp.zeros(2)
        found = jax.vmap(lambda p, i: buffer_at_set(x, i, 2.0, pred=p))(
            jnp.array([True, False, True]), jnp.array([0, 0, 1])
        )
        assert found.tolist() == [[2, 0], [0, 0], [0, 2]]

    @pytest.mark.parametrize("pred", [True, False])
    def test_its_gradient_leaves_out_what_was_overwritten(self, pred):
        def loss(x, y):
            return jnp.sum(buffer_at_set(x, 1, y, pred=jnp.array(pred)) * jnp.arange(1.0, 4.0))

        of_x, of_y = jax.grad(loss, (0, 1))(jnp.zeros(3), 5.0)
        assert of_x.tolist() == ([1, 0, 3] if pred else [1, 2, 3])
        assert of_y == (2.0 if pred else 0.0)

    def test_its_gradient_in_a_batch_is_that_of_each_element(self):
        def loss(x, y, pred, i):
            return jnp.sum(buffer_at_set(x, i, y, pred=pred) * jnp.arange(1.0, 4.0))

        preds, places = jnp.array([True, False]), jnp.array([0, 2])
        of_x, of_y = jax.vmap(jax.grad(loss, (0, 1)), in_axes=(None, None, 0, 0))(
            jnp.zeros(3), 1.0, preds, places
        )
        assert of_x.tolist() == [[0, 2, 3], [1, 2, 3]]
        assert of_y.tolist() == [1, 0]

    def test_options_of_set_are_passed_on(self):
        found = buffer_at_set(jnp.zeros(2), 7, 1.0, pred=jnp.array(True), mode="clip")
        assert found.tolist() == [0, 1]

    def test_it_is_one_primitive(self):
        program = jax.make_jaxpr(lambda x, p: buffer_at_set(x, 0, 1.0, pred=p))(jnp.zeros(2), True)
        assert maybe_set_p in [eqn.primitive for eqn in program.eqns]

    def test_a_predicate_of_several_values_is_refused(self):
        with pytest.raises(TypeError, match=r"bool\[2\]. Expected one boolean"):
            buffer_at_set(jnp.zeros(2), 0, 1.0, pred=jnp.array([True, False]))


class TestErrors:
    @staticmethod
    def _run(body, buffers=lambda c: c[1]):
        init = (0, jnp.zeros(4), jnp.ones(4))
        return while_loop(lambda c: c[0] < 3, body, init, buffers=buffers, kind="lax")

    def test_a_buffer_is_not_an_array(self):
        with pytest.raises(TypeError, match=r"buffer, of float32\[4\], was used as an array"):
            self._run(lambda c: (c[0] + 1, c[1], jnp.sum(c[1])))

    def test_an_array_in_place_of_a_buffer_is_refused(self):
        with pytest.raises(ValueError, match=r"at \[1\], which is one of the loop's `buffers`"):
            self._run(lambda c: (c[0] + 1, jnp.ones(4), c[2]))

    def test_a_buffer_in_place_of_an_array_is_refused(self):
        with pytest.raises(ValueError, match=r"buffer at \[2\], which is none of"):
            self._run(lambda c: (c[0] + 1, c[1], c[1]))

    def test_buffers_that_are_not_in_the_carry_are_refused(self):
        with pytest.raises(ValueError, match=r"float32\[2\] at its root, which is no array of"):
            self._run(lambda c: c, buffers=lambda c: jnp.ones(2))


def test_one_array_that_stands_twice_in_the_carry_can_be_one_buffer():
    x = jnp.zeros(2)
    _, a, b = while_loop(
        lambda c: c[0] < 1,
        lambda c: (c[0] + 1, c[1].at[0].set(1.0), c[2] + 2),
        (0, x, x),
        buffers=lambda c: c[1],
        kind="lax",
    )
    assert (a.tolist(), b.tolist()) == ([1, 0], [2, 2])


def test_a_buffer_tells_its_shape():
    seen = []

    def body(c):
        seen.append((c[1].shape, c[1].dtype, c[1].ndim, c[1].size, len(c[1])))
        return c[0] + 1, c[1]

    init = (0, jnp.zeros((2, 3), jnp.float32))
    while_loop(lambda c: c[0] < 1, body, init, buffers=lambda c: c[1], kind="lax")
    assert seen[0] == ((2, 3), jnp.float32, 2, 6, 2)


def test_maybe_buffer_is_an_annotation():
    vector = Float[Array, "n"]
    assert vector in MaybeBuffer[vector].__args__
