"""`filter_jit(f).cache`: what was compiled for which call, and how it is forgotten."""

import copy
import gc
import pickle
import weakref
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx


class Scale(eqx.Module):
    weight: Any
    act: Any = jnp.tanh
    power: int = eqx.field(static=True, default=2)

    def __call__(self, x):
        return self.act(self.weight * x**self.power)

    @eqx.filter_jit
    def jitted(self, x):
        return self(x)


def counted(function=lambda model, x, *rest: model(x), **options):
    """`filter_jit(function)`, and a list that has one item for each trace."""
    traces = []

    @eqx.filter_jit(**options)
    def step(model, x, scale=1.0):
        traces.append(x.shape)
        return model(x) * scale

    return step, traces


MODEL = Scale(jnp.ones(()))


def test_a_call_that_compiles_is_an_entry_and_one_that_does_not_is_none():
    step, _ = counted()
    assert len(step.cache) == 0
    for size in (2, 2, 3, 2, 3):
        step(MODEL, jnp.ones(size))
    assert len(step.cache) == step.cache.compiles == 2
    assert [entry.leaves["x"].text for entry in step.cache] == ["f32[2]", "f32[3]"]


def test_an_entry_names_each_leaf_by_its_path_with_its_role():
    step, _ = counted()
    step(MODEL, jnp.ones(2), np.float32(3))
    leaves = step.cache[0].leaves
    assert {path: (row.role, row.text) for path, row in leaves.items()} == {
        "model.weight": ("array", "weak_f32[]" if MODEL.weight.weak_type else "f32[]"),
        "model.act": ("static", "<wrapped function tanh>"),
        "model.power": ("static", "2"),
        "x": ("array", "f32[2]"),
        "scale": ("array", "f32[]"),
    }
    assert step.cache[0].signature["model"].role == "container"
    assert step.cache[0].signature["<config>.jax_enable_x64"].text == "False"


def test_seconds_are_those_that_jax_tells():
    step, _ = counted()
    step(MODEL, jnp.ones(2))
    step(MODEL, jnp.ones(3))
    each = [entry.seconds for entry in step.cache]
    assert all(min(seconds) > 0 for seconds in each)
    assert step.cache.seconds.compile == pytest.approx(sum(s.compile for s in each))
    assert step.cache.seconds.total == pytest.approx(sum(s.total for s in each))


def test_entries_say_in_what_they_differ():
    step, _ = counted()
    step(MODEL, jnp.ones(2))
    step(MODEL, jnp.ones(2), 3.0)
    step(Scale(jnp.ones(()), act=jnp.sin), [jnp.ones(2)][0], 3.0)
    first, second, third = step.cache
    assert list(map(str, second.changes_from(first))) == ["scale: (missing) → 3.0"]
    assert list(map(str, third.changes_from(second))) == [
        "model.act: <wrapped function tanh> → <wrapped function sin>"
    ]


def test_it_is_shown_as_a_table_of_what_is_not_as_before():
    step, _ = counted()
    step(MODEL, jnp.ones(2))
    step(MODEL, jnp.ones(3))
    head, titles, first, second = repr(step.cache).splitlines()
    assert head.startswith("<cache of `step`: 2 programs, compiled 2 times, ")
    assert titles.split() == ["compiles", "seconds", "compiled", "for"]
    assert first.split("  ")[-1] == "model: Scale (1 array), x: f32[2]"
    assert second.split("  ")[-1] == "as 0, but x: f32[2] → f32[3]"


def test_a_new_function_of_the_same_name_is_told_by_where_it_is_written():
    step, _ = counted()
    for _ in range(2):
        step(lambda x: x, jnp.ones(2))
    (change,) = step.cache[1].changes_from(step.cache[0])
    assert change.path == "model"
    assert "test_jit_cache_handle.py:" in str(change)
    assert str(change).endswith("(another one)")


def test_a_change_of_structure_hides_what_is_below():
    @eqx.filter_jit
    def total(xs):
        return sum(jax.tree.leaves(xs))

    x = jnp.ones(2)
    total([x])
    total([x, x])
    total((x,))
    total({"a": x})
    total({"b": x})
    told = [repr(total.cache).splitlines()[index + 2].split("  ")[-1] for index in (1, 3, 4)]
    assert told == [
        "as 0, but xs: list of 1 → list of 2",
        "as 2, but xs: tuple of 1 → dict of 'a'",
        "as 3, but xs: dict of 'a' → dict of 'b'",
    ]


def test_arrays_of_numpy_share_an_entry_with_those_of_jax():
    step, traces = counted()
    step(MODEL, jnp.ones(2))
    step(MODEL, np.ones(2, np.float32))
    assert len(traces) == len(step.cache) == 1


def test_an_array_that_was_put_somewhere_is_another_entry_without_a_new_trace():
    step, traces = counted()
    step(MODEL, jnp.ones(2))
    step(MODEL, jax.device_put(jnp.ones(2), jax.devices()[0]))
    if len(step.cache) == 1:
        pytest.fail("this JAX no longer compiles again for a committed array")
    assert len(traces) == 1
    assert step.cache[1].leaves["x"].text == "f32[2] on cpu:0"
    assert step.cache[1].seconds.trace == 0


def test_clear_forgets_everything():
    step, traces = counted()
    step(MODEL, jnp.ones(2))
    step.cache.clear()
    assert (len(step.cache), step.cache.compiles) == (0, 0)
    step(MODEL, jnp.ones(2))
    assert (len(traces), len(step.cache)) == (2, 1)


def test_clear_of_one_entry_keeps_the_others():
    step, traces = counted()
    for size in (2, 3, 4):
        step(MODEL, jnp.ones(size))
    step.cache.clear(1)
    for _ in range(2):
        for size in (4, 2, 3):
            assert step(MODEL, jnp.ones(size)).shape == (size,)
    assert traces == [(2,), (3,), (4,), (3,)]
    assert [entry.leaves["x"].text for entry in step.cache] == ["f32[2]", "f32[4]", "f32[3]"]
    step.cache.clear(2)
    step(MODEL, jnp.ones(3))
    assert traces[-1:] == [(3,)]
    assert len(traces) == 5


def test_clear_of_an_entry_that_is_not_there_says_how_many_there_are():
    step, _ = counted()
    step(MODEL, jnp.ones(2))
    with pytest.raises(IndexError, match=r"The cache of `step` has no entry 1. .* below 1"):
        step.cache.clear(1)
    assert len(step.cache) == 1


def test_clear_caches_forgets_entries_too():
    step, _ = counted()
    step(MODEL, jnp.ones(2))
    eqx.clear_caches()
    assert len(step.cache) == 0


def test_what_jax_forgets_is_compiled_again_under_the_same_entry():
    step, _ = counted()
    step(MODEL, jnp.ones(2))
    jax.clear_caches()
    step(MODEL, jnp.ones(2))
    assert [entry.compiles for entry in step.cache] == [2]


def test_a_function_that_is_compiled_within_another_has_no_entry():
    inner, _ = counted()

    @eqx.filter_jit
    def outer(x):
        return inner(MODEL, x) + jnp.sin(x)

    outer(jnp.ones(2))
    jax.vmap(lambda x: inner(MODEL, x))(jnp.ones((2, 2)))
    assert len(outer.cache) == 1
    assert len(inner.cache) <= 1  # `vmap` outside of jit compiles it
    for entry in inner.cache:
        assert entry.leaves["x"].role == "array"


def test_what_is_compiled_while_tracing_is_not_taken_for_the_function():
    @eqx.filter_jit
    def f(x):
        with jax.ensure_compile_time_eval():
            jax.jit(lambda y: y + 1)(np.ones(5, np.float32))
            eqx.filter_jit(lambda y: y + 2)(np.ones(6, np.float32))
        return x + 1

    f(jnp.ones(2))
    assert [entry.compiles for entry in f.cache] == [1]
    assert f.cache[0].leaves["x"].text == "f32[2]"


def test_methods_have_a_cache_for_all_instances():
    MODEL.jitted(jnp.ones(2))
    Scale(jnp.zeros(())).jitted(jnp.ones(2))
    cache = Scale.jitted.cache  # type: ignore[attr-defined]
    assert [entry.leaves["x"].text for entry in cache] == ["f32[2]"]
    assert "self.weight" in cache[0].leaves
    assert MODEL.jitted.cache is cache  # type: ignore[attr-defined]


def test_arrays_of_a_function_that_is_a_module_are_named():
    run = eqx.filter_jit(MODEL)
    run(jnp.ones(2))
    assert run.cache[0].leaves["<function>.weight"].role == "array"


def test_a_copy_begins_with_an_empty_cache():
    run = eqx.filter_jit(Scale(jnp.ones(7)))
    run(jnp.ones(7))
    copy = jax.tree.map(lambda x: x, run)
    copy(jnp.ones(7))
    # The program was there.
    assert (len(run.cache), len(copy.cache)) == (1, 0)


def test_no_model_and_no_array_is_kept_alive():
    step, _ = counted()
    model, x = Scale(jnp.full((3,), 2.0)), jnp.ones(3)
    step(model, x)
    references = [weakref.ref(model), weakref.ref(model.weight), weakref.ref(x)]
    assert len(step.cache[0].leaves) == 4
    del model, x
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]


def test_a_jitted_function_goes_with_its_cache():
    step, _ = counted()
    step(MODEL, jnp.ones(2))
    cache = weakref.ref(step.cache)
    del step
    gc.collect()
    assert cache() is None


def test_donated_arrays_are_described():
    step, _ = counted(donate="all-except-first")
    step(MODEL, jnp.ones(2))
    assert step.cache[0].leaves["x"].text == "f32[2]"


def test_a_static_value_whose_repr_fails_is_named_by_its_class():
    class Odd:
        def __repr__(self):
            raise RuntimeError("no")

    step = eqx.filter_jit(lambda odd, x: x)
    step(Odd(), jnp.ones(2))
    assert "Odd" in step.cache[0].leaves["odd"].text


def test_listeners_of_jax_may_be_cleared():
    from jax._src import monitoring

    step, _ = counted()
    step(MODEL, jnp.ones(2))
    listeners = list(monitoring.get_event_duration_listeners())
    monitoring.clear_event_listeners()
    try:
        step(MODEL, jnp.ones(3))
        assert len(step.cache) == 2
        assert len(monitoring.get_event_duration_listeners()) == 1
    finally:
        monitoring.clear_event_listeners()
        for listener in listeners:
            monitoring.register_event_duration_secs_listener(listener)
    step(MODEL, jnp.ones(4))
    assert [entry.compiles for entry in step.cache] == [1, 1, 1]


def test_of_very_many_programs_the_latest_are_kept_and_all_are_counted(monkeypatch):
    from eqxcore._jit import _cache

    monkeypatch.setattr(_cache, "_MOST_ENTRIES", 3)
    step, traces = counted()
    for size in range(1, 6):
        step(MODEL, jnp.ones(size))
    assert [entry.leaves["x"].text for entry in step.cache] == ["f32[3]", "f32[4]", "f32[5]"]
    assert step.cache.compiles == 5
    step.cache.clear()
    step(MODEL, jnp.ones(1))
    assert (len(traces), step.cache.compiles) == (6, 1)


def test_the_rows_that_do_not_change_are_kept_once():
    step, _ = counted()
    for size in (1, 2):
        step(MODEL, jnp.ones(size))
    first, second = (entry.leaves for entry in step.cache)
    assert first["model.weight"] is second["model.weight"]


def test_a_long_table_leaves_out_its_middle():
    cache = counted()[0].cache
    from eqxcore._jit._cache_entry import CacheEntry
    from eqxcore._jit._signature import signature_of
    from eqxcore._jit._traces import Traced

    traced = Traced(lambda: None)  # type: ignore[arg-type]
    for size in range(100):
        rows = signature_of((lambda x: x, (np.ones(size),), {}))
        cache.note(CacheEntry(rows, traced, ()), {}, False)
    lines = repr(cache).splitlines()
    assert len(lines) == 2 + 5 + 1 + 35
    assert lines[7] == "   …  60 more"
    assert lines[-1].endswith("as 98, but x: f32[98] → f32[99]")


def test_copies_and_pickles_do_not_carry_the_cache():
    step = eqx.filter_jit(jnp.sin)
    step(jnp.ones(3))
    for copy_of in (copy.copy, copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))):
        other = copy_of(step)
        assert len(other.cache) == 0
        assert other(jnp.ones(3)).shape == (3,)
