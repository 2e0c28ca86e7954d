"""Eight threads call the same functions and others, while caches are read and cleared."""

import threading

import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx

THREADS = 8


class Model(eqx.Module):
    weight: jnp.ndarray
    power: int = eqx.field(static=True)
    name: str = "model"

    @eqx.filter_jit
    def method(self, x):
        return self.weight * x**self.power


def together(*jobs):
    """Runs all jobs at once; raises the first of their errors."""
    gate, errors = threading.Barrier(len(jobs)), []

    def run(job):
        gate.wait()
        try:
            job()
        except BaseException as error:  # noqa: BLE001  it is raised in the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def values(size):
    return np.arange(size, dtype=np.float32)


@pytest.fixture
def shared():
    return eqx.filter_jit(lambda model, x: model.weight * x**model.power)


def test_calls_of_one_function_get_their_own_answers(shared):
    def job(seed):
        def calls():
            for turn in range(60):
                size, power = 1 + (seed + turn) % 3, 1 + turn % 2
                model = Model(jnp.float32(seed), power)
                for function in (shared, Model.method):
                    got = np.asarray(function(model, values(size)))
                    np.testing.assert_array_equal(got, seed * values(size) ** power)

        return calls

    together(*map(job, range(THREADS)))
    assert len(shared.cache) == 6
    # Two threads may compile the same at the same time.
    assert 6 <= shared.cache.compiles <= 6 * THREADS


def test_functions_of_different_threads_do_not_meet():
    functions = [eqx.filter_jit(lambda x, n=n: x + n) for n in range(THREADS)]

    def job(number):
        def calls():
            for turn in range(40):
                x = values(1 + turn % 2)
                np.testing.assert_array_equal(np.asarray(functions[number](x)), x + number)

        return calls

    together(*map(job, range(THREADS)))
    assert [f.cache.compiles for f in functions] == [2] * THREADS


def test_clearing_while_others_call_changes_no_answer(shared):
    done = threading.Event()

    def calls(seed):
        def job():
            for turn in range(60):
                size = 1 + turn % 3
                got = np.asarray(shared(Model(jnp.float32(seed), 2), values(size)))
                np.testing.assert_array_equal(got, seed * values(size) ** 2)

        return job

    def clear():
        for turn in range(12):
            if turn % 4 == 3:
                eqx.clear_caches()
            elif turn % 2:
                shared.cache.clear()
            else:
                try:
                    shared.cache.clear(0)
                except IndexError:
                    continue
            done.wait(0.02)

    def read():
        for _ in range(60):
            assert repr(shared.cache).startswith("<cache of ")
            assert all(entry.compiles for entry in shared.cache)
            assert shared.cache.seconds.total >= 0

    together(*map(calls, range(THREADS - 2)), clear, read)
    shared.cache.clear()
    shared(Model(jnp.float32(1), 2), values(2))
    assert len(shared.cache) == 1


def test_threads_that_call_first_at_the_same_time_share_one_cache():
    for _ in range(20):
        function = eqx.filter_jit(lambda x: x, max_compiles=2)
        together(*[lambda size=size, f=function: f(values(size)) for size in (1, 2)])
        assert len(function.cache) == 2
