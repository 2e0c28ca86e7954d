"""`filter_jit`: what is traced, what is static, and when it compiles again."""

import copy
import dataclasses
import enum
import functools
import gc
import threading
import time
import warnings
import weakref
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
from eqxcore import _jax_internals as internals

X = jnp.arange(3.0)


class Linear(eqx.Module):
    weight: Any
    act: Any = jax.nn.relu
    size: Any = eqx.field(static=True, default=2)

    def __call__(self, x):
        return self.act(self.weight @ x)

    @eqx.filter_jit
    def jitted(self, x, y=0.0):
        return self(x) + y


def counted(function):
    """A jitted version of `function`, and the list to which each of its traces appends."""
    traces = []

    @eqx.filter_jit
    @functools.wraps(function)
    def traced(*args, **kwargs):
        traces.append((args, kwargs))
        return function(*args, **kwargs)

    return traced, traces


def model(seed=0, **kwargs):
    return Linear(jax.random.normal(jax.random.key(seed), (2, 2)), **kwargs)


def test_new_arrays_do_not_retrace_and_new_static_leaves_do():
    run, traces = counted(lambda m, x: m(x))
    x = jnp.ones(2)
    for seed in range(3):
        assert run(model(seed), x).tolist() == model(seed)(x).tolist()
    assert len(traces) == 1
    run(model(act=jnp.tanh), x)
    assert len(traces) == 2
    run(model(size=3), x)
    assert len(traces) == 3
    run(model(size=3), jnp.ones((2, 1)))
    assert len(traces) == 4


def test_the_arguments_of_the_function_are_the_pytrees_with_tracers():
    def body(tree, module, number):
        assert isinstance(tree["a"][0], jax.core.Tracer)
        assert tree["b"] == "text"
        assert isinstance(module, Linear)
        assert isinstance(module.weight, jax.core.Tracer)
        assert module.act is jax.nn.relu
        assert type(number) is float
        return tree["a"][0] * number

    result = eqx.filter_jit(body)({"a": [jnp.ones(2)], "b": "text"}, model(), 3.0)
    assert result.tolist() == [3, 3]


def test_outputs_that_are_no_arrays_come_back_as_the_same_objects():
    marker = object()

    @eqx.filter_jit
    def run(m, x):
        return {"m": m, "x": x + 1, "f": jnp.sin, "s": "text", "n": 1.5, "o": marker, "z": None}

    for _ in range(3):
        out = run(model(), jnp.ones(2))
        assert out["f"] is jnp.sin
        assert out["o"] is marker
        assert (out["s"], out["n"], out["z"]) == ("text", 1.5, None)
        assert out["x"].tolist() == [2, 2]
        assert out["m"].act is jax.nn.relu
        assert bool(eqx.tree_equal(out["m"], model()))


def test_an_output_with_an_unhashable_static_comes_back():
    @eqx.filter_jit
    def run(x):
        return x, {1, 2}

    for _ in range(2):
        assert run(jnp.ones(2))[1] == {1, 2}


def test_each_trace_has_its_own_structure_of_the_output():
    @eqx.filter_jit
    def run(x):
        return (x, "one") if x.ndim == 1 else [x, "two"]

    for _ in range(3):
        assert run(jnp.ones(1))[1] == "one"
        assert run(jnp.ones((1, 1)))[1] == "two"
    jax.clear_caches()
    assert run(jnp.ones(1))[1] == "one"


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ((1, 1.0, True, 1), "int float bool int"),
        ((0.0, -0.0, 0, False), "float float int bool"),
        ((1 + 0j, 1, "1", b"1"), "complex int str bytes"),
        ((None, (), [], {}), "NoneType tuple list dict"),
    ],
)
def test_static_values_that_are_equal_but_of_other_types_are_told_apart(values, kinds):
    name = eqx.filter_jit(lambda value: type(value).__name__)
    for _ in range(2):
        assert " ".join(name(value) for value in values) == kinds


def test_zeros_of_other_signs_are_told_apart_and_nan_is_one_value():
    run, traces = counted(lambda value: repr(value))
    assert [run(value) for value in (0.0, -0.0)] == ["0.0", "-0.0"]
    for _ in range(3):
        assert run(float("nan")) == "nan"
    assert run(complex(float("nan"), 0)) == "(nan+0j)"
    assert len(traces) == 4


def test_numpy_arrays_and_scalars_are_traced():
    run, traces = counted(lambda x, y: x * y)
    assert run(np.ones(2, np.float32), np.float32(2)).tolist() == [2, 2]
    assert run(np.ones(2, np.float32), np.float32(3)).tolist() == [3, 3]
    assert len(traces) == 1


def test_members_of_an_int_enum_are_static_from_the_first_call_on():
    class Mode(enum.IntEnum):
        TRAIN = 1

    kind = eqx.filter_jit(lambda value: type(value).__name__)
    assert kind(Mode.TRAIN) == "Mode"
    assert kind(jnp.asarray(1)) != "Mode"
    assert [kind(Mode.TRAIN), kind(1)] == ["Mode", "int"]


def test_typed_keys_are_traced_in_and_out():
    run, traces = counted(lambda key, m: (jax.random.split(key), key, m))
    key = jax.random.key(3)
    holder = Linear(jax.random.key(5))
    for _ in range(3):
        keys, same, held = run(key, holder)
        assert (jax.random.key_data(same) == jax.random.key_data(key)).all()
        assert (jax.random.key_data(held.weight) == jax.random.key_data(holder.weight)).all()
        assert keys.shape == (2,)
    assert run(same, held)[0].shape == (2,)
    assert len(traces) == 1


def test_keywords_and_defaults_share_a_trace_with_positional_arguments():
    run, traces = counted(lambda x, y=2, *, z=3: x * y * z)
    x = jnp.ones(())
    assert float(run(x, 5)) == float(run(x, y=5)) == float(run(y=5, x=x)) == 15
    assert len(traces) == 1
    assert float(run(x)) == 6
    assert len(traces) == 2
    assert float(run(x, z=4, y=1)) == float(run(x, 1, z=4)) == 4
    assert len(traces) == 3


def test_keywords_that_are_arrays_reach_their_parameters():
    run, _ = counted(lambda a, b, *args, c=0.0, **kwargs: a + 10 * b + 100 * c + kwargs["d"])
    one, two, three, four = (jnp.asarray(float(i)) for i in (1, 2, 3, 4000))
    for _ in range(2):
        assert float(run(d=four, c=three, b=two, a=one)) == 4321
        assert float(run(one, c=three, b=two, d=four)) == 4321


def test_wrong_arguments_are_a_type_error():
    run = eqx.filter_jit(lambda x, y: x)
    with pytest.raises(TypeError):
        run(1)
    with pytest.raises(TypeError, match="'z'"):
        run(1, y=2, z=2)


def test_arrays_in_the_function_are_traced():
    traces = []

    class Counting(eqx.Module):
        weight: Any

        def __call__(self, x):
            traces.append(1)
            return self.weight * x

        def method(self, x):
            traces.append(2)
            return self.weight + x

    x = jnp.ones(2)
    for factor in (2.0, 3.0):
        counting = Counting(jnp.asarray(factor))
        assert eqx.filter_jit(counting)(x).tolist() == [factor, factor]
        assert eqx.filter_jit(counting.method)(x).tolist() == [factor + 1, factor + 1]
    assert traces == [1, 2]


def test_jitting_the_same_function_again_does_not_retrace():
    traces = []

    def body(x):
        traces.append(1)
        return x

    for _ in range(3):
        eqx.filter_jit(body)(1)
    assert len(traces) == 1
    for _ in range(3):
        eqx.filter_jit(lambda x: body(x))(1)
    assert len(traces) == 4


def test_partials_of_equal_arguments_share_a_trace():
    run, traces = counted(lambda f, x: f(x))
    for _ in range(2):
        assert float(run(functools.partial(jnp.power, 2.0), jnp.asarray(3.0))) == 8
    assert len(traces) == 1
    assert float(run(functools.partial(jnp.power, 3.0), jnp.asarray(3.0))) == 27
    assert len(traces) == 2


def test_a_jitted_method_takes_its_instance_as_an_argument():
    x = jnp.ones(2)
    first, second = model(1), model(2)
    assert first.jitted(x).tolist() == first(x).tolist()
    assert second.jitted(x, y=1.0).tolist() == (second(x) + 1.0).tolist()
    assert Linear.jitted(first, x).tolist() == first(x).tolist()
    assert jax.tree.leaves(first.jitted)[0] is first.weight


def test_a_decorator_with_options_works_on_functions_and_methods():
    class Model(eqx.Module):
        a: Any

        @eqx.filter_jit(donate="none", inline=True)
        def f(self, x):
            return self.a + x

    assert float(Model(jnp.asarray(1.0)).f(2.0)) == 3


def test_the_wrapper_has_the_names_of_the_function_and_is_a_pytree():
    def named(x):
        """Documented."""

    run = eqx.filter_jit(named)
    assert (run.__name__, run.__doc__) == ("named", "Documented.")
    assert run.__wrapped__ is named
    assert repr(eqx.filter_jit(jnp.sin)) == "_JitWrapper(fn=<wrapped function sin>)"
    array = jnp.ones(2)
    (leaf,) = eqx.filter(jax.tree.leaves(eqx.filter_jit(Linear(array, None))), eqx.is_array)
    assert leaf is array
    again = jax.tree.map(lambda leaf: leaf, eqx.filter_jit(Linear(jnp.eye(2), None)))
    assert again.__wrapped__.weight.shape == (2, 2)


def test_a_jitted_function_can_be_an_argument_of_another():
    inner = eqx.filter_jit(lambda x: x + 1)
    run, traces = counted(lambda f, x: f(x))
    for _ in range(2):
        assert float(run(inner, jnp.asarray(1.0))) == 2
    assert len(traces) == 1


@pytest.mark.filterwarnings("ignore:A JAX array is being set as static")
@pytest.mark.parametrize(
    ("build", "place"),
    [
        (lambda: ({1},), r"`args\[0\]` is \{1\}"),
        (lambda: (1, [{"k": {1}}]), r"`args\[1\]\[0\]\['k'\]` is \{1\}"),
        (lambda: (Linear(1, act=[{2}]),), r"`args\[0\]\.act\[0\]` is \{2\}"),
        (lambda: (Linear(1, size=[X]),), r"`args\[0\]\.size` is \[f32\[3\]\]"),
        (lambda: ((Linear(1, act=Linear(1, size=X)),),), r"`args\[0\]\[0\]\.act\.size` is f32"),
    ],
)
def test_an_unhashable_static_value_is_named_by_its_key_path(build, place):
    run = eqx.filter_jit(lambda *args: 1)
    with pytest.raises(ValueError, match="Non-hashable static arguments") as caught:
        run(*build())
    assert caught.match(place)
    # And again, when something has been compiled that it is compared with.
    run(Linear(1, size=(3,)))
    with pytest.raises(ValueError, match="Non-hashable static arguments"):
        run(*build())


@pytest.mark.parametrize("size", [[3], {"a": 1}, {1}, ([1], "a")], ids=str)
def test_a_static_field_is_compared_and_need_not_hash(size):
    # As in Equinox, and as libraries rely on: lineax keeps a flattened pytree in one.
    run, traces = counted(lambda layer: layer.weight * 2)
    for _ in range(2):
        run(Linear(jnp.ones(2), size=copy.copy(size)))
    assert len(traces) == 1
    run(Linear(jnp.ones(2), size=[4]))
    assert len(traces) == 2


def test_an_unhashable_keyword_is_named():
    with pytest.raises(ValueError, match=r"`b` is \{1\}"):
        eqx.filter_jit(lambda *, b: 1)(b={1})


@pytest.mark.parametrize(
    "name",
    ["static_argnums", "static_argnames", "donate_argnums", "donate_argnames"],
)
def test_options_that_name_arguments_are_refused(name):
    with pytest.raises(ValueError, match=name):
        eqx.filter_jit(lambda x: x, **{name: 0})


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="'all', 'all-except-first'"):
        eqx.filter_jit(lambda x: x, donate="some")
    with pytest.raises(TypeError, match="'statics'"):
        eqx.filter_jit(lambda x: x, statics=1)


def test_donated_arrays_are_gone_and_spared_ones_are_not():
    def step(m, x):
        return m.weight + x, x

    first, x = Linear(jnp.ones(2)), jnp.ones(2)
    eqx.filter_jit(step, donate="all")(first, x)
    assert first.weight.is_deleted()
    assert x.is_deleted()
    first, x = Linear(jnp.ones(2)), jnp.ones(2)
    run = eqx.filter_jit(step, donate="all-except-first")
    for _ in range(2):
        run(first, jnp.ones(2))
    run(first, x)
    assert not first.weight.is_deleted()
    assert x.is_deleted()


def test_donation_by_a_method_spares_the_module_and_donates_the_rest():
    class Model(eqx.Module):
        a: Any

        @eqx.filter_jit(donate="all-except-first")
        def step(self, x):
            return self.a + x

    model, x = Model(jnp.ones(2)), jnp.ones(2)
    model.step(x)
    assert not model.a.is_deleted()
    assert x.is_deleted()


def test_only_the_warning_modes_warn_of_unusable_donations():
    def shrink(x):
        return x.sum()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eqx.filter_jit(shrink, donate="all")(jnp.ones(3))
    with pytest.warns(UserWarning, match="donated buffers were not usable"):
        eqx.filter_jit(shrink, donate="warn")(jnp.ones(4))


def test_a_deleted_array_is_an_error_of_jax():
    layer = Linear(jnp.ones(2))
    run = eqx.filter_jit(lambda m: m.weight + 1)
    run(layer)
    layer.weight.delete()
    with pytest.raises(RuntimeError, match="deleted"):
        run(layer)


def test_lowering_takes_arguments_as_the_function_does():
    run = eqx.filter_jit(lambda m, x, s="a": (m(x), s))
    layer, x = model(), jnp.ones(2)
    compiled = run.lower(layer, x=x, s="b").compile()
    value, text = compiled(layer, x, "b")
    assert value.tolist() == layer(x).tolist()
    assert text == "b"
    assert "HloModule" in compiled.as_text()
    with pytest.raises(TypeError, match=r"s +'b' +'c'"):
        compiled(layer, x, "c")
    with pytest.raises(TypeError, match=r"m\.size +2 +3"):
        compiled(model(size=3), x, "b")


def test_structs_stand_for_arrays_when_lowering():
    run = eqx.filter_jit(lambda x: x + 1)
    lowered = run.lower(jax.ShapeDtypeStruct((2,), jnp.float32))
    assert lowered.compile()(jnp.ones(2)).tolist() == [2, 2]


def test_under_other_transformations_it_is_traced_with_them():
    run = eqx.filter_jit(lambda m, x: (m(x), m))
    layer, x = model(), jnp.ones((3, 2))
    assert jax.vmap(lambda x: run(layer, x)[0])(x).shape == (3, 2)
    expected = jax.grad(lambda w: Linear(w)(x[0]).sum())(layer.weight)
    assert jnp.allclose(jax.grad(lambda w: run(Linear(w), x[0])[0].sum())(layer.weight), expected)
    assert jax.jit(lambda w: run(Linear(w), x[0])[0])(layer.weight).shape == (2,)
    assert jax.eval_shape(lambda w: run(Linear(w), x[0])[0], layer.weight).shape == (2,)


def test_jit_can_be_disabled():
    run, traces = counted(lambda m, x: (m(x), "s"))
    layer, x = model(), jnp.ones(2)
    with jax.disable_jit():
        value, text = run(layer, x)
        run(layer, x)
    assert (value.tolist(), text) == (layer(x).tolist(), "s")
    assert len(traces) == 2


@pytest.mark.skipif(
    jax.__version_info__ < (0, 7), reason="an early JAX runs on the CPU before it returns"
)
def test_a_call_returns_before_the_device_is_done():
    def heavy(y):
        for _ in range(6):
            y = jnp.tanh(y @ y * 1e-3)
        return y

    run, y = eqx.filter_jit(heavy), jnp.ones((700, 700))
    run(y).block_until_ready()
    ratios = []
    for _ in range(5):
        start = time.perf_counter()
        out = run(y)
        returned = time.perf_counter() - start
        out.block_until_ready()
        ratios.append(returned / (time.perf_counter() - start))
    assert min(ratios) < 0.5


def test_side_effects_happen_at_every_call(capfd):
    @eqx.filter_jit
    def run(x):
        jax.debug.print("seen {}", x)
        return x

    for i in range(3):
        run(jnp.asarray(i))
    jax.effects_barrier()
    assert capfd.readouterr().out.split() == ["seen", "0", "seen", "1", "seen", "2"]


def test_an_exception_in_the_function_passes_and_is_not_remembered():
    calls = []

    @eqx.filter_jit
    def run(x):
        calls.append(1)
        if len(calls) == 1:
            raise KeyError("once")
        return x

    with pytest.raises(KeyError, match="once"):
        run(jnp.ones(1))
    assert run(jnp.ones(1)).tolist() == [1]


def test_threads_may_call_at_the_same_time():
    run, _ = counted(lambda m, x, i: (m, m(x) + i))
    layer, x = model(), jnp.ones(2)
    wrong = []

    def work(start):
        for i in range(start, start + 20):
            out, value = run(layer, x, i % 3)
            if value.tolist() != (layer(x) + i % 3).tolist() or out.act is not jax.nn.relu:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_configuration_is_part_of_what_a_program_is_found_by():
    run, traces = counted(lambda x: x + jnp.asarray(1, x.dtype))
    run(jnp.ones(2))
    with jax.default_matmul_precision("highest"):
        run(jnp.ones(2))
    assert len(traces) == 2


def test_nans_are_found_by_the_debugger_of_jax_also_in_a_program_that_ran_before():
    run, x = eqx.filter_jit(lambda m, x: jnp.log(x) * m.weight), jnp.ones(2)
    for function in (run, eqx.filter_jit(Linear(jnp.eye(2), jnp.log))):
        arguments = (Linear(x), x) if function is run else (x,)
        with jax.debug_nans(True):
            for _ in range(2):
                function(*arguments)
            with pytest.raises(FloatingPointError, match="log"):
                function(*arguments[:-1], -x)


def test_a_compiled_function_keeps_no_arrays_alive():
    function = Linear(jnp.eye(2))
    reference = weakref.ref(function.weight)
    eqx.filter_jit(function)(jnp.ones(2))
    eqx.filter_jit(function.jitted)(jnp.ones(2))
    eqx.filter_jit(eqx.Partial(function))(jnp.ones(2))
    del function
    gc.collect()
    assert reference() is None


def test_clear_caches_forgets_what_was_traced():
    run, traces = counted(lambda x: x)
    run(jnp.ones(2))
    eqx.clear_caches()
    run(jnp.ones(2))
    assert len(traces) == 2


@pytest.mark.skipif(
    internals.CompiledFunction is None, reason="there is no dispatch in C++ on this JAX"
)
def test_a_type_that_is_met_in_the_result_does_not_cost_the_next_calls(monkeypatch):
    # C++ was once told to ask Python about such a call for ever.
    asked = []

    class Unknown:
        pass

    @dataclasses.dataclass(frozen=True)
    class AlsoUnknown:
        size: int

    original = internals.run_and_describe
    monkeypatch.setattr(
        internals, "run_and_describe", lambda *args: asked.append(args) or original(*args)
    )
    unknown = Unknown()
    run = eqx.filter_jit(lambda x: (x, unknown))
    for _ in range(4):
        assert run(X)[1] is unknown
    assert len(asked) == 1
    # In an argument, it was taken for an array the first time.
    run = eqx.filter_jit(lambda x, other: x)
    for _ in range(4):
        run(X, AlsoUnknown(3))
    assert len(asked) == 3
