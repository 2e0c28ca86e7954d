"""What explanations of recompilations are tried on: calls, and what is to be said of each.

A trial is made anew for each explainer: nothing that it compiles is shared. Our own trials are the
cases of `tests/watch/cause_cases.py`, two calls each, and those below: of Equinox, of loops, and
of calls of which nothing is to be said. A folder with a module `corpus` brings others.
"""

import contextlib
import copy
import importlib
import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

Call = Callable[[], Any]
Expected = tuple[str, str, str | None]
"""A path, a cause, and the line that makes the thing, where one is asked for."""


@dataclass(frozen=True)
class Trial:
    """Calls that are made one after the other."""

    name: str
    make: Callable[[], list[Call]]
    expected: Mapping[int, frozenset[Expected]] = field(default_factory=dict)
    """For the index of a call what it differs in; nothing is to be said of all others."""

    @property
    def is_control(self) -> bool:
        """Whether nothing is to be said of any call."""
        return not self.expected


def own_trials() -> list[Trial]:
    """The trials of this project."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "watch"))
    from cause_cases import CASES  # pyright: ignore[reportMissingImports]

    pairs = [
        Trial(name, lambda case=case: list(case.make()), {1: _expected(*case.expected)})
        for name, case in CASES.items()
    ]
    return pairs + TRIALS


def trials_of(folder: Path) -> list[Trial]:
    """The trials of the module `corpus` in `folder`."""
    sys.path.insert(0, str(folder))
    corpus: Any = importlib.import_module("corpus")

    def source(marker: str | None) -> str | None:
        return None if marker is None else corpus.src(marker)

    return [
        Trial(
            case["id"],
            lambda case=case: _calls(*case["setup"]()),
            {
                index: frozenset((e["path"], e["cause"], source(e["src"])) for e in expected)
                for index, expected in case["expect"].items()
            },
        )
        for case in corpus.CASES
    ]


def _calls(function: Any, calls: list[dict[str, Any]]) -> list[Call]:
    return [lambda call=call: _perform(function, call) for call in calls]


def _perform(function: Any, call: dict[str, Any]) -> None:
    """Make a call as a corpus writes it down."""
    call.get("pre", lambda: None)()
    target = call.get("fn", function)
    given = call.get("args", ())
    args: Any = given() if callable(given) else given
    run = call.get("run", lambda do: do())
    with call.get("ctx", contextlib.nullcontext)():
        result = run(lambda: target(*args, **call.get("kwargs", {})))
    jax.block_until_ready(result)
    call.get("post", lambda result: None)(result)


def _expected(*differences: tuple[str, str]) -> frozenset[Expected]:
    return frozenset((path, cause, None) for path, cause in differences)


TRIALS: list[Trial] = []
"""Those of this file."""


def _trial(*expected: tuple[tuple[str, str], ...]) -> Callable[[Callable[[], list[Call]]], Any]:
    """Add a trial; `expected` are the differences of its second call, of its third, ..."""

    def add(make: Callable[[], list[Call]]) -> Callable[[], list[Call]]:
        told = {at + 1: _expected(*found) for at, found in enumerate(expected) if found}
        TRIALS.append(Trial(make.__name__, make, told))
        return make

    return add


def _ones(*shape: int) -> jax.Array:
    return jnp.ones(shape, jnp.float32)


def _each(function: Callable[..., Any], *arguments: tuple[Any, ...]) -> list[Call]:
    return [lambda args=args: function(*args) for args in arguments]


class _Dense(eqx.Module):
    weight: Any
    act: Any = jax.nn.relu
    rate: Any = 0.5
    name: str = eqx.field(static=True, default="dense")

    def __call__(self, x: Any) -> Any:
        return self.act(self.weight.astype(x.dtype) * x) * self.rate


class _Stack(eqx.Module):
    layers: list[_Dense]

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


def _stack(**changed: Any) -> _Stack:
    return _Stack([_Dense(_ones()), _Dense(**{"weight": _ones(), **changed})])


def _two_models(first: Any, second: Any) -> list[Call]:
    @eqx.filter_jit
    def step(model: Any, x: Any) -> Any:
        return model(x)

    return _each(step, (first, _ones(2)), (second, _ones(2)))


@_trial((("model.layers[1].act", "identity:lambda"),))
def equinox_a_lambda_in_a_model() -> list[Call]:
    def new() -> Any:
        return lambda v: v

    return _two_models(_stack(act=new()), _stack(act=new()))


@_trial((("model.layers[1].rate", "static-value"),))
def equinox_a_number_in_a_model() -> list[Call]:
    return _two_models(_stack(), _stack(rate=0.25))


@_trial((("model.layers[1].rate", "leaf-kind"),))
def equinox_a_number_that_becomes_an_array() -> list[Call]:
    return _two_models(_stack(), _stack(rate=_ones()))


@_trial((("model.layers[1].name", "aux-data"),))
def equinox_a_static_field() -> list[Call]:
    return _two_models(_stack(), _stack(name="other"))


@_trial((("model.layers[1].weight", "dtype"),))
def equinox_one_layer_of_another_dtype() -> list[Call]:
    return _two_models(_stack(), _stack(weight=_ones().astype(jnp.bfloat16)))


@_trial((("model.layers[1].weight", "weak_type"),))
def equinox_one_layer_weakly_typed() -> list[Call]:
    return _two_models(_stack(), _stack(weight=jnp.asarray(1.0)))


@_trial((("model.layers[1].act", "tree-none"),))
def equinox_a_layer_without_its_activation() -> list[Call]:
    model = _stack()
    bare = eqx.tree_at(lambda m: m.layers[1].act, model, None)

    @eqx.filter_jit
    def step(model: Any, x: Any) -> Any:
        return model.layers[0](x)

    return _each(step, (model, _ones(2)), (bare, _ones(2)))


@_trial((("model.layers", "tree-length"),))
def equinox_one_layer_more() -> list[Call]:
    model = _stack()
    return _two_models(model, _Stack([*model.layers, model.layers[0]]))


@_trial(
    (
        ("model.layers[0].act", "identity:custom_jvp"),
        ("model.layers[1].act", "identity:custom_jvp"),
    )
)
def equinox_a_copied_model() -> list[Call]:
    model = _stack()
    return _two_models(model, copy.deepcopy(model))


@_trial((("model.layers[1].weight", "committed"),))
def equinox_one_layer_restored_to_its_device() -> list[Call]:
    return _two_models(_stack(), _stack(weight=jax.device_put(_ones(), jax.devices()[0])))


@_trial((("rate", "static-value"),), (("rate", "static-value"),), (("rate", "static-value"),))
def equinox_a_schedule_of_numbers() -> list[Call]:
    step = eqx.filter_jit(lambda x, rate: x * rate)
    return _each(step, *((_ones(2), 0.9**epoch) for epoch in range(4)))


@_trial((("x", "shape"),), (), (("x", "shape"),))
def a_last_batch_that_is_smaller_and_another() -> list[Call]:
    step = jax.jit(lambda x: x * 2)
    return _each(step, *((np.ones((rows, 2), np.float32),) for rows in (8, 3, 8, 5)))


@_trial((("state['total']", "weak_type"),), ())
def a_carry_that_starts_as_a_number() -> list[Call]:
    step = jax.jit(lambda state, x: {"total": state["total"] + x.sum()})
    state: Any = {"total": 0.0}

    def call() -> None:
        nonlocal state
        state = step(state, _ones(3))

    return [call] * 3


@_trial((("x", "shape"),), (("x", "dtype"),))
def the_nearest_call_is_not_the_latest() -> list[Call]:
    step = jax.jit(lambda x: x * 2)
    return _each(step, (_ones(8),), (_ones(5),), (jnp.ones(8, jnp.int32),))


@_trial((("act", "identity:lambda"),), (("act", "identity:lambda"),))
def a_new_lambda_each_time() -> list[Call]:
    step = jax.jit(lambda x, act: act(x), static_argnames="act")
    return [lambda: step(_ones(2), lambda v: v + 1)] * 3


@_trial()
def nothing_a_call_repeated() -> list[Call]:
    return _each(jax.jit(lambda x: x + 1), (_ones(2),), (_ones(2) + 1,))


@_trial()
def nothing_an_array_of_numpy_in_place_of_one_of_jax() -> list[Call]:
    return _each(jax.jit(lambda x: x + 1), (_ones(2),), (np.ones(2, np.float32),))


@_trial()
def nothing_keywords_in_another_order() -> list[Call]:
    step = jax.jit(lambda *, a, b: a + b)
    return [lambda: step(a=_ones(2), b=_ones(2)), lambda: step(b=_ones(2), a=_ones(2))]


@_trial()
def nothing_equal_static_values() -> list[Call]:
    step = jax.jit(lambda x, shape: x.reshape(shape), static_argnames="shape")
    return _each(step, (_ones(4), (2, 2)), (_ones(4), tuple([2] * 2)))


@_trial()
def nothing_another_function_on_the_same_line() -> list[Call]:
    first, second = jax.jit(lambda x: x * 2), jax.jit(lambda x: x * 3)
    return [lambda function=function: function(_ones(2)) for function in (first, second, first)]


@_trial()
def nothing_a_function_and_its_gradient() -> list[Call]:
    def loss(x: Any) -> Any:
        return jnp.sum(x**2)

    return [lambda: jax.jit(loss)(_ones(2)), lambda: jax.jit(jax.grad(loss))(_ones(2))]


@_trial()
def nothing_a_function_jitted_twice() -> list[Call]:
    def step(x: Any) -> Any:
        return x + 1

    return [lambda: jax.jit(step)(_ones(2))] * 2


@_trial()
def nothing_compiled_ahead_of_time_and_called() -> list[Call]:
    step = jax.jit(lambda x: x + 1)
    return [lambda: step.lower(_ones(2)).compile(), lambda: step(_ones(2))]


@_trial()
def nothing_equinox_a_trained_model() -> list[Call]:
    model = _stack()
    return _two_models(
        model, jax.tree_util.tree_map(lambda v: v + 1 if eqx.is_array(v) else v, model)
    )


@_trial()
def nothing_equinox_a_keyword_for_a_position() -> list[Call]:
    step = eqx.filter_jit(lambda model, x: model(x))
    model = _stack()
    return [lambda: step(model, _ones(2)), lambda: step(model, x=_ones(2))]


@_trial()
def nothing_equinox_two_functions() -> list[Call]:
    first, second = eqx.filter_jit(lambda x: x * 2), eqx.filter_jit(lambda x: x * 3)
    return [lambda function=function: function(_ones(2)) for function in (first, second, first)]


def _twice(x: Any) -> Any:
    return 2 * x


@_trial()
def nothing_equinox_a_pickled_model() -> list[Call]:
    model = _stack(act=_twice)
    model = eqx.tree_at(lambda m: m.layers[0].act, model, _twice)
    return _two_models(model, pickle.loads(pickle.dumps(model)))
