"""Enumerations whose items are integers that JAX computes with."""

import copy
import pickle
import warnings

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eqxcore as eqx


class Results(eqx.Enumeration):
    success = "It worked."
    failed = "It failed."


class More(Results):
    exploded = "It exploded."


class Others(eqx.Enumeration):
    success = "It worked."


def _item(value, cls=Results):
    """A traced item."""
    return cls.where(value, cls.success, cls.failed)


def test_an_item_is_an_instance_of_its_very_own_enumeration():
    assert isinstance(Results.success, Results)
    assert not isinstance(Results.success, More)
    assert not isinstance(More.success, Results)
    assert not isinstance(1, Results)
    assert Results.success in Results
    assert More.success not in Results


def test_an_item_is_a_pytree_of_one_integer():
    (leaf,), treedef = jax.tree_util.tree_flatten(More.exploded)
    assert isinstance(leaf, np.ndarray)
    assert (leaf.shape, leaf.dtype, int(leaf)) == ((), np.int32, 2)
    assert treedef == jax.tree_util.tree_structure(More.success)
    assert treedef != jax.tree_util.tree_structure(Others.success)
    assert isinstance(More.exploded, eqx.Module)


def test_indexing_gives_the_message():
    assert Results[Results.failed] == "It failed."
    assert More[More.failed] == "It failed."
    assert More[More.exploded] == "It exploded."


@pytest.mark.parametrize("index", [0, "success", More.success, None])
def test_indexing_with_anything_else_names_the_items(index):
    with pytest.raises(ValueError, match=r"`Results\[item\]` got .*one of success, failed"):
        Results[index]


def test_len_counts_the_names():
    assert (len(Results), len(More), len(Others)) == (2, 3, 1)


def test_the_repr_names_the_class_and_says_the_message():
    assert repr(Results.success) == f"{__name__}.Results<It worked.>"
    assert str(More.exploded) == f"{__name__}.More<It exploded.>"
    assert eqx.tree_pformat([Results.success]) == f"[{__name__}.Results<It worked.>]"


def test_the_repr_says_what_is_not_known():
    seen = []
    jax.jit(lambda p: seen.append(repr(_item(p))))(True)
    assert seen == [f"{__name__}.Results<traced>"]
    struct = jax.eval_shape(lambda: Results.success)
    assert repr(struct) == f"{__name__}.Results<unknown>"
    batch = jax.vmap(_item)(jnp.array([True, False]))
    assert repr(batch) == f"{__name__}.Results<['It worked.' 'It failed.']>"


def test_comparing_gives_an_array():
    for same, expected in (
        (Results.success == Results.success, True),
        (Results.success != Results.success, False),
        (Results.success == Results.failed, False),
        (Results.success != Results.failed, True),
    ):
        assert isinstance(same, jax.Array)
        assert same.dtype == jnp.bool_
        assert same == expected


def test_known_items_compare_to_a_known_boolean_while_tracing():
    @jax.jit
    def f(p):
        assert bool(Results.success == Results.success)
        assert bool(Results.success != Results.failed)
        assert isinstance(_item(p) == Results.success, jax.core.Tracer)
        assert isinstance(_item(p) != Results.success, jax.core.Tracer)
        return _item(p) == Results.failed

    assert not f(True)
    assert f(False)


@pytest.mark.parametrize("other", [0, None, "It worked."])
def test_comparing_with_no_item_is_refused(other):
    with pytest.raises(ValueError, match=r"which is no item of an enumeration.*`Results.success`"):
        Results.success == other  # noqa: B015
    with pytest.raises(ValueError, match="which is no item of an enumeration"):
        Results.success != other  # noqa: B015


def test_comparing_with_an_item_of_another_enumeration_is_refused():
    with pytest.raises(ValueError, match=r"an item of `Others`.*`Results.promote\(item\)`"):
        Results.success == Others.success  # noqa: B015
    with pytest.raises(ValueError, match="an item of `More`"):
        Results.success == More.success  # noqa: B015


def test_items_do_not_hash():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Results.success)


def test_an_unknown_name_lists_the_items():
    with pytest.raises(AttributeError, match=r"`Results` has no item 'sucess'. It has success, f"):
        Results.sucess  # noqa: B018
    assert not hasattr(Results, "exploded")


def test_a_subclass_numbers_the_items_of_all_bases_anew():
    class Left(eqx.Enumeration):
        a = "a"
        b = "b"

    class Right(eqx.Enumeration):
        c = "c"

    class Both(Right, Left):
        d = "d"

    assert [Both[getattr(Both, name)] for name in "cabd"] == ["c", "a", "b", "d"]
    assert [int(getattr(Both, name)._value) for name in "cabd"] == [0, 1, 2, 3]
    assert Both.promote(Left.b) == Both.b
    assert Both.promote(Right.c) == Both.c


def test_promote_gives_the_item_of_the_same_name():
    promoted = More.promote(Results.failed)
    assert isinstance(promoted, More)
    assert promoted == More.failed
    assert jax.jit(lambda p: More.promote(_item(p)))(False) == More.failed
    batch = jax.vmap(lambda p: More.promote(_item(p)))(jnp.array([True, False]))
    assert repr(batch) == f"{__name__}.More<['It worked.' 'It failed.']>"


@pytest.mark.parametrize("item", [More.success, Others.success])
def test_promote_takes_items_of_proper_bases_only(item):
    with pytest.raises(ValueError, match="inherits from: Results"):
        More.promote(item)


def test_promote_refuses_what_is_no_item():
    with pytest.raises(ValueError, match="got 1, which is no item"):
        More.promote(1)
    with pytest.raises(ValueError, match="inherits from: there is none"):
        Results.promote(More.success)


def test_where_chooses():
    assert Results.where(True, Results.success, Results.failed) == Results.success
    assert Results.where(jnp.array(False), Results.success, Results.failed) == Results.failed
    assert jax.jit(_item)(False) == Results.failed


def test_where_of_one_item_twice_is_that_item():
    chosen = []
    jax.jit(lambda p: chosen.append(Results.where(p, Results.failed, Results.failed)))(True)
    assert chosen[0] is Results.failed


def test_where_of_a_known_predicate_stays_known_while_tracing():
    def f(x):
        item = Results.where(np.bool_(True), Results.success, Results.failed)
        assert item is Results.success
        return x

    jax.jit(f)(1.0)


def test_where_refuses_other_items_and_other_predicates():
    with pytest.raises(ValueError, match=r"`Results.where` got .*It worked.>, an item of `Others`"):
        Results.where(True, Results.success, Others.success)
    with pytest.raises(ValueError, match=r"shape \(2,\) and dtype bool.*jax.vmap"):
        Results.where(jnp.array([True, False]), Results.success, Results.failed)
    with pytest.raises(ValueError, match=r"dtype int32.*single boolean"):
        Results.where(1, Results.success, Results.failed)


def test_items_go_through_transformations():
    @eqx.filter_jit
    def f(item, x):
        return Results.where(x > 0, item, Results.failed)

    assert f(Results.success, jnp.array(1.0)) == Results.success
    assert f(Results.success, jnp.array(-1.0)) == Results.failed

    def loss(x):
        item = f(Results.success, x)
        return jnp.where(item == Results.success, x**2, x), item

    gradient, item = jax.grad(loss, has_aux=True)(3.0)
    assert gradient == 6.0
    assert item == Results.success
    items = jax.vmap(f, in_axes=(None, 0))(Results.success, jnp.array([1.0, -1.0]))
    assert jnp.array_equal(items == Results.success, jnp.array([True, False]))
    carried, _ = jax.lax.scan(
        lambda item, x: (f(item, x), None), Results.success, jnp.array([1.0, -1.0])
    )
    assert carried == Results.failed


def test_a_call_with_another_item_does_not_trace_again():
    traces = []

    @eqx.filter_jit
    def f(item):
        traces.append(item)
        return item == Results.success

    assert f(Results.success)
    assert not f(Results.failed)
    assert len(traces) == 1


def test_is_traced_tells_whether_the_choice_is_known():
    assert not Results.success.is_traced()
    seen = []
    jax.jit(lambda p: seen.append(_item(p).is_traced()))(True)
    assert seen == [True]


def test_error_if_raises_the_message_of_the_item():
    x = jnp.ones(2)
    assert Results.failed.error_if(x, jnp.array(False)) is not None
    with pytest.raises(eqx.EquinoxRuntimeError, match=r"^It failed"):
        Results.failed.error_if(x, jnp.array(True))

    @eqx.filter_jit
    def f(x, p):
        return _item(p).error_if(x, x > 0)

    with pytest.raises(eqx.EquinoxRuntimeError, match=r"^It worked"):
        f(x, True)
    with pytest.raises(eqx.EquinoxRuntimeError, match=r"^It failed"):
        f(x, jnp.array(False))


def test_an_item_may_not_have_the_name_of_a_method():
    for name in ("promote", "where", "mro"):
        with pytest.raises(ValueError, match=f"has an item '{name}'. Choose another name"):
            type(Results)("Bad", (eqx.Enumeration,), {name: "x"})


def test_a_message_is_a_string():
    with pytest.raises(TypeError, match="The item 'one' of the enumeration `Bad` is 1"):

        class Bad(eqx.Enumeration):
            one = 1


def test_another_message_for_a_name_warns_and_wins():
    with pytest.warns(UserWarning, match="two messages for 'success'.*takes the latter"):

        class Renamed(Results):
            success = "Hurrah!"

    assert Renamed[Renamed.success] == "Hurrah!"
    assert len(Renamed) == 2
    assert Renamed.promote(Results.success) == Renamed.success


def test_the_same_message_for_a_name_is_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class Same(Results):
            success = "It worked."

    assert len(Same) == 2


def test_two_names_may_have_one_message():
    class Twice(eqx.Enumeration):
        one = "x"
        two = "x"

    assert Twice.one != Twice.two
    assert len(Twice) == 2


def test_there_are_no_instances_besides_the_items():
    with pytest.raises(TypeError, match=r"no instances besides its items.*success, failed"):
        Results()


def test_items_cannot_be_assigned():
    with pytest.raises(AttributeError, match="Cannot assign to the item 'success'"):
        Results.success = "other"
    Results.note = "not an item"
    del Results.note


def test_iterating_is_refused_since_it_would_not_end_well():
    with pytest.raises(TypeError, match="cannot be iterated over"):
        list(Results)


def test_the_documentation_lists_the_items_unless_there_is_one():
    assert (
        Results.__doc__ == "An enumeration of:\n\n- `success`: It worked.\n\n- `failed`: It failed."
    )

    class Documented(eqx.Enumeration):
        """Own words."""

        a = "a"

    assert Documented.__doc__ == "Own words."
    assert "success" in dir(Results)
    assert bool(eqx.Enumeration)


def test_items_survive_pickling_and_copying():
    for item in (pickle.loads(pickle.dumps(More.exploded)), copy.deepcopy(More.exploded)):
        assert item == More.exploded
        assert isinstance(item, More)


class _Theirs(equinox.Enumeration):
    success = "It worked."
    failed = "It failed."


class _TheirsMore(_Theirs):
    exploded = "It exploded."


@settings(deadline=None, max_examples=12)
@given(
    st.sampled_from(["success", "failed"]), st.sampled_from(["success", "failed"]), st.booleans()
)
def test_agrees_with_equinox(one, two, pred):
    ours = Results.where(pred, getattr(Results, one), getattr(Results, two))
    theirs = _Theirs.where(pred, getattr(_Theirs, one), getattr(_Theirs, two))
    assert Results[ours] == _Theirs[theirs]
    assert repr(ours).split("<")[1] == repr(theirs).split("<")[1]
    assert More[More.promote(ours)] == _TheirsMore[_TheirsMore.promote(theirs)]
    assert int(More.promote(ours)._value) == int(_TheirsMore.promote(theirs)._value)
    assert bool(ours == Results.success) == bool(theirs == _Theirs.success)
