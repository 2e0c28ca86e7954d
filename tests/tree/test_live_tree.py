import collections
import dataclasses
import gc
import weakref

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from pytrees import Layer, Pair, Registered, Unregistered, pytrees

import eqxcore as eqx
from eqxview.errors import UnreadableFile
from eqxview.tree import Flag, Hashing, Kind, Role
from eqxview.tree.live import tree_of
from eqxview.tree.sanitise import sanitise


def jax_paths(pytree):
    return [
        sanitise(jax.tree_util.keystr(path), limit=10_000)
        for path, _ in jax.tree_util.tree_leaves_with_path(pytree)
    ]


def tree_paths(tree):
    return [tree.path(row) for row in tree.leaves()]


@given(pytrees)
@settings(deadline=None)
def test_leaves_and_key_paths_are_those_of_jax(pytree):
    assert tree_paths(tree_of(pytree)) == jax_paths(pytree)


@given(pytrees)
@settings(deadline=None)
def test_array_leaves_have_the_shapes_and_dtypes_of_jax(pytree):
    tree = tree_of(pytree)
    expected = [
        (leaf.shape, str(leaf.dtype)) if eqx.is_array(leaf) else (None, None)
        for leaf in jax.tree_util.tree_leaves(pytree)
    ]
    assert [(tree.array_shape(row), tree.dtype_name(row)) for row in tree.leaves()] == expected


@given(pytrees)
@settings(deadline=None)
def test_every_subtree_is_a_slice_of_rows(pytree):
    tree = tree_of(pytree)
    for row in range(len(tree)):
        children = list(tree.children(row))
        assert all(tree.parent[child] == row for child in children)
        assert all(tree.depth[child] == tree.depth[row] + 1 for child in children)
        below = sum(tree.end[child] - child for child in children)
        assert tree.end[row] == row + 1 + below
        assert tree.find(tree.path(row)) is not None


@pytest.mark.parametrize("library", [eqx, equinox], ids=["eqxcore", "equinox"])
def test_a_module_shows_its_static_fields_between_its_children(library):
    tree = tree_of(library.nn.Linear(3, 2, key=jax.random.key(0)))
    assert [(tree.entry(row), Role(tree.role[row])) for row in tree.children(0)] == [
        (".weight", Role.DYNAMIC),
        (".bias", Role.DYNAMIC),
        (".in_features", Role.STATIC_FIELD),
        (".out_features", Role.STATIC_FIELD),
        (".use_bias", Role.STATIC_FIELD),
    ]


@pytest.mark.parametrize("library", [eqx, equinox], ids=["eqxcore", "equinox"])
def test_an_mlp_has_the_leaves_of_jax_with_its_activations_static(library):
    model = library.nn.MLP(2, 3, 4, 2, key=jax.random.key(0))
    tree = tree_of(model)
    assert tree_paths(tree) == jax_paths(model)
    row = tree.find(".activation")
    assert row is not None
    assert Role(tree.role[row]) == Role.STATIC_LEAF
    assert tree.value_text(row) == "<function relu>"
    assert Hashing(tree.hashing[row]) == Hashing.BY_IDENTITY


def test_an_optimiser_state_has_the_leaves_of_jax():
    model = equinox.nn.MLP(2, 3, 4, 2, key=jax.random.key(0))
    state = optax.adam(1e-3).init(equinox.filter(model, equinox.is_array))
    tree = tree_of(state)
    assert tree_paths(tree) == jax_paths(state)
    assert tree.type_name(tree.find("[0]")) == "ScaleByAdamState"


def test_none_is_a_node_but_no_leaf():
    tree = tree_of({"a": None, "b": 1})
    assert Role(tree.role[tree.find("['a']")]) == Role.NONE
    assert tree_paths(tree) == ["['b']"]


def test_a_shared_array_is_tied_and_counted_once():
    array = jnp.ones((4, 4))
    tree = tree_of({"in": array, "other": jnp.ones(1), "out": array})
    assert {tree.path(row): tie for row, tie in tree.ties.items()} == {"['in']": 1, "['out']": 1}
    assert tree.totals() == (3, 3, 17, 68)


def test_equal_arrays_that_are_not_the_same_are_not_tied():
    assert tree_of([jnp.ones(2), jnp.ones(2)]).ties == {}


def test_an_unregistered_dataclass_is_one_leaf_with_its_fields_inside():
    tree = tree_of([Unregistered(jnp.ones(2), "n")])
    assert tree_paths(tree) == ["[0]"]
    assert tree.has_flag(1, Flag.UNREGISTERED)
    assert [Role(tree.role[row]) for row in tree.children(1)] == [Role.INSIDE, Role.INSIDE]


def test_meta_fields_of_a_registered_dataclass_are_static():
    tree = tree_of(Registered(1, 2.0, "n"))
    assert [(tree.entry(row), Role(tree.role[row])) for row in tree.children(0)] == [
        (".inner", Role.STATIC_LEAF),
        (".rate", Role.STATIC_LEAF),
        (".name", Role.STATIC_FIELD),
    ]


def test_a_class_registered_without_keys_has_flat_index_paths():
    class Box:
        def __init__(self, item):
            self.item = item

    jax.tree_util.register_pytree_node(Box, lambda b: ((b.item,), None), lambda _, c: Box(*c))
    pytree = Box([1, 2])
    assert tree_paths(tree_of(pytree)) == jax_paths(pytree)


def test_a_subclass_of_a_container_is_a_leaf_as_it_is_for_jax():
    class MyDict(dict):
        pass

    pytree = [MyDict(a=1)]
    tree = tree_of(pytree)
    assert tree_paths(tree) == jax_paths(pytree) == ["[0]"]
    assert tree.entry(2) == "['a']"


def test_keys_that_cannot_be_sorted_are_shown_in_their_order_with_a_note():
    tree = tree_of({"a": 1, 2: 3})
    assert tree_paths(tree) == ["['a']", "[2]"]
    assert "cannot be compared" in tree.notes[0][0]


def test_a_pytree_that_contains_itself_is_cut():
    loop = []
    loop.append([loop])
    tree = tree_of(loop)
    assert [Kind(kind) for kind in tree.kind] == [Kind.LIST, Kind.LIST, Kind.CUT]
    assert "2 levels up" in tree.value_text(2)


def test_a_pytree_fifty_thousand_levels_deep_is_built_without_recursion():
    pytree = []
    for _ in range(50_000):
        pytree = [pytree]
    assert len(tree_of(pytree)) == 50_001
    # Python itself would recurse to free it.
    while pytree:
        pytree = pytree.pop()


def test_a_walk_stops_at_its_limit_and_says_so():
    tree = tree_of(list(range(100)), max_nodes=10)
    assert len(tree) == 10
    assert "first 10 nodes" in tree.notes[0][0]


def test_an_object_whose_repr_fails_is_shown_as_one_that_failed():
    class Broken:
        __slots__ = ()

        def __repr__(self):
            raise ZeroDivisionError

    assert "repr raised ZeroDivisionError" in tree_of([Broken()]).value_text(1)


def test_a_handler_that_fails_leaves_a_node_with_the_reason():
    class Sabotaged:
        @property
        def __dict__(self):
            raise RuntimeError("no attributes today")

    tree = tree_of([Sabotaged(), 1])
    assert "RuntimeError: no attributes today" in tree.value_text(1)
    assert tree.has_flag(1, Flag.PROBLEM)
    assert tree_paths(tree) == ["[0]", "[1]"]


def test_names_are_sanitised_when_they_enter_the_tree():
    Evil = collections.namedtuple("Evil", "x")
    Evil.__name__ = "Ev\x1b[2Jil"
    tree = tree_of({"\x1b]52;c;AAAA\x07": Evil(1), "\u202eabc": 2})
    for text in (*tree.names, *tree.texts, *(name for pair in tree.types for name in pair)):
        assert text.isprintable()


def test_a_weakly_typed_array_is_marked():
    tree = tree_of([jnp.asarray(1.0), jnp.ones(())])
    assert [tree.has_flag(row, Flag.WEAK) for row in (1, 2)] == [True, False]


def test_a_committed_array_is_marked_with_its_device():
    committed = jax.device_put(jnp.ones(1), jax.devices()[0])
    tree = tree_of([committed, jnp.ones(1)])
    assert [tree.has_flag(row, Flag.COMMITTED) for row in (1, 2)] == [True, False]
    assert tree.placement(1).device == "cpu:0"


def test_a_deleted_array_is_shown_as_deleted():
    array = jnp.ones(3)
    array.delete()
    tree = tree_of([array])
    assert tree.has_flag(1, Flag.DELETED)
    with pytest.raises(UnreadableFile, match="deleted"):
        tree.values.fetch(tree, 1)


def test_tracers_are_looked_at_without_being_used():
    seen = []

    @jax.jit
    def function(x):
        seen.append(tree_of({"x": x, "n": 1}))
        return x

    function(jnp.ones((2, 2)))
    tree = seen[0]
    row = tree.find("['x']")
    assert tree.has_flag(row, Flag.TRACER)
    assert tree.array_shape(row) == (2, 2)


def test_typed_prng_keys_are_arrays_with_their_own_dtype():
    tree = tree_of([jax.random.key(0)])
    assert tree.dtype_name(1) == "key<fry>"
    assert Role(tree.role[1]) == Role.DYNAMIC


def test_a_bound_method_is_a_pytree_with_its_module_inside():
    class Net(eqx.Module):
        weight: jax.Array

        def forward(self, x):
            return self.weight * x

    method = Net(jnp.ones(2)).forward
    assert tree_paths(tree_of(method)) == jax_paths(method)


def test_values_are_fetched_when_asked_for_and_never_kept_alive():
    array = np.arange(3)
    pytree = [array]
    tree = tree_of(pytree)
    np.testing.assert_array_equal(tree.values.fetch(tree, 1), [0, 1, 2])
    alive = weakref.ref(array)
    del array
    pytree.clear()
    gc.collect()
    assert alive() is None
    with pytest.raises(UnreadableFile, match="gone"):
        tree.values.fetch(tree, 1)


def test_a_static_field_that_is_a_small_tuple_is_one_line():
    tree = tree_of(eqx.nn.Conv2d(1, 2, 3, key=jax.random.key(0)))
    row = tree.find(".kernel_size")
    assert tree.value_text(row) == "(3, 3)"
    assert tree.end[row] == row + 1


def test_a_field_that_was_never_assigned_is_no_child():
    layer = Layer(1, 2)
    del layer.__dict__["bias"]
    assert tree_of(layer).find(".bias") is None


def test_a_shape_dtype_struct_is_a_static_leaf_with_an_arrays_type():
    tree = tree_of(jax.ShapeDtypeStruct((2,), jnp.float32))
    assert Role(tree.role[0]) == Role.STATIC_LEAF
    assert tree.array_shape(0) == (2,)


def test_a_frozen_dataclass_registered_by_hand_keeps_the_order_of_jax():
    @dataclasses.dataclass
    class Backwards:
        a: object
        b: object
        tag: str = "t"

    jax.tree_util.register_dataclass(Backwards, data_fields=["b", "a"], meta_fields=["tag"])
    pytree = Backwards(1, 2)
    tree = tree_of(pytree)
    assert tree_paths(tree) == jax_paths(pytree)
    assert Role(tree.role[tree.find(".tag")]) == Role.STATIC_FIELD


def test_a_namedtuple_with_a_none_keeps_its_place():
    tree = tree_of(Pair(None, 1))
    assert [tree.entry(row) for row in tree.children(0)] == [".first", ".second"]


class StaticHolder(eqx.Module):
    held: object = eqx.field(static=True)


@pytest.mark.parametrize(
    ("value", "hashing"),
    [
        ((1, ("a", 2.0)), Hashing.BY_VALUE),
        ((1, print), Hashing.BY_IDENTITY),
        (((1, print), 2), Hashing.BY_IDENTITY),
        ((print, [1]), Hashing.UNHASHABLE),
        (([1], print), Hashing.UNHASHABLE),
        (([print], 1), Hashing.UNHASHABLE),
    ],
)
def test_a_static_tuple_is_compared_as_its_items_are(value, hashing):
    tree = tree_of(StaticHolder(value))
    row = next(row for row in range(len(tree)) if tree.role[row] == Role.STATIC_FIELD)
    assert Hashing(tree.hashing[row]) == hashing


def test_an_optimiser_that_is_static_is_compared_by_its_functions():
    tree = tree_of(StaticHolder(optax.adam(1e-3)))
    row = next(row for row in range(len(tree)) if tree.role[row] == Role.STATIC_FIELD)
    assert Hashing(tree.hashing[row]) == Hashing.BY_IDENTITY


def test_what_is_static_as_a_whole_hashes_in_its_own_way():
    """`nnx.GraphDef` keeps a list, and hashes all the same: a false alarm once."""

    @jax.tree_util.register_static
    @dataclasses.dataclass(frozen=True)
    class Whole:
        names: list

        def __hash__(self):
            return hash(tuple(self.names))

    tree = tree_of({"w": jnp.ones(1), "def": Whole(["a"])})
    row = tree.find("['def'].names")
    assert Role(tree.role[row]) == Role.INSIDE
    assert Hashing(tree.hashing[row]) == Hashing.NOT_STATIC
    assert tree_paths(tree) == ["['w']"]
