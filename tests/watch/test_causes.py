"""What the watch says is what was changed, and nothing else."""

import types
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import pytest
from cause_cases import CASES, Case, modules
from watched import causes_of, differences_of

import eqxcore
from eqxview.watching import CAUSES


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_cause_is_what_was_changed(case: Case):
    first, second = case.make()
    assert causes_of(first, second) == [set(), case.expected]


# Told by the tests below, by `test_watching.py`, or on several devices by `test_shardings.py`.
_ELSEWHERE = {"static-mutated", "leaf-kind", "device", "sharding", "layout", "memory-kind"}


def test_every_cause_has_a_case_and_every_case_a_cause():
    tested = {cause for case in CASES.values() for _, cause in case.expected}
    assert tested | _ELSEWHERE == set(CAUSES)


@pytest.fixture(params=[eqxcore, equinox], ids=["eqxcore", "equinox"])
def library(request: pytest.FixtureRequest) -> types.ModuleType:
    return request.param


def _step(library: Any) -> Any:
    @library.filter_jit
    def step(model, x, lr=None):
        return model(x)

    return step


def _ones(*shape: int) -> jax.Array:
    return jnp.ones(shape, jnp.float32)


def test_a_new_lambda_deep_in_a_module_is_named_by_its_path_and_line(library: Any):
    layer, step = modules(library), _step(library)

    def call():
        step({"model": [layer(_ones()), layer(_ones(), lambda v: v)]}["model"][1], _ones(2))

    first, second = differences_of(call, call)
    assert first == []
    (found,) = second
    assert (found.path, found.cause) == ("model.act", "identity:lambda")
    assert found.source is not None
    assert found.source.line == call.__code__.co_firstlineno + 1
    assert found.source.file == __file__


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"rate": 0.25}, ("model.rate", "static-value")),
        ({"rate": _ones()}, ("model.rate", "leaf-kind")),
        ({"name": "other"}, ("model.name", "aux-data")),
        ({"weight": _ones(2)}, ("model.weight", "shape")),
        ({"weight": jnp.asarray(1.0)}, ("model.weight", "weak_type")),
        ({"act": None}, ("model.act", "tree-none")),
        ({"act": jnp.tanh}, ("model.act", "static-value")),
    ],
    ids=lambda value: str(value)[:20],
)
def test_one_change_of_a_module_is_one_difference(library: Any, change: Any, expected: Any):
    layer = modules(library)

    @library.filter_jit
    def step(model, x):
        return model.weight * x

    before, after = layer(_ones()), layer(**{"weight": _ones(), **change})
    assert causes_of(lambda: step(before, _ones(2)), lambda: step(after, _ones(2))) == [
        set(),
        {expected},
    ]


def test_statics_of_a_jitted_module_are_told_by_their_path(library: Any):
    layer = modules(library)
    found = causes_of(
        lambda: library.filter_jit(layer(_ones()))(_ones(2)),
        lambda: library.filter_jit(layer(_ones() + 1))(_ones(2)),
        lambda: library.filter_jit(layer(_ones(), rate=0.25))(_ones(2)),
    )
    assert found == [set(), set(), {("<function>.rate", "static-value")}]


def test_self_of_a_jitted_method_is_an_argument(library: Any):
    class Model(library.Module):
        scale: float

        @library.filter_jit
        def __call__(self, x):
            return x * self.scale

    found = causes_of(lambda: Model(1.0)(_ones(2)), lambda: Model(2.0)(_ones(2)))
    assert found == [set(), {("self.scale", "static-value")}]


def test_keyword_and_positional_are_the_same_to_filter_jit(library: Any):
    layer, step = modules(library), _step(library)
    model = layer(_ones())
    calls = (lambda: step(model, _ones(2)), lambda: step(model, x=_ones(2)))
    assert causes_of(*calls) == [set(), set()]


def test_new_numbers_in_old_places_are_no_miss(library: Any):
    layer, step = modules(library), _step(library)
    model = layer(_ones())
    trained = jax.tree.map(lambda leaf: leaf + 1 if eqxcore.is_array(leaf) else leaf, model)
    assert causes_of(lambda: step(model, _ones(2)), lambda: step(trained, _ones(2))) == [
        set(),
        set(),
    ]


def test_the_nearest_earlier_call_is_compared_not_the_latest():
    step = jax.jit(lambda x: x * 2)
    found = causes_of(
        lambda: step(_ones(8)),
        lambda: step(_ones(5)),
        lambda: step(jnp.ones(8, jnp.int32)),
    )
    assert found == [set(), {("x", "shape")}, {("x", "dtype")}]


def test_another_function_called_from_the_same_line_is_no_miss():
    first, second = jax.jit(lambda x: x * 2), jax.jit(lambda x: x * 3)
    calls = [lambda function=function: function(_ones(2)) for function in (first, second, first)]
    assert causes_of(*calls) == [set(), set(), set()]


def test_a_function_and_its_gradient_are_two_functions():
    def loss(x):
        return jnp.sum(x)

    calls = (lambda: jax.jit(loss)(_ones(2)), lambda: jax.jit(jax.grad(loss))(_ones(2)))
    assert causes_of(*calls) == [set(), set()]


def test_the_lambda_of_a_scan_outside_of_jit_is_named():
    from eqxview.watching.switch import Watch

    def call():
        jax.lax.scan(lambda carry, x: (carry + x, None), jnp.zeros(()), _ones(3))

    with Watch() as watch:
        call()
        call()
    (miss,) = watch.misses
    assert (miss.kind, miss.name) == ("operation", "scan")
    (found,) = miss.differences
    assert (found.path, found.cause) == ("<function>", "identity:lambda")
    assert found.source is not None
    assert found.source.line == call.__code__.co_firstlineno + 1


def test_a_setting_that_jax_does_not_name_is_told_as_one(monkeypatch: pytest.MonkeyPatch):
    """Before 0.9, JAX says what its settings are, and not what they are called."""
    from eqxview.watching import settings

    if not hasattr(jax, "make_user_context"):
        pytest.skip("this JAX has no settings of the user's")
    context = jax.make_user_context(0)
    step = jax.jit(lambda x: x + 1)

    def inside():
        with context(1):
            step(_ones(2))

    def precisely():
        with jax.default_matmul_precision("highest"):
            step(_ones(2))

    monkeypatch.setattr(settings, "_values_now", settings._public_values)
    found = causes_of(lambda: step(_ones(2)), inside, precisely)
    assert found == [
        set(),
        {("<config>", "config")},
        {("<config>.jax_default_matmul_precision", "config")},
    ]
