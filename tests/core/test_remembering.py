"""What a Module remembers between calls of `filter_jit`, and that nobody can tell."""

import copy
import dataclasses
import gc
import pickle
import threading
import weakref
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from hypothesis import assume, given, settings
from pytrees import pytrees

import eqxcore as eqx
from eqxcore import _registry as registry

pytestmark = pytest.mark.skipif(
    not registry.AVAILABLE, reason="without jaxlib's registry nothing is remembered"
)


class Model(eqx.Module):
    a: Any
    b: Any = eqx.field(static=True, default="s")


class Holder(eqx.Module):
    inner: Any


identity = eqx.filter_jit(lambda tree: tree)


def fresh():
    """A module as it comes out of a jitted call: its fields are not filled in yet."""
    out = identity(Holder((Model(jnp.arange(3)), jax.nn.relu)))
    assert "__eqxcore_boundary__" in held(out)
    assert "__eqxcore_flat__" not in held(out)
    return out


def held(module):
    """The slots that are filled, looked up without filling them."""
    found = set()
    for name in ("__eqxcore_boundary__", "__eqxcore_flat__"):
        try:
            object.__getattribute__(module, name)
            found.add(name)
        except AttributeError:
            pass
    return found


def rebuilt():
    """A module as JAX unflattens it: its fields are not filled in yet."""
    out = jax.tree.map(lambda leaf: leaf, Holder((Model(jnp.arange(3)), jax.nn.relu)))
    assert object.__getattribute__(out, "__eqxcore_fields__") == {}
    return out


LOOKS = {
    "an attribute": lambda m: m.inner[0].a.tolist() == [0, 1, 2],
    "vars": lambda m: list(vars(m)) == ["inner"],
    "dict": lambda m: m.__dict__["inner"][1] is jax.nn.relu,
    "getattr": lambda m: getattr(m, "inner")[0].b == "s",  # noqa: B009
    "hasattr": lambda m: hasattr(m, "inner") and not hasattr(m, "other"),
    "dir": lambda m: "inner" in dir(m),
    "leaves": lambda m: len(jax.tree.leaves(m)) == 2,
    "paths": lambda m: len(jax.tree_util.tree_leaves_with_path(m)) == 2,
    "structure": lambda m: jax.tree.structure(m) == jax.tree.structure(fresh()),
    "repr": lambda m: repr(m).startswith("Holder(inner=(Model(a=i32[3]"),
    "equality": lambda m: bool(m == fresh()),
    "copy": lambda m: bool(copy.copy(m) == fresh()),
    "deepcopy": lambda m: bool(copy.deepcopy(m) == fresh()),
    "pickle": lambda m: bool(pickle.loads(pickle.dumps(m)) == fresh()),
    "replace": lambda m: dataclasses.replace(m, inner=3).inner == 3,
    "fields": lambda m: [f.name for f in dataclasses.fields(m)] == ["inner"],
    "tree_at": lambda m: eqx.tree_at(lambda m: m.inner[0].a, m, 7).inner[0].a == 7,
    "another call": lambda m: bool(identity(m) == m),
    "match": lambda m: _matches(m),
    "hash": lambda m: _is_unhashable(m),
    "a write around the freezing": lambda m: (
        object.__setattr__(m, "inner", 4) is None and m.inner == 4
    ),
}


def _matches(module):
    match module:
        case Holder(inner=(Model(), _)):
            return True
    return False


def _is_unhashable(module):
    try:
        hash(module)
    except TypeError:
        return True
    return False


@pytest.mark.parametrize("make", [fresh, rebuilt])
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_a_module_that_was_unflattened_shows_its_fields_however_one_looks_first(look, make):
    assert look(make())


@pytest.mark.parametrize("make", [fresh, rebuilt])
def test_a_write_around_the_freezing_of_something_that_is_no_field_hides_no_field(make):
    module = make()
    object.__setattr__(module, "note", "n")
    assert module.note == "n"
    assert module.inner[1] is jax.nn.relu


@pytest.mark.parametrize(
    "make", [lambda tree: identity(tree), lambda tree: jax.tree.map(lambda leaf: leaf, tree)]
)
def test_a_wrapper_that_was_unflattened_has_the_names_of_its_function(make):
    @eqx.filter_grad
    def loss(x):
        "Loss."
        return (x**2).sum()

    wrapper = make(loss)
    assert wrapper.__name__ == "loss"
    assert wrapper.__doc__ == "Loss."
    assert make(loss)(jnp.ones(2)).tolist() == [2, 2]


def test_attributes_of_a_class_do_not_hide_fields_that_were_unflattened():
    class Late(eqx.Module):
        a: Any

    class Own(eqx.Module):
        a: Any

        def __getattr__(self, name):
            return "own"

    Late.a = "class"
    for module, made in ((Late(1), "late"), (Own(1), "own")):
        assert jax.tree.map(lambda leaf: leaf + 1, module).a == 2, made
    assert Own(1).b == "own"


def test_what_is_flattened_while_it_is_constructed_is_not_remembered():
    class Early(eqx.Module):
        a: Any
        b: Any

        def __init__(self):
            self.a = jnp.ones(1)
            assert len(jax.tree.leaves(self)) == 1
            assert identity(self).a.tolist() == [1]
            self.b = jnp.ones(2)

    early = Early()
    assert len(jax.tree.leaves(early)) == 2
    assert identity(early).b.tolist() == [1, 1]


def test_an_output_given_on_unseen_is_never_filled_in():
    out = fresh()
    for _ in range(3):
        out = identity(out)
    assert held(out) == {"__eqxcore_boundary__"}


def test_the_flat_arrays_are_remembered_after_the_first_call():
    model = Model((jnp.ones(2), Model(1.0)))
    identity(model)
    assert "__eqxcore_boundary__" in held(model)


@pytest.mark.parametrize(
    "build",
    [lambda: [jnp.ones(1)], lambda: {"k": jnp.ones(1)}, lambda: (1, [jnp.ones(1)])],
)
def test_what_can_change_inside_is_looked_at_at_every_call(build):
    inside = build()
    for model in (Model(inside), Holder(Model(inside))):
        identity(model)
        assert "__eqxcore_boundary__" not in held(model)


def test_a_list_in_a_module_that_is_changed_is_seen_by_the_next_call():
    layers = [jnp.ones(2)]
    model = Model(layers)
    total = eqx.filter_jit(lambda m: sum(a.sum() for a in m.a))
    assert float(total(model)) == 2
    layers.append(jnp.ones(3))
    assert float(total(model)) == 5
    layers[0] = jnp.zeros(2)
    assert float(total(model)) == 3


def test_a_module_with_lists_and_dicts_is_flattened_once_while_they_hold_the_same(monkeypatch):
    model = Holder(Model([jnp.ones(1), (jnp.ones(2), {"k": [jnp.ones(3)]})]))
    identity(model)
    identity(model)
    flattened = []
    inner = registry.flatten
    monkeypatch.setattr(
        registry,
        "flatten",
        lambda which, tree: flattened.append(which is registry.INNER) or inner(which, tree),
    )
    identity(model)
    assert not any(flattened)
    model.inner.a[1][1]["k"].append(jnp.ones(4))
    assert len(jax.tree.leaves(identity(model))) == 4
    assert any(flattened)


CHANGES = {
    "an item": lambda tree: tree["list"].__setitem__(0, jnp.full(2, 5.0)),
    "one more": lambda tree: tree["list"].append(jnp.full(2, 5.0)),
    "one less": lambda tree: tree["list"].pop(),
    "the order": lambda tree: tree["list"].reverse(),
    "a value": lambda tree: tree.update(x=jnp.full(2, 5.0)),
    "a key": lambda tree: tree.update(z=tree.pop("x")),
    "another key": lambda tree: tree.update(z=jnp.full(2, 5.0)),
    "deeper": lambda tree: tree["deep"][0][0].update(y=jnp.full(2, 5.0)),
    "in a module": lambda tree: tree["module"].a.append(jnp.full(2, 5.0)),
    "an item that is static": lambda tree: tree["deep"].append("name"),
    "and back": lambda tree: tree["list"].append(tree["list"].pop()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_each_change_in_a_list_or_dict_is_seen_by_the_next_call(change):
    model = Holder(
        {
            "list": [jnp.arange(2.0), jnp.ones(2)],
            "x": jnp.zeros(2),
            "deep": [({"y": jnp.ones(2)},)],
            "module": Model([jnp.ones(2)]),
        }
    )
    for _ in range(3):
        identity(model)
    change(model.inner)
    for _ in range(3):
        assert bool(identity(model) == model)


def test_a_list_that_comes_to_hold_itself_is_refused_rather_than_searched_for_ever():
    items: list[Any] = [jnp.ones(2)]
    model = Model(items)
    identity(model)
    items.append(items)
    # As JAX does.
    with pytest.raises(RecursionError):
        identity(model)


def test_what_is_taken_out_of_a_list_goes_when_the_module_is_looked_at_again():
    class Item(eqx.Module):
        w: Any

    model = Model([Item(jnp.ones(2)), Item(jnp.ones(3))])
    for _ in range(3):
        identity(model)
    gone = weakref.ref(model.a.pop())
    identity(model)
    gc.collect()
    assert gone() is None


def test_nothing_that_is_remembered_outlives_the_module():
    class Item(eqx.Module):
        w: Any

    for container in (tuple, list):
        model = Model(container([Item(jnp.ones(2))]))
        whole, inner, array = map(weakref.ref, (model, model.a[0], model.a[0].w))
        for _ in range(3):
            identity(model)
        del model
        gc.collect()
        assert whole() is None
        assert inner() is None
        assert array() is None


def test_equal_modules_have_the_same_structure_object():
    first, second = (Holder((Model(jnp.arange(3.0)), jax.nn.relu)) for _ in range(2))
    out = identity(first)
    identity(second)
    structures = {id(m.__eqxcore_boundary__[1]) for m in (first, second, out)}
    assert len(structures) == 1


def test_structures_that_differ_in_static_values_differ_in_their_fingerprint():
    structures = [registry.structure_of(registry.INNER.flatten(Model(1, b))[1]) for b in range(99)]
    assert len({structure.fingerprint for structure in structures}) == 99
    assert len({structure.treedef for structure in structures}) == 99


def test_a_static_value_that_does_not_hash_has_the_fingerprint_of_any_other():
    fingerprints = {
        registry.structure_of(registry.INNER.flatten(Model(1, b))[1]).fingerprint
        for b in ([1], [2], {"k": 1})
    }
    assert len(fingerprints) == 1


def test_a_list_in_an_output_that_is_changed_is_seen_by_the_next_call():
    out = identity(Holder(Model([jnp.ones(2)])))
    out.inner.a.append(jnp.ones(2))
    assert len(identity(out).inner.a) == 2


def test_an_object_that_jax_learns_to_flatten_later_stops_being_static():
    class Box:
        def __init__(self, value):
            self.value = value

    box = Box(jnp.ones(2))
    kind = eqx.filter_jit(lambda b: isinstance(b.value, jax.core.Tracer))
    inside = eqx.filter_jit(lambda m: isinstance(m.a.value, jax.core.Tracer))
    model = Model(box)
    assert not kind(box)
    assert not inside(model)
    jax.tree_util.register_pytree_node(
        Box, lambda b: ((b.value,), None), lambda _, children: Box(*children)
    )
    assert kind(box)
    assert inside(model)
    assert identity(box).value.tolist() == [1, 1]


def test_a_dataclass_that_jax_flattens_is_one_in_a_module_and_outside():
    @jax.tree_util.register_dataclass
    @dataclasses.dataclass
    class Params:
        w: Any
        tag: str = dataclasses.field(metadata={"static": True}, default="t")

    for tree in (Params(jnp.ones(2)), Model(Params(jnp.ones(2)))):
        out = identity(tree)
        assert jax.tree.structure(out) == jax.tree.structure(tree)
    traced = eqx.filter_jit(lambda p: isinstance(p.w, jax.core.Tracer))
    assert traced(Params(jnp.ones(2)))


def test_tracers_are_seen_and_not_remembered_beyond_their_trace():
    model = Model(jnp.ones(2))

    @jax.jit
    def outer(x):
        return identity(Model(x)).a + identity(model).a

    assert outer(jnp.ones(2)).tolist() == [2, 2]
    assert outer(jnp.ones(2)).tolist() == [2, 2]
    assert identity(model).a.tolist() == [1, 1]


def test_two_threads_that_open_an_output_see_the_same_objects():
    for _ in range(20):
        out = fresh()
        seen, barrier = [], threading.Barrier(2)

        def look(out=out, seen=seen, barrier=barrier):
            barrier.wait()
            seen.append(out.inner)

        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen[0] is seen[1]


def test_what_is_remembered_is_neither_pickled_nor_copied():
    model = Model(jnp.ones(2))
    identity(model)
    assert held(model)
    for other in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert not held(other)


def test_modules_take_weak_references():
    model = Model(1)
    assert weakref.ref(model)() is model


def test_a_default_of_a_field_does_not_hide_the_value_of_an_output():
    class Defaulted(eqx.Module):
        a: Any = 3
        b: Any = None

    out = identity(Defaulted(jnp.ones(2)))
    assert out.a.tolist() == [1, 1]
    assert identity(Defaulted()).a == 3


def test_a_class_that_is_changed_later_is_flattened_as_it_is_then():
    class Changing(eqx.Module):
        a: Any

    assert jax.tree.leaves(Changing(1)) == [1]
    fields = dict(Changing.__dataclass_fields__)
    fields["b"] = dataclasses.field(default=2)
    fields["b"].name, fields["b"]._field_type = "b", fields["a"]._field_type
    Changing.__dataclass_fields__ = fields

    def init(self):
        self.a, self.b = 1, 5

    Changing.__init__ = init
    assert jax.tree.leaves(Changing()) == [1, 5]
    leaves, treedef = jax.tree.flatten(Changing())
    assert treedef.unflatten(leaves).b == 5


# Each example compiles a program.
@settings(deadline=None, max_examples=40)
@given(pytrees)
def test_a_pytree_comes_back_from_a_jitted_call_as_it_was(tree):
    # JAX has no arrays of strings.
    assume(all(a.dtype.kind != "S" for a in jax.tree.leaves(tree) if eqx.is_array(a)))
    out = identity(tree)
    assert jax.tree.structure(out) == jax.tree.structure(tree)
    for before, after in zip(jax.tree.leaves(tree), jax.tree.leaves(out), strict=True):
        if eqx.is_array(before):
            assert (jnp.asarray(before) == after).all()
        else:
            assert type(after) is type(before)
            assert after == before
