"""Callables of one name are compared by what they hold: code, defaults, closures."""

import functools
import pickle
import weakref

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import eqxcore
from eqxview.inspect.diff import diff
from eqxview.tree.live import tree_of

SOURCE = """
RATE = {rate}

def make(scale, offset=2):
    def step(x, y=offset, *, z={z}):
        return scale * x * RATE + {plus}
    return step
"""


def made(scale=0.1, offset=2, *, rate=1, z=3, plus=4, above=""):
    """A function as a program would make it that was edited."""
    names = {"__name__": "__main__", "__file__": "/home/me/train.py"}
    text = above + SOURCE.format(rate=rate, z=z, plus=plus)
    exec(compile(text, "/home/me/train.py", "exec"), names)
    return names["make"](scale, offset)


def said(a, b):
    """What a diff says of each change, the function's name left out."""
    return [change.after.rpartition("same name, ")[2] for change in diff(a, b).changes]


LIVE = {
    "the same code": ({}, []),
    "other code": ({"plus": 5}, ["other code"]),
    "another default": ({"offset": 9}, ["other default of y: 2 → 9"]),
    "another default of a keyword": ({"z": 9}, ["other default of z: 3 → 9"]),
    "another closure": ({"scale": 0.2}, ["other scale in its closure: 0.1 → 0.2"]),
    "some lines further down": ({"above": "\n\n"}, []),
}


@pytest.mark.parametrize("case", LIVE)
@pytest.mark.parametrize(
    "wrapped",
    [
        lambda f: f,
        jax.jit,
        jax.custom_jvp,
        lambda f: functools.wraps(f)(lambda *args: f(*args)),
        functools.partial,
    ],
    ids=["plain", "jit", "custom_jvp", "wraps", "partial"],
)
def test_live_functions_of_one_name_are_told_apart_by_what_they_hold(case, wrapped):
    """A jitted function compiles again for each of these, and not for a function that is alike."""
    changes, expected = LIVE[case]
    first, second = wrapped(made()), wrapped(made(**changes))
    told = said({"f": first}, {"f": second})
    if told and "f in its closure" in told[0]:
        # This wrapper holds the function as a variable, and that is then what differs.
        assert expected
    else:
        assert told == expected


def test_the_change_says_where_both_are_written():
    changes = diff([made()], [made(plus=5, above="\n")]).changes
    assert [change.kind.value for change in changes] == ["static"]
    assert changes[0].before == "<function step> at train.py:5"
    assert changes[0].after == "<function step> at train.py:6: same name, other code"


@pytest.mark.parametrize(
    ("first", "second", "is_equal"),
    [
        (1.0, 1, False),
        (float("nan"), float("nan"), True),
        (0.0, -0.0, False),
        (np.arange(3.0), np.arange(3.0), True),
        (np.arange(3.0), np.arange(3.0) + 1, False),
        (jnp.arange(3.0), jnp.arange(3.0) * 2, False),
        (jax.random.key(0), jax.random.key(0), True),
        (jax.random.key(0), jax.random.key(1), False),
        ({"a": [1, 2]}, {"a": [1, 2]}, True),
        ({"a": [1, 2]}, {"a": [1, 3]}, False),
        ({1, 2}, {2, 1}, True),
        (len, sorted, False),
        (made(1), made(2), False),
        (made(1), made(1), True),
    ],
)
def test_what_a_function_closes_over_is_compared_by_value(first, second, is_equal):
    assert diff([made(first)], [made(second)]).is_equal == is_equal


def test_an_optimiser_with_another_rate_differs_and_one_made_anew_does_not():
    assert diff(optax.adam(1e-3), optax.adam(1e-3)).is_equal
    assert not diff(optax.adam(1e-3), optax.adam(2e-3)).is_equal


def test_a_static_field_with_another_lambda_is_found():
    class Layer(eqxcore.Module):
        act: object = eqxcore.field(static=True)

    report = diff(Layer(lambda x: x), Layer(lambda x: x + 1))
    assert [report.path(change) for change in report.changes] == [".act"]


def test_a_partial_is_compared_by_its_arguments():
    first, second = functools.partial(made(), 1, z=2), functools.partial(made(), 1, z=3)
    assert said([first], [second]) == ["other argument z: 2 → 3"]


def test_a_closure_that_holds_itself_is_compared_to_its_end():
    def around(value):
        held = [value]
        held.append(held)
        return lambda: held

    assert diff([around(1)], [around(1)]).is_equal
    assert not diff([around(1)], [around(2)]).is_equal


def test_a_tree_keeps_no_function_alive():
    function = made()
    tree, seen = tree_of([function]), weakref.ref(function)
    del function
    assert seen() is None
    assert tree.values.callable_content(tree, 1) is None


FILES = {
    **{case: LIVE[case] for case in LIVE if case != "some lines further down"},
    "another closure": ({"scale": 0.2}, ["0.2"]),
    "another global": ({"rate": 7}, ["other global RATE: 1 → 7"]),
}


@pytest.mark.parametrize("case", FILES)
def test_functions_by_value_are_told_apart_by_what_the_file_holds(case, tmp_path):
    changes, expected = FILES[case]
    a, b = tmp_path / "a.pkl", tmp_path / "b.pkl"
    a.write_bytes(cloudpickle.dumps({"f": made()}))
    b.write_bytes(cloudpickle.dumps({"f": made(**changes)}))
    assert said(a, b) == expected


def test_functions_by_name_are_told_apart_by_their_names(tmp_path):
    a, b = tmp_path / "a.pkl", tmp_path / "b.pkl"
    a.write_bytes(pickle.dumps([np.sum]))
    b.write_bytes(pickle.dumps([np.mean]))
    assert diff(a, a).is_equal
    assert [change.after for change in diff(a, b).changes] == ["<function mean>"]


def test_a_file_whose_functions_share_their_parts_many_times_over_is_compared_at_once(tmp_path):
    """Thirty tuples that hold each other twice are a billion values, told apart one by one."""
    held = (1,)
    for _ in range(30):
        held = (held, held)
    a, b = tmp_path / "a.pkl", tmp_path / "b.pkl"
    a.write_bytes(cloudpickle.dumps({"f": made(offset=held)}))
    b.write_bytes(cloudpickle.dumps({"f": made(offset=held, plus=5)}))
    assert "other code" in said(a, b)[0]
