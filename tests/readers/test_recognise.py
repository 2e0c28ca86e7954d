"""What the calls in a pickle stand for, where no live object can be compared."""

import collections
import pickle
import textwrap

import cloudpickle
import pytest

from eqxview.readers import ReadOptions, open_file
from eqxview.tree import Flag, Hashing, Kind, Role


class Calls:
    """Pickles as a call of whatever it is given."""

    def __init__(self, *reduced):
        self.reduced = reduced

    def __reduce__(self):
        return self.reduced


class Named:
    """Pickles as a name: a `Reference`."""

    def __init__(self, module, name):
        self.__module__, self.name = module, name

    def __reduce__(self):
        return self.name


class ByName(pickle._Pickler):
    """Pickles `Named`s without looking whether there is such a thing."""

    def save_global(self, obj, name=None):
        if isinstance(obj, Named):
            self.save(obj.__module__)
            self.save(obj.name)
            self.write(pickle.STACK_GLOBAL)
            self.memoize(obj)
        else:
            super().save_global(obj, name)

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Named) and id(obj) not in self.memo:
            return self.save_global(obj)
        return super().save(obj, save_persistent_id)


class Instance:
    """Pickles as NEWOBJ of a class that need not be there, then BUILD."""

    def __init__(self, cls, *arguments, state=None):
        self.cls, self.arguments, self.state = cls, arguments, state


def _save_instance(pickler, instance):
    pickler.save(instance.cls)
    pickler.save(instance.arguments)
    pickler.write(pickle.NEWOBJ)
    pickler.memoize(instance)
    if instance.state is not None:
        pickler.save(instance.state)
        pickler.write(pickle.BUILD)


ByName.dispatch = {**pickle._Pickler.dispatch, Instance: _save_instance}


def _save_call(pickler, call):
    function, arguments, *state = call.reduced
    pickler.save(function)
    pickler.save(arguments)
    pickler.write(pickle.REDUCE)
    pickler.memoize(call)
    if state:
        pickler.save(state[0])
        pickler.write(pickle.BUILD)


ByName.dispatch[Calls] = _save_call


@pytest.fixture
def opened(tmp_path):
    """The one tree of an object pickled as it says, opened; with the file's hints beside it."""

    def write(obj, source=None, dump=None):
        path = tmp_path / "file.pkl"
        with path.open("wb") as file:
            if dump is None:
                ByName(file, 4).dump(obj)
            else:
                file.write(dump(obj))
        given = []
        if source is not None:
            script = tmp_path / "script.py"
            script.write_text(textwrap.dedent(source))
            given.append(str(script))
        result = open_file(str(path), ReadOptions(source_dirs=given))
        assert result.error is None
        (tree,) = result.trees
        return tree, result.hints

    return write


def described(tree, row=0):
    return Kind(tree.kind[row]), Role(tree.role[row]), tree.value_text(row)


def test_an_object_of_an_unknown_class_shows_its_attributes_with_open_roles(opened):
    tree, hints = opened([Instance(Named("gone.models", "Model"), state={"w": 1, "b": None})])
    assert described(tree, 1) == (Kind.OPAQUE, Role.UNKNOWN, "")
    assert tree.type_path(1) == "gone.models.Model"
    assert tree.path(2) == "[0].w"
    assert Role(tree.role[2]) == Role.UNKNOWN
    (hint,) = hints
    assert "gone.models.Model" in hint
    assert "--source DIR" in hint


def test_the_source_of_a_script_settles_the_roles_of_its_classes(opened):
    model = Instance(Named("__main__", "Model"), state={"n": 1, "w": 2})
    tree, hints = opened(model)
    assert Role(tree.role[0]) == Role.UNKNOWN
    assert ["--source FILE.py" in hint for hint in hints] == [True]
    source = """
        import eqxcore as eqx
        class Model(eqx.Module):
            w: int
            n: int = eqx.field(static=True)
    """
    tree, hints = opened(model, source=source)
    assert hints == ()
    assert [(tree.path(row), Role(tree.role[row])) for row in tree.children(0)] == [
        (".w", Role.STATIC_LEAF),
        (".n", Role.STATIC_FIELD),
    ]


def test_a_field_that_the_found_class_does_not_declare_is_shown_and_remarked(opened):
    source = """
        import eqxcore as eqx
        class Model(eqx.Module):
            w: int
    """
    tree, hints = opened(Instance(Named("__main__", "Model"), state={"w": 1, "old": 2}), source)
    assert Role(tree.role[tree.find(".old")]) == Role.UNKNOWN
    assert "does not declare old" in tree.notes[0][0]
    assert len(hints) == 1


def test_a_function_and_a_class_by_name_are_leaves(opened):
    tree, _ = opened([Named("a.b", "function"), Named("a.b", "Class.Inner")])
    assert described(tree, 1) == (Kind.FUNCTION, Role.STATIC_LEAF, "<function function>")
    assert described(tree, 2) == (Kind.CLASS, Role.STATIC_LEAF, "<class Inner>")
    assert tree.type_path(2) == "a.b.Class.Inner"


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "jax._src.xla_bridge.os.system"])
def test_a_call_of_anything_else_is_a_node_with_what_it_was_called_with(opened, name):
    module, _, function = name.partition(".")
    tree, _ = opened([Calls(Named(module, function), ("echo", 3))])
    kind, role, text = described(tree, 1)
    assert kind == Kind.OPAQUE
    assert role in (Role.UNKNOWN, Role.STATIC_LEAF)
    assert text == f"{name.rpartition('.')[2]}('echo', 3)"


def test_what_a_call_was_called_with_is_inside_where_it_fits_no_line(opened):
    tree, _ = opened([Calls(Named("a", "f"), ([1, [2]],))])
    assert tree.find("[0].__args__[0][1][0]") is not None


def test_a_call_of_what_a_call_returned_is_followed_without_a_name(opened):
    deep = b"\x80\x04ca\nf\n)R" + b")R" * 100_000 + b"."
    tree, _ = opened(None, dump=lambda _: deep)
    assert described(tree)[0] == Kind.OPAQUE


@pytest.mark.parametrize(
    ("state", "children"),
    [
        ({"x": 1}, [".x"]),
        ((None, {"x": 1}), [".x"]),
        (({"x": 1}, {"y": 2}), [".x", ".y"]),
        ((1, 2, 3), [".__state__"]),
        ({1: 2}, [".__state__"]),
        ("text", [".__state__"]),
    ],
)
def test_a_state_of_any_shape_is_shown(opened, state, children):
    tree, _ = opened(Instance(Named("gone", "C"), state=state))
    assert [tree.entry(row) for row in tree.children(0)] == children


def test_a_known_class_with_a_state_of_another_shape_is_shown_as_it_is(opened):
    tree, _ = opened(Instance(Named("equinox.nn._linear", "Linear"), state=(1, 2, 3)))
    assert [tree.entry(row) for row in tree.children(0)] == [".__state__"]


def test_a_namedtuple_of_another_length_than_its_class_has_items_by_number(opened):
    tree, _ = opened(Instance(Named("optax", "EmptyState"), 1, 2))
    assert [tree.entry(row) for row in tree.children(0)] == ["[0]", "[1]"]


def test_an_enumeration_member_by_name_is_that_member(opened):
    source = "import enum\nclass Mode(enum.Enum):\n    TRAIN = object()\n    TEST = 2\n"
    mode = Named("__main__", "Mode")
    get = Named("builtins", "getattr")
    tree, _ = opened([Calls(get, (mode, "TEST")), Calls(mode, (2,)), Calls(mode, (7,))], source)
    assert described(tree, 1) == described(tree, 2) == (Kind.ENUM, Role.STATIC_LEAF, "Mode.TEST")
    assert described(tree, 3) == (Kind.OPAQUE, Role.STATIC_LEAF, "Mode(7)")


def test_the_same_key_twice_ends_with_the_last_value_as_in_a_dict(opened):
    data = b"\x80\x04}(\x8c\x01bK\x01\x8c\x01aK\x02\x8c\x01bK\x03u."
    assert pickle.loads(data) == {"b": 3, "a": 2}
    tree, _ = opened(None, dump=lambda _: data)
    shown = [(tree.entry(row), tree.value_text(row)) for row in tree.children(0)]
    assert shown == [("['a']", "2"), ("['b']", "3")]
    assert "more than once" in tree.notes[0][0]


def test_an_ordered_dict_keeps_a_key_set_twice_where_it_first_stood(opened):
    data = b"\x80\x04ccollections\nOrderedDict\n)R(\x8c\x01bK\x01\x8c\x01aK\x02\x8c\x01bK\x03u."
    assert pickle.loads(data) == collections.OrderedDict(b=3, a=2)
    tree, _ = opened(None, dump=lambda _: data)
    shown = [(tree.entry(row), tree.value_text(row)) for row in tree.children(0)]
    assert shown == [("['b']", "3"), ("['a']", "2")]


def test_keys_that_could_be_made_slow_to_compare_are_not_compared(opened):
    """Two towers of shared pairs: comparing them takes 2**60 steps."""
    one, other = (), ()
    for _ in range(60):
        one, other = (one, one), (other, other)
    tree, _ = opened(DictOf([(one, 1), (other, 2)]))
    assert len(tree) == 3
    assert "in the order of the file" in tree.notes[0][0]


class DictOf:
    """Pickles as a dict of these pairs, which no dict could hold in reasonable time."""

    def __init__(self, pairs):
        self.pairs = pairs


def _save_dict_of(pickler, described):
    pickler.write(pickle.EMPTY_DICT)
    for key, value in described.pairs:
        pickler.save(key)
        pickler.save(value)
        pickler.write(pickle.SETITEM)


ByName.dispatch[DictOf] = _save_dict_of


def test_a_class_by_value_tells_its_own_static_fields(opened):
    import equinox as eqx

    def make():
        class Local(eqx.Module):
            weight: int
            size: int = eqx.field(static=True)

        return Local(1, 2)

    tree, hints = opened(make(), dump=cloudpickle.dumps)
    assert hints == ()
    assert Kind(tree.kind[0]) == Kind.MODULE
    assert [(tree.path(row), Role(tree.role[row])) for row in tree.children(0)] == [
        (".weight", Role.STATIC_LEAF),
        (".size", Role.STATIC_FIELD),
    ]


def test_a_closure_shows_what_it_has_captured(opened):
    captured = [1, 2]
    tree, _ = opened([lambda: captured], dump=cloudpickle.dumps)
    assert described(tree, 1) == (Kind.FUNCTION, Role.STATIC_LEAF, "<function <lambda>>")
    row = tree.find("[0].__closure__['captured']")
    assert described(tree, row) == (Kind.LIST, Role.INSIDE, "[1, 2]")


def test_the_insides_of_opaque_objects_are_bounded(opened):
    held = [Instance(Named("gone", "C"), state={"x": 1}) for _ in range(20_000)]
    tree, _ = opened(held)
    assert len(tree) < 40_000
    assert tree.value_text(len(tree) - 1) == "<object C>"


@pytest.mark.parametrize(
    ("module", "name"),
    [("a\x1b[2J", "b"), ("m", "x\u202ey"), ("<script>", "[/nope]"), ("", ""), ("m", "." * 300)],
)
def test_names_from_a_file_are_made_safe_for_a_screen(opened, module, name):
    tree, hints = opened([Named(module, name), Instance(Named(module, name), state={name: 1})])
    texts = [*tree.names, *tree.texts, *hints, *(text for pair in tree.types for text in pair)]
    assert all(text.isprintable() for text in texts)


def test_a_jitted_function_is_known_by_what_it_jits(opened):
    tree, _ = opened([_jitted()], dump=cloudpickle.dumps)
    assert described(tree, 1) == (Kind.FUNCTION, Role.STATIC_LEAF, "<function twice>")
    assert Hashing(tree.hashing[1]) == Hashing.BY_IDENTITY


def _jitted():
    import jax

    @jax.jit
    def twice(x):
        return 2 * x

    return twice


def test_a_subclass_of_a_container_is_one_leaf_with_its_items_inside(opened):
    tree, _ = opened([collections.Counter("aab")], dump=pickle.dumps)
    assert tree.has_flag(1, Flag.UNREGISTERED)
    assert [tree.entry(row) for row in tree.children(1)] == ["['a']", "['b']"]
