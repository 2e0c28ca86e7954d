"""The two columns: every difference by key path and field, and nothing that is equal."""

import re

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
from hypothesis import given
from pytrees import Layer, Pair, Triple, pytrees

from eqxcore._trees._mismatch import compare_structures, mismatch_table


class Unequal:
    """Cannot be compared, as an array cannot in a condition."""

    def __eq__(self, other):
        raise ValueError("ambiguous")

    __hash__ = object.__hash__

    def __repr__(self):
        return "Unequal()"


def table(one, other, **options):
    text = mismatch_table(("one", "other"), one, other, **options)
    return None if text is None else [re.split(r" {2,}", line) for line in text.splitlines()]


def paths(one, other, **options):
    return [difference.path for difference in compare_structures(one, other, **options)[0]]


@given(pytrees, pytrees)
def test_there_is_a_difference_exactly_where_the_structures_differ(one, other):
    differ = jtu.tree_structure(one) != jtu.tree_structure(other)
    assert bool(paths(one, other)) == differ


@given(pytrees)
def test_a_pytree_does_not_differ_from_itself(pytree):
    assert paths(pytree, pytree) == []
    assert paths(pytree, jtu.tree_map(lambda leaf: 0, pytree)) == []


@given(pytrees)
def test_a_leaf_is_a_prefix_of_everything(pytree):
    assert paths(0, pytree, is_prefix=True) == []


@given(pytrees)
def test_the_order_of_the_two_does_not_matter_to_what_is_found(pytree):
    changed = [pytree, 1]
    found, mirrored = compare_structures([pytree], changed), compare_structures(changed, [pytree])
    assert [(a, c, b) for a, b, c in found.differences] == [tuple(d) for d in mirrored.differences]


def test_a_static_field_is_named_and_the_equal_ones_are_counted():
    one, other = Layer(jnp.ones(2), 3), Layer(jnp.ones(2), 4)
    assert mismatch_table(("one", "other"), {"a": [one]}, {"a": [other]}).splitlines() == [
        "                 one  other",
        "  ['a'][0].size  3    4",
        "  … 2 equal",
    ]


def test_lists_of_other_lengths_are_one_difference():
    assert table([1, [1, 2]], [1, [1, 2, 3]])[1:] == [
        ["", "[1]", "list of 2", "list of 3"], ["", "… 1 equal"]]  # fmt: skip


def test_keys_that_only_one_has_are_missing_in_the_other():
    assert table({"a": 1, "b": 2}, {"b": 2, "c": 3})[1:] == [
        ["", "['a']", "1", "(missing)"],
        ["", "['c']", "(missing)", "3"],
        ["", "… 1 equal"],
    ]


def test_types_that_differ_end_the_comparison_there():
    assert paths([Pair(1, [2])], [Triple(1, [2], 3)]) == ["[0]"]


def test_none_is_a_leaf_only_when_asked_for():
    assert paths({"a": None}, {"a": 1}) == ["['a']"]
    assert paths({"a": None}, {"a": 1}, is_leaf=lambda node: node is None) == []


def test_leaves_are_compared_when_asked_for():
    found = compare_structures([1, 2.0], [1, 2], same_leaf=lambda a, b: type(a) is type(b))
    assert [tuple(difference) for difference in found.differences] == [("[1]", "2.0", "2")]


def test_static_values_that_look_alike_are_told_apart():
    one, other = Layer(0, slice(1)), Layer(0, slice(1))
    assert paths(one, other) == []
    one, other = Layer(0, object.__new__(Unequal)), Layer(0, object.__new__(Unequal))
    ((_, left, right),) = compare_structures(one, other).differences
    assert (left, right) == ("Unequal()", "Unequal() (another one)")
    one, other = Layer(0, "v" * 90 + "a"), Layer(0, "v" * 90 + "b")
    ((_, left, right),) = compare_structures(one, other).differences
    assert left != right


def test_classes_of_one_name_are_told_apart():
    def make(module):
        return type("Box", (tuple,), {"__module__": module})

    first, second = make("a"), make("b")
    for cls in (first, second):
        jtu.register_pytree_node(cls, lambda box: (tuple(box), None), lambda _, c, cls=cls: cls(c))
    ((_, left, right),) = compare_structures(first((1,)), second((1,))).differences
    assert (left, right) == ("a.Box", "b.Box")


def test_static_values_are_compared_as_jax_does():
    one, other = Layer(0, 1), Layer(0, 1.0)
    assert jtu.tree_structure(one) == jtu.tree_structure(other)
    assert paths(one, other) == []


def test_values_that_cannot_be_compared_differ():
    one, other = ({"a": Layer(0, Unequal())} for _ in range(2))
    assert paths(one, other) == ["['a'].size"]


def test_only_the_first_differences_are_written_out():
    one, other = list(range(20)), [(index,) for index in range(20)]
    lines = mismatch_table(("one", "other"), one, other).splitlines()
    assert len(lines) == 8
    assert lines[-1] == "  … 14 more differ"


def test_long_paths_lose_their_beginning_and_long_values_their_end():
    key = "k" * 100
    text = mismatch_table(("one", "other"), {key: 1, "s": 0}, {key: (), "s": Layer(0, "v" * 99)})
    assert all(len(line) < 120 for line in text.splitlines())
    assert "kkk']" in text


def test_the_message_of_a_large_model_comes_soon():
    """Equal subtrees of a million leaves may stand beside what differs."""
    big = {str(index): jax.tree.map(lambda x: x, [0] * 100) for index in range(1000)}
    assert paths((big, 1), (dict(big), [1])) == ["[1]"]
