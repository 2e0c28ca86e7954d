"""Making Module classes and instances of them."""

import abc
import dataclasses
import functools
import inspect
import typing
import warnings
from typing import Any, ClassVar, Generic, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx


class Linear(eqx.Module):
    weight: jax.Array
    bias: Any = None
    size: int = eqx.field(static=True, default=2)

    def __call__(self, x):
        return self.weight @ x

    def norm(self):
        return jnp.sum(self.weight)


def test_a_generated_init_takes_fields_in_order_with_their_defaults():
    layer = Linear(1, size=5)
    assert (layer.weight, layer.bias, layer.size) == (1, None, 5)
    signature = inspect.signature(Linear)
    assert [str(p).partition(":")[0] for p in signature.parameters.values()] == [
        "weight",
        "bias",
        "size",
    ]
    assert signature.parameters["weight"].annotation is jax.Array
    assert signature.parameters["size"].default == 2
    assert signature.return_annotation is None


def test_a_generated_init_takes_factories_keyword_only_fields_and_init_variables():
    class Model(eqx.Module):
        a: int
        made: list = eqx.field(default_factory=list)
        seed: dataclasses.InitVar[int] = 3
        kept: int = eqx.field(init=False, default=7)
        _: dataclasses.KW_ONLY
        b: int
        total: int = eqx.field(init=False)

        def __post_init__(self, seed):
            self.total = self.a + self.b + seed

    model = Model(1, b=10)
    assert (model.a, model.made, model.kept, model.total) == (1, [], 7, 14)
    assert Model(1, b=2).made is not model.made
    with pytest.raises(TypeError, match="positional"):
        Model(1, [], 3, 4)


def test_a_field_without_default_after_one_with_default_is_refused_by_name():
    with pytest.raises(TypeError, match=r"'b' of .*Model.*no default.*'a'"):

        class Model(eqx.Module):
            a: int = 1
            b: int


def test_a_mutable_default_is_refused():
    with pytest.raises(ValueError, match="mutable default"):

        class Model(eqx.Module):
            a: list = []  # noqa: RUF012


def test_an_init_written_by_hand_is_inherited_even_when_fields_are_added():
    class Parent(eqx.Module):
        a: int

        def __init__(self):
            self.a = 1

    class Child(Parent):
        b: int = 2

    class Lacking(Parent):
        c: int

    assert Child().a == 1
    assert Child().b == 2
    with pytest.raises(TypeError, match=r"Field 'c' was not initialized\."):
        Lacking()


def test_a_generated_init_replaces_an_inherited_generated_one():
    class Child(Linear):
        extra: int = 0

    assert Child(1, 2, 3, 4).extra == 4


def test_the_init_of_a_mixin_that_is_no_module_wins():
    class Mixin:
        def __init__(self):
            self.a = 5

    class Model(Mixin, eqx.Module):
        a: int

    assert Model().a == 5


def test_a_post_init_beside_a_handwritten_init_is_warned_about():
    with pytest.warns(UserWarning, match="Model` has both an `__init__`"):

        class Model(eqx.Module):
            def __init__(self):
                pass

            def __post_init__(self):
                raise AssertionError("not run")

    Model()


def test_fields_cannot_be_assigned_after_construction():
    layer = Linear(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'weight'"):
        layer.weight = 2
    with pytest.raises(AttributeError, match=r"eqx\.tree_at"):
        layer.weight = 2
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'weight'"):
        del layer.weight
    assert layer.weight == 1


def test_in_init_only_declared_names_can_be_assigned():
    class Model(eqx.Module):
        a: int

        def __init__(self):
            self.a = 1
            self.a = 2
            self.__doc__ = "documented"
            with pytest.raises(dataclasses.FrozenInstanceError, match=r"'b'.*not declared"):
                self.b = 3

    assert Model().a == 2
    assert Model().__doc__ == "documented"


def test_nothing_can_be_assigned_in_a_check():
    class Model(eqx.Module):
        a: int

        def __check_init__(self):
            self.a = 2

    with pytest.raises(dataclasses.FrozenInstanceError):
        Model(1)


def test_an_init_that_fails_leaves_no_window_open():
    class Model(eqx.Module):
        a: int

        def __init__(self, escape):
            escape.append(self)
            raise RuntimeError

    escaped = []
    with pytest.raises(RuntimeError):
        Model(escaped)
    with pytest.raises(dataclasses.FrozenInstanceError):
        escaped[0].a = 1


def test_a_module_constructed_inside_of_an_init_does_not_close_the_outer_window():
    class Model(eqx.Module):
        a: Any
        b: Any

        def __init__(self, depth):
            self.a = Model(depth - 1) if depth else None
            self.b = depth

    assert Model(2).a.a.b == 0


def test_checks_run_for_every_class_subclasses_first():
    order = []

    class Parent(eqx.Module):
        def __check_init__(self):
            order.append("parent")

    class Mixin:
        def __check_init__(self):
            order.append("mixin")

    class Child(Parent, Mixin):
        def __check_init__(self):
            order.append("child")

    Child()
    assert order == ["child", "parent", "mixin"]


def test_converters_run_once_on_every_field_after_init_and_before_checks():
    calls = []

    def convert(value):
        calls.append(value)
        return value + 1

    class Model(eqx.Module):
        a: int = eqx.field(converter=convert)
        b: int = eqx.field(converter=convert, default=10)

        def __check_init__(self):
            assert self.a > 1

    class Custom(Model):
        def __init__(self):
            self.a = 1
            assert self.a == 1

    model = Model(1)
    assert (model.a, model.b) == (2, 11)
    assert calls == [1, 10]
    custom = Custom()
    assert (custom.a, custom.b) == (2, 11)
    leaves, treedef = jax.tree.flatten(custom)
    assert treedef.unflatten(leaves).a == 2
    assert dataclasses.replace(Model(1), a=5).a == 6


def test_a_converter_shows_in_the_signature_as_what_it_takes():
    def convert(value: str) -> int:
        return int(value)

    class Model(eqx.Module):
        a: int = eqx.field(converter=convert)
        b: int = eqx.field(converter=lambda value: value)

    assert inspect.signature(Model).parameters["a"].annotation is str
    assert inspect.signature(Model).parameters["b"].annotation is Any


def test_field_puts_into_metadata_only_what_was_asked_for():
    assert dict(eqx.field().metadata) == {}
    assert dict(eqx.field(static=True, metadata={"mine": 1}).metadata) == {
        "static": True,
        "mine": 1,
    }
    with pytest.raises(ValueError, match="static"):
        eqx.field(metadata={"static": True})
    with pytest.warns(UserWarning, match="deprecated"):
        assert eqx.static_field().metadata["static"]


def test_a_field_named_like_a_method_of_the_parent_wins():
    class Parent(eqx.Module):
        def act(self):
            return "method"

    class Child(Parent):
        act: Any

        def __init__(self, act):
            self.act = act

    assert Child(3).act == 3


def test_a_static_array_is_warned_about():
    class Model(eqx.Module):
        a: Any = eqx.field(static=True)

    for value in (jnp.ones(2), [np.ones(2)]):
        with pytest.warns(UserWarning, match=r"A JAX array is being set as static! `\.a` of"):
            Model(value)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Model([1, "a", (2.0,)])


def test_an_uninitialised_field_that_gets_a_floating_array_is_warned_about():
    class Model(eqx.Module):
        a: Any
        b: Any = eqx.field(init=False)

        def __post_init__(self):
            self.b = self.a

    Model(jnp.arange(2))
    with pytest.warns(UserWarning, match=r"\.b of .*init=False"):
        Model(jnp.ones(2))


def test_a_transformed_module_in_a_field_is_warned_about():
    class Model(eqx.Module):
        f: Any

    class Custom(eqx.Module):
        f: Any

        def __init__(self, f):
            self.f = f

    layer = Linear(jnp.ones((2, 2)))
    for transformed in (jax.vmap(layer), jax.jit(layer.__call__), jax.vmap(layer.norm)):
        for cls in (Model, Custom):
            with pytest.warns(UserWarning, match="Possibly assigning a JAX-transformed callable"):
                cls(transformed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for fine in (jax.nn.relu, jax.jit(lambda x: x), jax.vmap(jnp.sin), eqx.filter_jit(layer)):
            Model(fine)


def test_an_own_method_cannot_be_assigned_in_init_but_can_be_called():
    class Model(eqx.Module):
        f: Any

        def __init__(self, assign):
            self.f = self.g if assign else self.g()

        def g(self):
            return 3

    assert Model(False).f == 3
    with pytest.raises(ValueError, match="Cannot assign methods in __init__"):
        Model(True)


def test_equality_is_tree_equal_and_hash_is_of_the_fields():
    class Plain(eqx.Module):
        a: Any
        b: Any = 1

    assert Plain(1) == Plain(1)
    assert Plain(1) != Plain(2)
    assert hash(Plain(1)) == hash(Plain(1))
    assert isinstance(Plain(jnp.ones(2)) == Plain(jnp.ones(2)), jax.Array)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Plain(jnp.ones(2)))
    assert eqx.Module() == eqx.Module()


def test_abstract_methods_variables_and_class_variables_must_be_provided():
    class Base(eqx.Module):
        size: eqx.AbstractVar[int]
        kind: eqx.AbstractClassVar[str]

        @abc.abstractmethod
        def run(self): ...

    class WithKind(Base):
        kind = "x"

    class WithRun(WithKind):
        def run(self):
            return self.size

    class Whole(WithRun):
        size: int

    class ByProperty(WithRun):
        @property
        def size(self):
            return 4

    assert Base.__abstractvars__ == {"size"}
    assert Base.__abstractclassvars__ == {"kind"}
    assert "size" not in Base.__dataclass_fields__
    assert Base.__annotations__["size"] == eqx.AbstractVar[int]
    with pytest.raises(TypeError, match=r"abstract class attributes {'kind'}"):
        Base()
    with pytest.raises(TypeError, match="abstract method"):
        WithKind()
    with pytest.raises(TypeError, match=r"abstract attributes {'size'}"):
        WithRun()
    assert Whole(3).run() == 3
    assert ByProperty().run() == 4


def test_an_abstract_variable_is_not_provided_by_a_bare_class_variable():
    class Base(eqx.Module):
        a: eqx.AbstractVar[int]
        b: eqx.AbstractClassVar[int]

    class Child(Base):
        a: ClassVar[int]
        b: ClassVar[int]

    assert Child.__abstractvars__ == {"a"}
    assert Child.__abstractclassvars__ == frozenset()


def test_abstract_annotations_that_cannot_work_are_refused():
    with pytest.raises(TypeError, match="has the value 3"):

        class WithValue(eqx.Module):
            a: eqx.AbstractVar[int] = 3

    with pytest.raises(TypeError, match="alone"):

        class Bare(eqx.Module):
            a: eqx.AbstractVar

    with pytest.raises(NotImplementedError, match="string"):

        class AsString(eqx.Module):
            a: "AbstractClassVar[int]"

    with pytest.raises(TypeError, match="annotation"):
        eqx.AbstractVar()


def test_a_class_can_be_declared_abstract_without_its_subclasses():
    class Base(eqx.Module, is_abstract=True):
        pass

    class Old(eqx.Module, strict=eqx.StrictConfig(force_abstact=True)):
        pass

    class Child(Base, strict=True):
        pass

    for cls in (Base, Old):
        with pytest.raises(TypeError, match="Cannot instantiate abstract"):
            cls()
    Child()


def test_class_keywords_go_to_init_subclass():
    class Base(eqx.Module):
        def __init_subclass__(cls, tag=None, **kwargs):
            super().__init_subclass__(**kwargs)
            cls.tag = tag

    class Child(Base, tag="x"):
        pass

    assert Child.tag == "x"


def test_virtual_subclasses_are_refused():
    with pytest.raises(ValueError, match=r"class int\(Linear\)"):
        Linear.register(int)


def test_generic_modules_keep_their_structure_when_subscripted():
    T = TypeVar("T")

    class Box(eqx.Module, Generic[T]):
        value: T

    assert jax.tree.structure(Box[int](3)) == jax.tree.structure(Box(3))


def test_super_works_in_methods_and_in_init():
    class Parent(eqx.Module):
        a: int

        def f(self):
            return self.a

    class Child(Parent):
        b: int

        def __init__(self, a, b):
            super().__init__(a)
            self.b = b

        def f(self):
            return super().f() + self.b

    assert Child(1, 2).f() == 3


def test_a_handwritten_new_is_called():
    class Model(eqx.Module):
        a: int

        def __new__(cls, a):
            if a is None:
                return "something else"
            return super().__new__(cls)

    assert Model(None) == "something else"
    assert Model(2).a == 2


def test_a_function_assigned_to_the_class_later_is_a_method():
    class Model(eqx.Module):
        a: int

    def double(self):
        return 2 * self.a

    Model.double = double
    assert Model(3).double() == 6
    assert jax.tree.leaves(Model(3).double) == [3]
    assert Model.double is double


def test_an_init_assigned_to_the_class_later_is_used():
    class Model(eqx.Module):
        a: int

    def init(self):
        self.a = 42

    Model.__init__ = init
    assert Model().a == 42


def test_a_class_attribute_stands_in_for_a_field_that_init_leaves_out():
    class Model(eqx.Module):
        a: int = 3

        def __init__(self):
            pass

    model = Model()
    assert model.a == 3
    assert jax.tree.leaves(model) == []
    leaves, treedef = jax.tree.flatten(model)
    assert treedef.unflatten(leaves).a == 3


def test_attribute_errors_are_those_of_python():
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'wieght'"):
        Linear(1).wieght  # noqa: B018
    assert not hasattr(Linear(1), "nothing")


def test_a_getattr_of_the_user_is_asked_for_what_is_missing_only():
    class Model(eqx.Module):
        inner: Any

        def __getattr__(self, name):
            return f"no {name}"

    model = Model(jnp.ones(2))
    assert model.anything == "no anything"
    assert eqx.filter_jit(lambda m: m)(model).inner.shape == (2,)
    assert eqx.filter_jit(lambda m: m.other)(model) == "no other"


def test_a_field_may_be_an_entry_of_slots_and_is_then_no_child():
    class Model(eqx.Module):
        __slots__ = ("a",)
        a: int

    class Custom(Model):
        def __init__(self):
            self.a = 2

    assert Model(1).a == 1
    assert Custom().a == 2
    assert jax.tree.leaves(Model(1)) == []


def test_a_property_in_the_place_of_a_field_cannot_be_assigned():
    class Parent(eqx.Module):
        a: int

    class Child(Parent):
        @property
        def a(self):
            return 5

    with pytest.raises(AttributeError, match="no setter"):
        Child(1)


def test_the_docstring_of_a_generated_init_is_inherited():
    class Parent(eqx.Module):
        def __init__(self):
            """The docstring."""

    assert Parent.__init__.__doc__ == "The docstring."

    class Plain(eqx.Module):
        a: int

    Plain.__init__.__doc__ = "Documented later."

    class Child(Plain):
        b: int

    assert Child.__init__.__doc__ == "Documented later."


def test_the_signature_of_an_instance_is_that_of_its_call():
    assert str(inspect.signature(Linear(1))) == "(x)"


def test_a_dataclass_that_is_no_module_can_be_a_mixin():
    @dataclasses.dataclass
    class Mixin:
        a: int

    class Model(eqx.Module, Mixin):
        b: int

    assert jax.tree.leaves(Model(1, 2)) == [1, 2]


def test_a_method_has_the_signature_and_the_module_of_its_function_without_self():
    class Model(eqx.Module):
        x: int

        def step(self, grad: int, *, rate: float = 0.1) -> int:
            return self.x

        def anything(*args):
            return args

    model = Model(1)
    assert str(inspect.signature(model.step)) == "(grad: int, *, rate: float = 0.1) -> int"
    assert str(inspect.signature(model.anything)) == "(*args)"
    assert model.step.__module__ == __name__
    assert functools.wraps(model.step)(lambda: None).__module__ == __name__


def test_type_hints_of_a_module_are_its_fields_and_nothing_else():
    class Model(eqx.Module):
        x: int
        y: str = "y"

    assert typing.get_type_hints(Model) == {"x": int, "y": str}


def test_a_module_without_a_docstring_gets_its_signature_for_one():
    class Model(eqx.Module):
        x: int

    class Wider(Model):
        y: int = 2

    assert Model.__doc__ == "Model(x: int)"
    assert Wider.__doc__ == "Wider(x: int, y: int = 2)"
