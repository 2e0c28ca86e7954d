"""The benchmark that compares us with JAX's log: its trials, and how it judges."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import recompile_trials  # pyright: ignore[reportMissingImports]
import recompiles  # pyright: ignore[reportMissingImports]
from recompile_adapter import Explainer  # pyright: ignore[reportMissingImports]


@pytest.mark.parametrize("trial", recompile_trials.TRIALS, ids=lambda trial: trial.name)
def test_a_trial_is_explained_right(trial: Any):
    assert recompiles._ours(trial, Explainer(), recompiles._verdict) == "right"


def test_there_are_enough_trials_of_both_kinds():
    trials = recompile_trials.own_trials()
    assert sum(not trial.is_control for trial in trials) >= 60
    assert sum(trial.is_control for trial in trials) >= 12
    assert len({trial.name for trial in trials}) == len(trials)


def _expected(path: str, cause: str) -> Any:
    return frozenset({(path, cause, None)})


HEAD = "TRACING CACHE MISS at train.py:3 (f):\n  for f defined at train.py:1\n"
CLOSEST = HEAD + "  all previously seen cache keys differ. For the closest previous key:\n"
TYPES = CLOSEST + "  different input types:\n"
TREE = CLOSEST + "  different input pytree:\n"
STATIC = (
    "now <class 'Static'> with pytree metadata Static(val={}) and before <class 'Static'> with "
)
STATIC += "pytree metadata Static(val={}), so the pytree node metadata does not match"
AGAIN = HEAD + "  but seen another function defined on the same line; maybe the function is\n"


@pytest.mark.parametrize(
    ("path", "cause", "told", "verdict"),
    [
        ("x", "shape", [TYPES + "  * at x, now f32[5] and before f32[8]"], "right"),
        ("p['w']", "dtype", [TYPES + "  * at p['w'], now i32[8] and before f32[8]"], "right"),
        ("y", "shape", [TYPES + "  * at x, now f32[5] and before f32[8]"], "wrong"),
        (
            "model.w",
            "dtype",
            [TYPES + "  * at dynamic_nodonate['first'][0], now i32[8] and before f32[8]"],
            "vague",
        ),
        ("n", "static-value", [TREE + "  * at input path [0][1], " + STATIC.format(2, 1)], "right"),
        (
            "act",
            "identity:lambda",
            [TREE + "  * at input path [0][1], " + STATIC.format("<f at 0x1>", "<f at 0x2>")],
            "vague",
        ),
        (
            "cfg.rate",
            "static-value",
            [TREE + "  * at input path [0][1], " + STATIC.format("x" * 300 + "1", "x" * 300)],
            "vague",
        ),
        ("x", "committed", [], "silent"),
        ("<function>", "identity:lambda", [AGAIN], "right"),
        ("<function>.rate", "closure-value", [AGAIN], "vague"),
        ("<cache>", "cache-cleared", [AGAIN], "wrong"),
        (
            "<config>.jax_enable_x64",
            "config",
            [CLOSEST + "  * jax_enable_x64 differs: now True and before False"],
            "right",
        ),
        (
            "x",
            "dtype",
            [CLOSEST + "  * jax_enable_x64 differs: now True and before False"],
            "wrong",
        ),
    ],
)
def test_jaxs_log_is_judged_by_what_it_names(path: str, cause: str, told: Any, verdict: str):
    assert recompiles._judged(_expected(path, cause), told) == verdict


def test_jaxs_log_gives_a_false_alarm_only_where_it_names_a_cause():
    first_call = HEAD + "  never seen function:\n    f id=1 defined at train.py:1\n"
    assert recompiles._judged(frozenset(), [first_call]) == "right"
    assert recompiles._judged(frozenset(), [AGAIN]) == "FALSE-ALARM"
