"""Arrays that are compiled in are told with the variable they are in; small ones are not."""

import functools
import gc
import json
import types
import weakref
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore
import eqxview
from eqxview.document import Note, Table
from eqxview.inspect.jit_cache import jit_cache
from eqxview.watching import Constant, Log
from eqxview.watching.constant import LEAST, captured


def constants_of(function: Any, *args: Any) -> tuple[Constant, ...]:
    """The constants of the one function that a call compiles."""
    with eqxview.watch() as watch:
        function(*args)
    log = watch.log
    assert log.failures == ()
    (compile,) = (compile for compile in log.compiles if compile.kind == "function")
    return compile.constants


def _array(rows: int = 32) -> jax.Array:
    return jnp.ones((rows, 32), jnp.float32)


X = np.ones(32, np.float32)
TABLE = _array()


@pytest.fixture(params=[eqxcore, equinox], ids=["eqxcore", "equinox"])
def library(request: pytest.FixtureRequest) -> types.ModuleType:
    return request.param


def _model(library: Any) -> Any:
    return library.nn.MLP(32, 32, width_size=32, depth=1, key=jax.random.key(0))


WEIGHTS = [f".layers[{layer}].{name}" for layer in (0, 1) for name in ("weight", "bias")]


@pytest.mark.parametrize("jit", ["jit", "filter_jit"])
def test_the_weights_of_a_model_in_the_closure_are_named(library: Any, jit: str):
    model = _model(library)
    found = constants_of((jax.jit if jit == "jit" else library.filter_jit)(lambda x: model(x)), X)
    assert [constant.path for constant in found] == [f"<function>.model{path}" for path in WEIGHTS]
    assert {(c.variable, c.scope, c.holder) for c in found} == {("model", "closure", "MLP")}
    assert [(c.array, c.nbytes) for c in found[:2]] == [("f32[32,32]", 4096), ("f32[32]", 128)]


def test_the_weights_of_a_jitted_call_method_are_named(library: Any):
    model = _model(library)
    found = constants_of(jax.jit(model.__call__), X)
    assert [constant.path for constant in found] == [f"<function>.self{path}" for path in WEIGHTS]
    assert {(c.scope, c.holder) for c in found} == {("self", "MLP")}


def test_the_weights_of_a_model_that_is_an_argument_are_no_constants(library: Any):
    step = library.filter_jit(lambda model, x: model(x))
    assert constants_of(step, _model(library), X) == ()


def test_the_weights_of_a_module_under_filter_jit_are_arguments(library: Any):
    assert constants_of(library.filter_jit(_model(library)), X) == ()


def test_a_global_variable_is_named():
    (found,) = constants_of(jax.jit(lambda x: TABLE @ x), X)
    assert (found.path, found.variable, found.scope) == ("<function>.TABLE", "TABLE", "global")
    assert found.holder == ""


def _called(x: Any) -> Any:
    return TABLE @ x


def test_a_global_of_a_function_that_is_called_is_named_through_it():
    (found,) = constants_of(jax.jit(lambda x: _called(x)), X)
    assert found.path == "<function>._called.TABLE"


def test_a_function_that_is_differentiated_is_looked_through():
    weights = {"w": _array()}
    found = constants_of(jax.jit(jax.grad(lambda x: jnp.sum(weights["w"] @ x))), X)
    assert {constant.path for constant in found} == {"<function>.weights['w']"}


def test_a_jitted_function_in_a_jitted_function_is_looked_through():
    weights = [_array()]
    inner = jax.jit(lambda x: weights[0] @ x)
    (found,) = constants_of(jax.jit(lambda x: inner(x)), X)
    assert found.path == "<function>.inner.weights[0]"


class _Trainer:
    def __init__(self) -> None:
        self.params = {"w": _array()}

    def predict(self, x: Any) -> Any:
        return self.params["w"] @ x

    def __call__(self, x: Any) -> Any:
        return self.predict(x)


def test_the_arrays_of_a_plain_object_whose_method_is_jitted_are_named():
    (found,) = constants_of(jax.jit(_Trainer().predict), X)
    assert (found.path, found.holder) == ("<function>.self.params['w']", "_Trainer")


def test_the_arrays_of_a_plain_object_that_is_jitted_are_named():
    (found,) = constants_of(jax.jit(_Trainer()), X)
    assert (found.path, found.scope) == ("<function>.params['w']", "callable")


def test_a_default_and_an_argument_of_a_partial_are_named():
    def step(x: Any, table: Any = TABLE) -> Any:
        return table @ x

    (default,) = constants_of(jax.jit(step), X)
    assert (default.path, default.scope) == ("<function>.table", "default")
    other = _array()
    (held,) = constants_of(jax.jit(functools.partial(step, table=other)), X)
    assert (held.path, held.scope) == ("<function>.keywords['table']", "partial")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_array_of_numpy_is_found_even_if_jax_made_another_dtype_of_it(dtype: Any):
    data = np.random.default_rng(0).normal(size=(32, 32)).astype(dtype)
    (found,) = constants_of(jax.jit(lambda x: data.T.T @ x), X) or (None,)
    assert found is not None
    assert found.path == "<function>.data"


def test_of_two_equal_arrays_the_one_that_is_used_is_named():
    first, second = _array(), _array()

    def step(x: Any, which: str = "second") -> Any:
        return (first if which == "first" else second) @ x

    (found,) = constants_of(jax.jit(step), X)
    assert found.variable == "second"


def test_small_constants_are_silent():
    small = jnp.ones(LEAST // 4 - 1, jnp.float32)
    assert constants_of(jax.jit(lambda x: small.sum() + x), X) == ()


def test_what_is_in_the_closure_but_not_in_the_program_is_silent():
    model = _model(eqxcore)
    assert constants_of(jax.jit(lambda x: x * model.width_size), X) == ()


def test_many_small_arrays_of_one_model_are_told():
    model = [jnp.ones(16, jnp.float32) for _ in range(32)]
    found = constants_of(jax.jit(lambda x: sum(jnp.sum(each) for each in model) + x), X)
    assert len(found) == 32


def test_what_is_large_and_made_while_tracing_is_told_without_a_variable():
    def step(x: Any) -> Any:
        return jnp.sum(np.arange(2**19, dtype=np.float32) * x[0])

    found = constants_of(jax.jit(step), X)
    assert [(c.path, c.nbytes) for c in found] == [("", 2**21)]


def test_the_arrays_are_not_kept_alive():
    weights = _array()
    seen = weakref.ref(weights)
    step = jax.jit(lambda x: weights @ x)
    with eqxview.watch() as watch:
        step(X)
    assert watch.log.compiles[0].constants
    del weights, step
    jax.clear_caches()
    gc.collect()
    assert seen() is None


def test_a_pytree_that_does_not_flatten_hides_no_other():
    class Broken:
        pass

    def refuse(_: Any) -> Any:
        raise RuntimeError("no")

    jax.tree_util.register_pytree_node(Broken, refuse, lambda aux, children: Broken())
    broken, weights = Broken(), _array()

    def step(x: Any) -> Any:
        assert broken is not None
        return weights @ x

    (found,) = constants_of(jax.jit(step), X)
    assert found.variable == "weights"


def test_what_goes_wrong_in_looking_leaves_the_cause_told(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: Any) -> Any:
        raise LookupError("a closure")

    monkeypatch.setattr("eqxview.watching.listener.closed_over", fail)
    step = jax.jit(lambda x: TABLE.sum() + x)
    with eqxview.watch() as watch:
        step(np.ones(2, np.float32))
        step(np.ones(3, np.float32))
    assert len(watch.misses) == 1
    assert any("a closure" in failure for failure in watch.log.failures)


def _notes(log: Log) -> list[Note]:
    return [
        part
        for part in jit_cache(log).document().parts
        if isinstance(part, Note) and "constants" in part.text
    ]


def test_the_report_says_what_is_compiled_in_and_what_to_do():
    model = _model(eqxcore)

    def predict(x: Any) -> Any:
        return model(x)

    step = jax.jit(predict)
    with eqxview.watch() as watch:
        step(X)
        step(X)
        step(np.ones(32, np.float16).astype(np.float32))
    (note,) = _notes(watch.log)
    assert note.text == (
        "predict is compiled with constants: 4 arrays, 8.2 KB, "
        ".layers[0].weight, .layers[0].bias and 2 more of the MLP in model, a variable around it"
    )
    assert note.hint == "make model a parameter of predict, and pass it in each call"
    (table,) = (
        part
        for part in jit_cache(watch.log).document().parts
        if isinstance(part, Table) and part.title == "Compiled in as constants"
    )
    assert table.rows[0] == ("predict", "<function>.model.layers[0].weight", "f32[32,32]", 4096)
    assert len(table.rows) == 4


def test_of_very_many_constants_the_rest_is_counted():
    weights = [jnp.ones((4, 4), jnp.float32) for _ in range(30)]
    with eqxview.watch() as watch:
        jax.jit(lambda x: sum(jnp.sum(each) for each in weights) + x)(X)
    parts = jit_cache(watch.log).document().parts
    (table,) = (p for p in parts if isinstance(p, Table) and "constants" in p.title)
    assert table.rows[-1][1:] == ("10 more", "", 640)


def test_constants_survive_json_and_old_logs_have_none():
    with eqxview.watch() as watch:
        jax.jit(lambda x: TABLE @ x)(X)
    log = watch.log
    assert Log.from_json(log.to_json()) == log
    data = json.loads(log.to_json())
    for compile in data["compiles"]:
        del compile["constants"]
    assert Log.from_json(json.dumps(data)).compiles[0].constants == ()


def test_what_a_later_version_adds_to_a_log_is_passed_over():
    with eqxview.watch() as watch:
        jax.jit(lambda x: TABLE @ x)(X)
    data = json.loads(watch.log.to_json())
    data["compiles"][0]["weather"] = "fine"
    data["compiles"][0]["constants"][0]["weather"] = "fine"
    assert Log.from_json(json.dumps(data)) == watch.log


def test_constants_are_told_by_variable_the_largest_first():
    found = captured(
        [
            Constant("<function>.a", "f32[1]", 4, "a", "closure"),
            Constant("<function>.m.w", "f32[9]", 36, "m", "global", "MLP"),
            Constant("<function>.m.b", "f32[1]", 4, "m", "global", "MLP"),
        ]
    )
    assert list(map(str, found)) == [
        "2 arrays, 40 B, .w and .b of the MLP in m, a global variable",
        "1 array, 4 B, in a, a variable around it",
    ]
