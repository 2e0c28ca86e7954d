"""What has one cause is told in one sentence, with one fix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqxview.watching import CAUSES, Compile, Difference, Log, Seconds, Site
from eqxview.watching.reasons import fix_for, reasons

OPTAX = "/venv/lib/python3.12/site-packages/optax/transforms/_combining.py"


def told(*differences: Difference) -> list[str]:
    return [str(reason) for reason in reasons([differences])]


def made_by_optax(path: str, line: int = 78) -> Difference:
    return Difference(path, "identity:closure", "<function>", "a new object", Site(OPTAX, line))


def test_two_values_that_moved_alike_are_one_sentence():
    assert told(
        Difference("controller.rtol", "static-value", "0.1", "0.2"),
        Difference("controller.atol", "static-value", "0.1", "0.2"),
    ) == ["controller.rtol and controller.atol are static, and have other values: 0.1 → 0.2 (both)"]


def test_values_that_moved_each_in_its_way_are_told_each():
    assert told(
        Difference("x", "shape", "[32,8]", "[7,8]"), Difference("y", "shape", "[32]", "[7]")
    ) == ["x and y have other shapes: [32,8] → [7,8], [32] → [7]"]


def test_two_causes_are_two_sentences():
    assert told(
        Difference("x", "shape", "[2]", "[3]"), Difference("y", "dtype", "float32", "int32")
    ) == ["x has another shape: [2] → [3]", "y has another dtype: float32 → int32"]


def test_a_value_that_moves_each_time_is_told_with_all_that_it_was():
    misses = [
        [Difference("rate", "static-value", before, after)]
        for before, after in (("0.3", "0.2"), ("0.2", "0.1"), ("0.1", "0.0"))
    ]
    (reason,) = reasons(misses)
    assert str(reason).endswith(": 0.3 → 0.2 → 0.1 → 0.0")


def test_of_many_values_the_first_and_the_last_are_told():
    misses = [[Difference("i", "static-value", str(i), str(i + 1))] for i in range(100)]
    (reason,) = reasons(misses)
    assert str(reason).endswith(": 0 → 1 → 2 → 3 → … → 100")


def test_long_values_are_told_where_they_differ():
    start = "Sharding(" + "x" * 300
    (text,) = told(Difference("x", "sharding", start + "('a')", start + "('b')"))
    assert "('a')" in text
    assert "('b')" in text
    assert len(text) < 150


def test_many_paths_are_counted():
    many = [Difference(f"w[{i}]", "dtype", "float32", "bfloat16") for i in range(9)]
    assert told(*many) == [
        "w[0], w[1] and 7 more have other dtypes: float32 → bfloat16 (all)",
    ]


def test_an_optimiser_made_anew_is_named_whole_and_its_librarys_lines_are_not():
    assert told(made_by_optax("optimiser.init"), made_by_optax("optimiser.update", 81)) == [
        "optimiser is made anew by optax each time (.init and .update are new functions)"
    ]


def test_one_function_that_a_library_made_is_told_with_the_library():
    assert told(made_by_optax("optimiser.update")) == [
        "optimiser.update is a function made anew by optax each time"
    ]


def test_functions_in_two_places_are_not_one_object():
    (text,) = told(made_by_optax("a.init"), made_by_optax("b.init"))
    assert text == "a.init and b.init are functions made anew by optax each time"


def test_of_an_optimiser_with_another_rate_the_rate_is_what_matters():
    path = "optimiser.update.update_fns[1].step_size"
    (reason,) = reasons(
        [
            [
                made_by_optax("optimiser.init"),
                Difference(path, "closure-value", "0.001", "0.0001", Site(OPTAX, 81)),
            ]
        ]
    )
    assert str(reason) == (
        f"{path} is in the closure of a function made anew by optax, and has another value: "
        "0.001 → 0.0001"
    )
    assert "inject_hyperparams" in reason.fix


def test_what_the_user_makes_anew_beside_it_still_matters():
    mine = Difference("act", "identity:lambda", "a", "b", Site("/home/me/train.py", 3))
    rate = Difference("act2.rate", "closure-value", "1", "2", Site("/home/me/train.py", 9))
    assert len(told(mine, rate)) == 2
    assert told(mine) == ["act is a new lambda each time, made at train.py:3"]


@pytest.mark.parametrize(
    ("cause", "paths", "fix"),
    [
        ("static-value", ["rate"], "make it an array: jnp.asarray(rate)"),
        (
            "static-value",
            ["c.rtol", "c.atol"],
            "make it an array: jnp.asarray(c.rtol), and the other likewise",
        ),
        ("static-value", ["<function>.rate"], "make it an array: jnp.asarray(...)"),
        ("dtype", ["x[0]", "x[1]", "x[2]"], "x[0].astype(...), and the others likewise"),
        ("committed", ["w['a']", "w['b']"], "jax.device_put(w, device)"),
        ("committed", ["w['a']"], "jax.device_put(w['a'], device)"),
        ("committed", ["a", "b"], "jax.device_put(..., device)"),
        ("trace-context", ["<trace>"], ""),
        ("a cause of a later version", ["x"], ""),
    ],
)
def test_a_fix_is_written_for_the_paths(cause: str, paths: list[str], fix: str):
    assert fix_for(cause, paths).endswith(fix)


_causes = st.sampled_from(sorted(CAUSES))
_roots = st.sampled_from(["x", "model.layers[0]", "w['a']", "<function>", "<mesh>", ""])
_sites = st.none() | st.sampled_from([Site("train.py", 1), Site(OPTAX, 2)])
_differences = st.builds(
    Difference, _roots, _causes, st.text(max_size=3), st.text(max_size=3), _sites
)


@given(st.lists(st.lists(_differences, min_size=1, max_size=5), min_size=1, max_size=4))
def test_every_miss_has_a_reason_and_no_cause_is_told_twice(misses: list[list[Difference]]):
    found = reasons(misses)
    assert found
    assert all(str(reason) for reason in found)
    keys = [(reason.cause, reason.library) for reason in found]
    assert len(keys) == len(set(keys))
    assert {reason.cause for reason in found} <= {d.cause for d in misses[-1]}


def test_the_package_that_a_line_is_in_is_known_by_its_file():
    assert Site(OPTAX, 1).library == "optax"
    assert Site(r"C:\venv\Lib\site-packages\optax\a.py", 1).library == "optax"
    assert Site("/venv/lib/python3.12/site-packages/single.py", 1).library == "single"
    assert Site("/home/me/optax/train.py", 1).library == ""


@pytest.mark.parametrize("word", CAUSES)
def test_every_cause_can_be_said_of_several(word: str):
    plurals = {"is": "are", "has": "have", "does": "do", "was": "were"}
    cause = CAUSES[word]
    assert cause.plural.split()[0] == plurals[cause.meaning.split()[0]]


def compiled(name: str, kind: str, *differences: Difference) -> Compile:
    return Compile(
        name,
        kind,  # type: ignore[arg-type]
        1,
        Seconds(),
        None,
        None,
        0.0,
        differences=differences,
    )


def test_misses_are_of_the_users_functions():
    step = compiled("step", "function", Difference("x", "shape"))
    operation = compiled("_uniform", "operation", Difference("<op>_uniform", "shape"))
    # Its body is the user's, made anew.
    scan = compiled("scan", "operation", Difference("<function>", "identity:lambda"))
    log = Log((step, operation, scan))
    assert log.misses == (step, scan)
    assert operation.is_miss
