"""`tree_at`: replacing something in a pytree."""

import collections
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytrees import pytrees

import eqxcore as eqx

Empty = collections.namedtuple("Empty", "")


def make(library):
    class Model(library.Module):
        a: Any
        b: Any
        c: Any = None
        size: int = library.field(static=True, default=3)
        flag: Any = True

        def method(self):
            return self.a

    return Model


Model = make(eqx)
EquinoxModel = make(equinox)
ARRAYS = [jnp.full((i,), float(i)) for i in range(4)]


def standard(cls):
    return cls(ARRAYS[1], [ARRAYS[2], (ARRAYS[3],)])


def is_none(node):
    return node is None


SAME = {
    "a leaf": (standard, lambda m: m.a, {"replace": 5}),
    "leaves": (standard, lambda m: (m.a, m.b[0]), {"replace": (5, 6)}),
    "leaves in a list": (standard, lambda m: [m.a, m.b[0]], {"replace": [5, 6]}),
    "a list node": (standard, lambda m: m.b, {"replace": "text"}),
    "a subtree by none": (standard, lambda m: m.b, {"replace": None}),
    "a list node by function": (standard, lambda m: m.b, {"replace_fn": len}),
    "nodes by function": (standard, lambda m: (m.a, m.b[1]), {"replace_fn": lambda v: len(v)}),
    "the only none": (standard, lambda m: m.c, {"replace": 7}),
    "none and a leaf": (standard, lambda m: (m.c, m.a), {"replace": (7, 8)}),
    "one of several nones": (
        lambda cls: cls(None, 1),
        lambda m: m.c,
        {"replace": 7, "is_leaf": is_none},
    ),
    "the root": (standard, lambda m: m, {"replace": 7}),
    "characters": (standard, lambda m: (m.a, m.flag), {"replace": "ab"}),
    "an empty tuple": (lambda cls: cls((), ()), lambda m: m.a, {"replace": 9}),
    "another empty tuple": (lambda cls: cls((), ()), lambda m: m.b, {"replace": 9}),
    "empty tuples": (lambda cls: cls((), ()), lambda m: (m.b, m.a), {"replace": (9, 8)}),
    "an empty namedtuple": (lambda cls: cls(Empty(), Empty()), lambda m: m.b, {"replace": 9}),
    "a leaf beside empty namedtuples": (
        lambda cls: cls(Empty(), Empty(), 1),
        lambda m: m.c,
        {"replace": 9},
    ),
    "an empty list": (lambda cls: cls([], []), lambda m: m.b, {"replace": 9}),
    "nothing": (standard, lambda m: (), {"replace": ()}),
    "a leaf twice": (standard, lambda m: (m.a, m.a), {"replace": (1, 2)}),
    "an array that is there twice": (
        lambda cls: cls(ARRAYS[1], ARRAYS[1]),
        lambda m: m.a,
        {"replace": 1},
    ),
    "a node made a leaf": (
        standard,
        lambda m: m.b,
        {"replace": 1, "is_leaf": lambda node: isinstance(node, list)},
    ),
}


@pytest.mark.parametrize(("build", "where", "options"), SAME.values(), ids=SAME.keys())
def test_it_replaces_what_equinox_replaces(build, where, options):
    ours = eqx.tree_at(where, build(Model), **options)
    theirs = equinox.tree_at(where, build(EquinoxModel), **options)
    none_leaves = {"is_leaf": is_none}
    ours, theirs = (jax.tree_util.tree_leaves_with_path(t, **none_leaves) for t in (ours, theirs))
    assert [path for path, _ in ours] == [path for path, _ in theirs]
    assert all(a is b or a == b for (_, a), (_, b) in zip(ours, theirs, strict=True))


REFUSED = {
    "a none among several": (lambda m: m.c, {"replace": 1}, ValueError, "is_leaf=lambda"),
    "a static field": (lambda m: m.size, {"replace": 1}, TypeError, "3 is not a leaf.*static"),
    "a constant": (lambda m: 42, {"replace": 1}, TypeError, "42 is not a leaf"),
    "a computed leaf": (lambda m: m.a + 1, {"replace": 1}, TypeError, "unsupported operand"),
    "a value of a leaf": (
        lambda m: m.a if m.flag is True else m.b,
        {"replace": 1},
        ValueError,
        "must not depend on the leaves",
    ),
    "a wrong name": (lambda m: m.d, {"replace": 1}, AttributeError, "'d'"),
    "no replacement": (lambda m: m.a, {}, ValueError, "Precisely one of"),
    "two replacements": (
        lambda m: m.a,
        {"replace": 1, "replace_fn": len},
        ValueError,
        "Precisely one of",
    ),
    "one value for two": (lambda m: (m.a, m.flag), {"replace": 1}, TypeError, r"no len\(\)"),
    "three values for two": (
        lambda m: (m.a, m.flag),
        {"replace": (1, 2, 3)},
        ValueError,
        "returned 2, and `replace` has 3",
    ),
    "a node and its child": (
        lambda m: (m.b, m.b[0]),
        {"replace": (1, 2)},
        ValueError,
        "together with something inside it",
    ),
    "a nested sequence": (
        lambda m: (m.a, (m.b[0],)),
        {"replace": (1, 2)},
        ValueError,
        "flat list or tuple",
    ),
    "a dict": (lambda m: {"a": m.a}, {"replace": {"a": 1}}, ValueError, "flat list or tuple"),
}


@pytest.mark.parametrize(
    ("where", "options", "error", "message"), REFUSED.values(), ids=REFUSED.keys()
)
def test_it_refuses_what_equinox_refuses_and_says_why(where, options, error, message):
    for library, cls in ((eqx, Model), (equinox, EquinoxModel)):
        model = cls(1.0, [2.0, None], None)
        with pytest.raises(error) as caught:
            library.tree_at(where, model, **options)
        if library is eqx:
            assert caught.match(message)


def test_a_where_that_looks_at_leaves_is_told_so_in_a_note():
    with pytest.raises(TypeError) as caught:
        eqx.tree_at(lambda m: m.b[int(m.a[0])], standard(Model), 1)
    assert "placeholder for each leaf" in caught.value.__notes__[0]


def test_nothing_runs_and_nothing_else_changes():
    class Checked(eqx.Module):
        a: Any = eqx.field(converter=float)
        b: Any = 2

        def __check_init__(self):
            assert isinstance(self.a, float)

    model = Checked(1)
    changed = eqx.tree_at(lambda m: m.a, model, "text")
    assert changed.a == "text"
    assert model.a == 1.0


def test_the_module_of_a_bound_method_can_be_changed():
    method = eqx.tree_at(lambda f: f.__self__.a, standard(Model).method, 5)
    assert method() == 5


def test_children_that_are_made_anew_by_each_flattening_can_be_replaced():
    @jax.tree_util.register_pytree_node_class
    class Doubling:
        def __init__(self, child):
            self.child = child

        def tree_flatten(self):
            return (self.child,), None

        @classmethod
        def tree_unflatten(cls, _, children):
            return cls(*children)

        @property
        def inner(self):
            return self.child

    tree = [Doubling((1.0, 2.0)), 3.0]
    changed = eqx.tree_at(lambda t: t[0].inner[1], tree, 9.0)
    assert changed[0].child == (1.0, 9.0)


@given(pytrees.filter(lambda tree: jax.tree.leaves(tree)), st.data())
def test_replacing_the_nth_leaf_changes_the_nth_leaf_alone(tree, data):
    leaves = jax.tree.leaves(tree)
    place = data.draw(st.integers(0, len(leaves) - 1))
    changed = eqx.tree_at(lambda t: jax.tree.leaves(t)[place], tree, "new")
    assert jax.tree.structure(changed) == jax.tree.structure(tree)
    for i, (before, after) in enumerate(zip(leaves, jax.tree.leaves(changed), strict=True)):
        assert after is before if i != place else after == "new"
