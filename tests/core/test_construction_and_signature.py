"""What happens fast at construction and when a Module is called through JAX, and stays right."""

import functools
import gc
import inspect
import weakref
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx


class Model(eqx.Module):
    a: Any
    b: Any = eqx.field(static=True)


def test_a_warning_comes_whatever_was_constructed_before():
    for _ in range(3):
        Model(jnp.ones(2), 1)
        Model(1, "s")
        with pytest.warns(UserWarning, match="set as static"):
            Model(1, jnp.ones(2))
        with pytest.warns(UserWarning, match="set as static"):
            Model(1, (jnp.ones(2),))
        with pytest.warns(UserWarning, match="JAX-transformed"):
            Model(jax.jit(Called(jnp.ones(2))), 1)


def test_a_warning_comes_though_the_same_types_stood_in_other_fields_before():
    class Custom(eqx.Module):
        a: Any
        b: Any = eqx.field(static=True)

        def __init__(self, first, second, swap):
            if swap:
                self.b, self.a = second, first
            else:
                self.a, self.b = first, second

    Custom(jnp.ones(2), 1, swap=False)
    Custom(jnp.ones(2), 1, swap=True)
    for swap in (False, True):
        with pytest.warns(UserWarning, match="set as static"):
            Custom(1, jnp.ones(2), swap=swap)


def test_constructing_keeps_no_local_class_alive():
    def construct():
        class Local:
            pass

        class LocalModule(eqx.Module):
            x: Any

        Model(Local(), 1)
        Model(LocalModule(1), 1)
        return weakref.ref(Local)

    local = construct()
    gc.collect()
    assert local() is None


def test_the_window_of_one_module_is_not_that_of_another_being_constructed():
    class Outer(eqx.Module):
        inner: Any
        x: Any

        def __init__(self):
            self.inner = Model(1, 2)
            with pytest.raises(AttributeError, match="cannot assign to field 'a'"):
                self.inner.a = 3
            with pytest.raises(AttributeError, match="not declared"):
                self.y = 3
            self.x = 4

    assert Outer().x == 4


class Called(eqx.Module):
    a: Any = 1

    def __call__(self, x: int, *rest: int, flag: bool = False) -> int:
        return x


class Decorated(eqx.Module):
    @jax.named_scope("scope")
    def __call__(self, x: int, key: int = 2) -> int:
        return x


class Jitted(eqx.Module):
    @eqx.filter_jit
    def __call__(self, x: int) -> int:
        return x


class Starred(eqx.Module):
    def __call__(*args, **kwargs):
        return args


@pytest.mark.parametrize(
    "module",
    [
        Called(),
        Decorated(),
        Starred(),
        eqx.filter_jit(lambda x, y=1: x),
        eqx.filter_vmap(Called()),
        eqx.Partial(lambda x, y: x, 1),
    ],
    ids=lambda module: type(module).__name__,
)
def test_a_module_has_the_signature_of_its_call(module):
    if hasattr(type(module), "__wrapped__"):
        expected = inspect.signature(module.__wrapped__)
    else:
        call = functools.partial(type(module).__call__, module)
        expected = inspect.signature(call)
        if isinstance(module, Starred):
            expected = inspect.signature(lambda *args, **kwargs: None)
    assert inspect.signature(module) == expected


def test_a_call_that_is_jitted_has_its_signature_too():
    assert list(inspect.signature(Jitted()).parameters) == ["x"]


def test_a_call_that_is_replaced_brings_its_signature():
    class Late(eqx.Module):
        def __call__(self, x):
            return x

    assert list(inspect.signature(Late()).parameters) == ["x"]
    Late.__call__ = lambda self, y: y
    assert list(inspect.signature(Late()).parameters) == ["y"]


def test_a_module_that_is_not_callable_has_no_signature():
    with pytest.raises(TypeError, match="is not a callable object"):
        inspect.signature(Model(1, 2))
    assert not hasattr(Model(1, 2), "__signature__")
    assert list(inspect.signature(Model).parameters) == ["a", "b"]


def test_a_module_equals_no_object_of_another_class():
    class Other(eqx.Module):
        a: Any
        b: Any = eqx.field(static=True)

    assert Model(1, 2) == Model(1, 2)
    assert Model(1, 2) != Other(1, 2)
    assert Model(1, 2) != 1
    assert (Model(1, 2) == object()) is False


def test_tracing_prints_no_module(monkeypatch):
    monkeypatch.setattr(Called, "__repr__", lambda self: pytest.fail("it was printed"))
    module = Called()
    assert jax.vmap(module)(jnp.ones(3)).shape == (3,)
    assert jax.jit(module)(jnp.ones(3)).shape == (3,)
    assert jax.grad(module)(1.0) == 1.0
