"""The watch itself: on and off, what it keeps, what it leaves alone."""

import gc
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from watched import causes_of

import eqxcore
import eqxview
from eqxview.document import Note
from eqxview.inspect.jit_cache import jit_cache
from eqxview.watching import frames
from eqxview.watching.log import Log
from eqxview.watching.switch import Watch


def _listeners():
    from jax._src import monitoring

    return len(monitoring.get_event_duration_listeners())


def _functions(log: Log):
    return [compile for compile in log.compiles if compile.kind == "function"]


def test_a_watch_is_on_inside_of_with_only():
    step = jax.jit(lambda x: x + 1)
    step(jnp.ones(2))
    with eqxview.watch() as watch:
        assert watch.is_on
        step(jnp.ones(3))
    step(jnp.ones(4))
    assert not watch.is_on
    assert len(_functions(watch.log)) == 1


def test_a_decorated_function_is_watched_while_it_runs():
    watch = eqxview.watch()
    step = jax.jit(lambda x: x + 1)

    @watch
    def train():
        step(jnp.ones(2))
        step(jnp.ones(3))

    train()
    assert len(watch.misses) == 1


def test_a_watch_that_is_started_again_knows_what_it_saw():
    step, watch = jax.jit(lambda x: x + 1), eqxview.watch()
    watch.start()
    step(jnp.ones(2))
    watch.stop()
    watch.start()
    step(jnp.ones(3))
    log = watch.stop()
    assert [compile.number for compile in _functions(log)] == [1, 2]


def test_nothing_listens_once_the_last_watch_is_off():
    before = _listeners()
    outer, inner = eqxview.watch(), eqxview.watch()
    with outer, inner:
        assert _listeners() == before + 1
    assert _listeners() == before


def test_starting_and_stopping_twice_is_starting_and_stopping_once():
    before = _listeners()
    watch = eqxview.watch()
    watch.start()
    watch.start()
    assert _listeners() == before + 1
    assert watch.stop().seconds == watch.stop().seconds
    assert _listeners() == before


def test_two_watches_each_see_what_is_compiled_while_they_are_on():
    step = jax.jit(lambda x: x + 1)
    with eqxview.watch() as outer:
        step(jnp.ones(2))
        with eqxview.watch() as inner:
            step(jnp.ones(3))
    assert len(outer.misses) == 1
    assert len(_functions(inner.log)) == 1
    assert inner.misses == ()


def test_listeners_that_somebody_cleared_are_not_missed():
    import jax._src.monitoring as monitoring

    kept = monitoring.get_event_duration_listeners(), monitoring.get_event_listeners()
    watch = eqxview.watch().start()
    jax.monitoring.clear_event_listeners()
    watch.stop()
    for listener in kept[0]:
        jax.monitoring.register_event_duration_secs_listener(listener)
    for listener in kept[1]:
        jax.monitoring.register_event_listener(listener)


def test_a_compile_tells_its_line_its_function_and_its_seconds():
    def step(x):
        return x + 1

    jitted = jax.jit(step)
    with eqxview.watch() as watch:
        jitted(np.ones(2, np.float32))  # this line
    (compile,) = _functions(watch.log)
    assert compile.name == "step"
    assert compile.site is not None
    assert compile.site.file == __file__
    source = Path(__file__).read_text().splitlines()
    assert source[compile.site.line - 1].endswith("# this line")
    assert compile.source is not None
    assert compile.source.line == step.__code__.co_firstlineno
    assert min(compile.seconds.trace, compile.seconds.lower, compile.seconds.compile) > 0
    assert compile.seconds.total <= watch.log.seconds
    assert compile.leaves == 1


def test_a_call_that_finds_its_program_is_not_in_the_log():
    step = eqxcore.filter_jit(lambda x: x + 1)
    x = jnp.ones(2)
    with eqxview.watch() as watch:
        for _ in range(3):
            step(x)
    assert len(_functions(watch.log)) == 1


def test_a_function_called_by_a_jitted_function_is_part_of_it():
    inner = jax.jit(lambda x: x * 2)
    outer = jax.jit(lambda x: inner(x) + 1)
    x = jnp.ones(2)
    with eqxview.watch() as watch:
        outer(x)
    assert len(watch.log.compiles) == 1


def test_what_was_passed_is_not_kept_alive():
    class Config:
        def __init__(self):
            self.array = jnp.ones(3)

    @eqxcore.filter_jit
    def step(x, config, act):
        return act(x)

    config = Config()
    array = jnp.ones(2)
    closed = jnp.ones(2)

    def act(x):
        return x + closed

    watched = [weakref.ref(x) for x in (config, array, closed, act)]
    with eqxview.watch() as watch:
        step(array, config, act)
        step(jnp.ones(3), config, lambda x: x)
    assert len(watch.misses) == 1
    # What our own cache and JAX's keep is theirs.
    eqxcore.clear_caches()
    jax.clear_caches()
    del config, array, closed, act, step
    gc.collect()
    assert [ref() for ref in watched] == [None] * 4


def test_the_repr_of_an_array_in_a_closure_is_not_asked_for(monkeypatch: pytest.MonkeyPatch):
    array = jnp.ones(2)
    step = jax.jit(lambda x, act: act(x), static_argnames="act")
    monkeypatch.setattr(type(array), "__repr__", lambda self: pytest.fail("a transfer"))
    with eqxview.watch() as watch:
        step(array, lambda x: x + array)
    assert watch.log.failures == ()


def test_a_repr_that_raises_does_not_reach_the_program():
    class Sulking:
        def __repr__(self):
            raise RuntimeError("no")

        def __eq__(self, other):
            return self is other

        def __hash__(self):
            return 1

    step = jax.jit(lambda x, cfg: x, static_argnames="cfg")
    sulking = [Sulking(), Sulking()]
    found = causes_of(*[lambda cfg=cfg: step(jnp.ones(2), cfg) for cfg in sulking])
    assert found == [set(), {("cfg", "static-value")}]


def test_what_fails_inside_of_us_is_told_and_does_not_reach_the_program(
    monkeypatch: pytest.MonkeyPatch,
):
    def fail(dispatch):
        raise LookupError("a frame without arguments")

    monkeypatch.setattr("eqxview.watching.listener.call_of", fail)
    step = jax.jit(lambda x: x + 1)
    with eqxview.watch() as watch:
        assert step(jnp.ones(2)).sum() == 4
    assert any("a frame without arguments" in failure for failure in watch.log.failures)


def test_an_error_while_tracing_passes_and_the_next_call_is_a_first_one():
    def step(x, fails=False):
        if fails:
            raise ZeroDivisionError
        return x + 1

    jitted = jax.jit(step, static_argnames="fails")
    with eqxview.watch() as watch:
        with pytest.raises(ZeroDivisionError):
            jitted(jnp.ones(2), fails=True)
        jitted(jnp.ones(2))
    assert [compile.number for compile in _functions(watch.log)] == [1]


def test_threads_are_watched_too():
    step = jax.jit(lambda x: x + 1)
    with eqxview.watch() as watch:
        threads = [
            threading.Thread(target=lambda n=n: step(np.ones(n, np.float32))) for n in range(1, 6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    compiles = _functions(watch.log)
    assert sorted(compile.number for compile in compiles) == [1, 2, 3, 4, 5]
    assert {d.cause for compile in compiles for d in compile.differences} == {"shape"}


class _Scale:
    """Hashes by what it holds, and can be changed."""

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return isinstance(other, _Scale) and other.value == self.value

    def __hash__(self):
        return hash(self.value)

    def __repr__(self):
        return f"_Scale({self.value})"


def test_a_static_argument_changed_in_place_is_told_for_its_stale_answer():
    step = jax.jit(lambda x, scale: x * scale.value, static_argnames="scale")
    scale = _Scale(3)
    x = jnp.ones(2)
    with eqxview.watch() as watch:
        step(x, scale)
        scale.value = 4
        answer = step(x, scale)
    log = watch.log
    if answer.sum() == 8:
        # JAX 0.12 hashes the object anew, and gives the right answer: nothing is stale.
        assert log.stale == ()
        assert len(log.misses) == 1
        return
    assert answer.sum() == 6
    assert log.misses == ()
    (stale,) = log.stale
    assert [(d.path, d.cause, d.before, d.after) for d in stale.differences] == [
        ("scale", "static-mutated", "_Scale(3)", "_Scale(4)")
    ]
    assert stale.site is not None
    assert stale.site.file == __file__


def test_a_static_argument_changed_along_with_a_shape_gives_no_stale_answer():
    step = jax.jit(lambda x, scale: x * scale.value, static_argnames="scale")
    scale = _Scale(3)
    with eqxview.watch() as watch:
        step(np.ones(2, np.float32), scale)
        scale.value = 4
        answer = step(np.ones(3, np.float32), scale)
    assert answer.sum() == 12
    assert watch.log.stale == ()


def test_what_is_compiled_ahead_of_time_is_no_miss():
    step = jax.jit(lambda x: x + 1)
    x = jnp.ones(2)
    with eqxview.watch() as watch:
        step.lower(x).compile()
        step(x)
    assert watch.misses == ()


def test_a_program_read_from_disk_is_told(tmp_path):
    from jax.experimental.compilation_cache import compilation_cache

    names = {
        "jax_compilation_cache_dir": str(tmp_path),
        "jax_persistent_cache_min_compile_time_secs": 0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    before = {name: getattr(jax.config, name) for name in names}
    compilation_cache.reset_cache()
    for name, value in names.items():
        jax.config.update(name, value)
    try:
        x = jnp.ones(2)
        with eqxview.watch() as watch:
            for _ in range(2):
                jax.jit(lambda x: x * 7)(x)
    finally:
        for name, value in before.items():
            jax.config.update(name, value)
        compilation_cache.reset_cache()
    assert [compile.from_disk for compile in _functions(watch.log)] == [False, True]


def test_on_compile_is_called_with_each_compilation():
    seen = []
    step = jax.jit(lambda x: x + 1)
    with eqxview.watch(on_compile=seen.append) as watch:
        step(jnp.ones(2))
        step(jnp.ones(3))
    assert tuple(seen) == watch.log.compiles


def test_the_line_about_a_miss_says_what_where_and_what_to_do():
    step = jax.jit(lambda x, act: act(x), static_argnames="act")
    with eqxview.watch() as watch:
        for _ in range(2):
            step(np.ones(2, np.float32), lambda x: x)
    (miss,) = watch.misses
    text = str(miss)
    assert "compiled again" in text
    assert "act is a new lambda each time, made at test_watching.py:" in text
    assert text.endswith("fix: make it once, with def, outside")
    assert text in repr(watch)


def test_the_stack_of_this_jax_is_readable():
    frames.is_readable.cache_clear()
    assert frames.is_readable()


def test_another_function_of_jax_called_cache_miss_is_not_taken_for_the_dispatch():
    """In JAX 0.8 the cache of `weakref_lru_cache` has one."""
    source = "def cache_miss(*args, **kwargs):\n    return args[0](args[1])\n"
    names = {}
    exec(compile(source, str(Path(jax.__file__).with_name("_made_up.py")), "exec"), names)
    with eqxview.watch() as watch:
        names["cache_miss"](jax.jit(lambda x: x + 1), np.ones(2, np.float32))
    log = watch.log
    assert log.failures == ()
    assert [compile.kind for compile in log.compiles] == ["function"]


def test_trying_the_stack_leaves_the_choice_of_devices_open():
    code = (
        "from eqxview.watching import frames\n"
        "assert frames.is_readable()\n"
        "from jax._src import xla_bridge\n"
        "assert not xla_bridge._backends, xla_bridge._backends\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch):
    """A JAX whose frames have other names."""
    monkeypatch.setattr(frames, "is_readable", lambda: False)


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch):
    """The next version of JAX, whose dispatch is a function of another name."""
    monkeypatch.setattr(frames, "_is_cache_miss", lambda code: code.co_name == "cache_missed")
    frames.is_readable.cache_clear()
    yield
    frames.is_readable.cache_clear()


@pytest.mark.usefixtures("moved")
@pytest.mark.parametrize("jit", [jax.jit, eqxcore.filter_jit], ids=["jit", "filter_jit"])
def test_a_dispatch_of_another_name_is_noticed_and_said_and_breaks_nothing(jit):
    jitted = jit(lambda x: x + 1)
    with eqxview.watch() as watch:
        for size in (2, 2, 3):
            assert jitted(np.ones(size, np.float32)).sum() == 2 * size
    log = watch.log
    assert not log.is_explained
    assert log.failures == ()
    assert log.misses == ()
    assert log.compiles
    (note, *_) = jit_cache(log).document().parts
    assert isinstance(note, Note)
    assert "where we cannot see them" in note.text
    assert "watch.wrap(" in note.hint


def test_a_jaxpr_of_another_name_leaves_constants_untold(monkeypatch: pytest.MonkeyPatch):
    table = jnp.ones((32, 32))
    monkeypatch.setattr(frames, "jaxpr_of", lambda frame, dispatch: None)
    with eqxview.watch() as watch:
        jax.jit(lambda x: table @ x)(np.ones(32, np.float32))
    log = watch.log
    assert log.failures == ()
    assert [compile.constants for compile in log.compiles] == [()]


@pytest.mark.usefixtures("unreadable")
def test_without_the_stack_names_and_seconds_are_known_and_that_is_said():
    def step(x):
        return x + 1

    jitted = jax.jit(step)
    with eqxview.watch() as watch:
        jitted(np.ones(2, np.float32))
        jitted(np.ones(3, np.float32))
    log = watch.log
    assert not log.is_explained
    assert [compile.name for compile in log.compiles] == ["step", "step"]
    assert all(compile.seconds.compile > 0 for compile in log.compiles)
    assert log.misses == ()


@pytest.mark.usefixtures("unreadable")
@pytest.mark.parametrize("jit", [jax.jit, eqxcore.filter_jit], ids=["jit", "filter_jit"])
def test_without_the_stack_a_wrapped_function_is_explained(jit):
    def step(x):
        return x + 1

    watch = Watch()
    jitted = watch.wrap(jit(step))
    with watch:
        for shape in (2, 2, 3):
            jitted(np.ones(shape, np.float32))
    assert [compile.name.rpartition(".")[2] for compile in watch.log.compiles] == ["step"] * 2
    (miss,) = watch.misses
    assert [(d.path, d.cause) for d in miss.differences] == [("x", "shape")]


def test_with_the_stack_nothing_is_wrapped():
    step = jax.jit(lambda x: x)
    assert Watch().wrap(step) is step
