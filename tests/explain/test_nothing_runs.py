"""Explaining looks at what is there: it runs no code of the user's, and keeps nothing alive."""

import ast
import gc
import weakref

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st

import eqxcore as eqx
import eqxview
from eqxview.inspect.explain.naming import places
from eqxview.inspect.explain.static_value import UNKNOWN, Scope, static_value


class Watched:
    """Tells of every code of its own that runs."""

    ran: list[str]

    def __init__(self):
        self.__dict__["ran"] = []
        self.__dict__["held"] = {"w": 1.0}

    @property
    def computed(self):
        self.ran.append("property")
        return {"w": 1.0}

    def __getattr__(self, name):
        self.ran.append(f"getattr {name}")
        raise AttributeError(name)

    def __getitem__(self, key):
        self.ran.append("getitem")
        return {"w": 1.0}

    def __call__(self, *args):
        self.ran.append("call")
        return {"w": 1.0}


class OwnItems(dict):
    def __getitem__(self, key):
        raise AssertionError("an item of the user's own kind was asked for")


def value_of(source, **names):
    def inner():
        import sys

        return Scope(sys._getframe(1))

    held = {**names, "inner": inner}
    scope = eval("(lambda: inner())()", held)
    return static_value(ast.parse(source, mode="eval").body, scope)


@pytest.mark.parametrize(
    "source",
    ["x.computed", "x[0]", "x()", "x.missing", "x.held.items()", "x + 1", "[x() for _ in x]"],
)
def test_what_would_have_to_run_is_not_known(source):
    x = Watched()
    assert value_of(source, x=x) is UNKNOWN
    assert x.ran == []


def test_what_an_object_holds_is_known():
    x = Watched()
    assert value_of("x.held['w']", x=x) == 1.0
    assert value_of("m.layers[1]", m=eqx.nn.Sequential([x, 2])) == 2
    assert x.ran == []


def test_items_of_a_dict_of_the_users_own_are_not_asked_for():
    assert value_of("d['w']", d=OwnItems(w=1)) is UNKNOWN


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_PLAIN)
def test_a_literal_has_the_value_that_python_gives_it(value):
    assert value_of(repr(value)) == value


@given(_PLAIN)
def test_each_place_is_python_for_what_is_there(value):
    for path, found in places(value, "value"):
        assert eval(path, {"value": value}) is found


def test_an_explanation_of_watched_objects_runs_none_of_their_code():
    odd = Watched()
    with pytest.raises(ValueError, match=r"structure|key") as caught:
        jax.tree.map(lambda a, b: a, {"w": odd}, {"b": odd, "w": odd})
    explanation = eqxview.explain(caught.value)
    assert {found.path for found in explanation.findings} == {"['b']"}
    assert not [ran for ran in odd.ran if not ran.startswith("getattr __")]


class Marker:
    """Tells by a weak reference whether a frame still has it."""


@pytest.fixture
def dead():
    """Weak references to what must not be there any more."""
    return []


def fail(dead):
    marker, array = Marker(), jnp.ones(3) + 1
    dead += [weakref.ref(marker), weakref.ref(array)]
    model = {"w": array, "b": jnp.ones(1)}
    jax.tree.map(lambda a, b: a, model, {"w": array})


def explained(dead):
    try:
        fail(dead)
    except ValueError as error:
        return eqxview.explain(error)


def test_an_explanation_keeps_no_array_and_no_frame_alive(dead):
    explanation = explained(dead)
    gc.collect()
    assert explanation.is_recognised
    assert [reference() for reference in dead] == [None, None]


def test_a_function_that_goes_on_after_the_error_keeps_no_more_than_without(dead):
    """Asking a frame for its variables would have it keep them, up to Python 3.12."""
    model = {"marker": Marker()}
    dead.append(weakref.ref(model["marker"]))
    try:
        fail(dead)
    except ValueError as error:
        explanation = eqxview.explain(error)
    model = explanation.kind
    gc.collect()
    assert [reference() for reference in dead] == [None] * 3
    assert model == "tree-structure"


def test_the_variables_that_somebody_asked_for_are_left_alone(dead):
    before = locals()
    assert set(before) == {"dead"}
    try:
        fail(dead)
    except ValueError as error:
        eqxview.explain(error)
    assert before["dead"] is dead
