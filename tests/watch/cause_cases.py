"""Calls of jitted functions, each with why the second one compiles again.

A case makes a function and the arguments of two calls; nothing is shared between cases.
"""

import copy
import dataclasses
import functools
import types
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax


class Case(NamedTuple):
    make: Callable[[], tuple[Callable[[], Any], Callable[[], Any]]]
    expected: set[tuple[str, str]]


CASES: dict[str, Case] = {}


def case(*expected: tuple[str, str]) -> Callable[..., Any]:
    def add(make: Callable[[], Any]) -> Callable[[], Any]:
        CASES[make.__name__] = Case(make, set(expected))
        return make

    return add


def _ones(*shape: int) -> jax.Array:
    return jnp.ones(shape, jnp.float32)


def _total(tree: Any) -> Any:
    return sum(jnp.sum(leaf) for leaf in jax.tree.leaves(tree))


def _two(function: Callable[..., Any], first: tuple[Any, ...], second: tuple[Any, ...]) -> Any:
    return lambda: function(*first), lambda: function(*second)


def _pytree(first: Any, second: Any) -> Any:
    def step(tree):
        return _total(tree)

    return _two(jax.jit(step), (first,), (second,))


def _static(first: Any, second: Any) -> Any:
    def step(x, cfg):
        return x + 1

    jitted = jax.jit(step, static_argnames="cfg")
    return _two(jitted, (_ones(2), first), (_ones(2), second))


@case(("tree['b']", "shape"))
def another_shape():
    return _pytree({"a": _ones(2), "b": _ones(3)}, {"a": _ones(2), "b": _ones(4)})


@case(("tree[0]", "dtype"), ("tree[1]", "dtype"))
def other_dtypes():
    return _pytree([_ones(2)] * 2, [_ones(2).astype(jnp.bfloat16)] * 2)


@case(("tree", "weak_type"))
def a_number_then_an_array():
    return _pytree(1.0, _ones())


@case(("tree", "prng-key"))
def old_and_new_random_keys():
    def step(tree):
        return jax.random.uniform(tree)

    return _two(jax.jit(step), (jax.random.PRNGKey(0),), (jax.random.key(0),))


@case(("tree", "tree-length"))
def a_longer_list():
    return _pytree([_ones(2)], [_ones(2)] * 2)


@case(("tree['a']", "tree-keys"), ("tree['b']", "tree-keys"))
def other_keys():
    return _pytree({"a": _ones(2)}, {"b": _ones(2)})


@case(("tree", "tree-keys"))
def keys_in_another_order():
    return _pytree(OrderedDict(a=_ones(2), b=_ones(2)), OrderedDict(b=_ones(2), a=_ones(2)))


@case(("tree[0]", "tree-none"))
def none_in_place_of_an_array():
    return _pytree([None, _ones(2)], [_ones(2), _ones(2)])


@case(("tree", "tree-type"))
def a_tuple_for_a_list():
    return _pytree([_ones(2)], (_ones(2),))


@case(("tree", "class-redefined"))
def a_class_that_was_defined_again():
    def cell():
        return namedtuple("Point", "x y")

    return _pytree(cell()(_ones(2), _ones(2)), cell()(_ones(2), _ones(2)))


@case(("y", "call-style"))
def a_keyword_for_a_position():
    step = jax.jit(lambda x, y: x + y)
    return lambda: step(_ones(2), _ones(2)), lambda: step(_ones(2), y=_ones(2))


@case(("y", "default-arg"))
def a_default_that_is_given():
    step = jax.jit(lambda x, y=None: x)
    return lambda: step(_ones(2)), lambda: step(_ones(2), None)


@case(("rest[1]", "arity"))
def one_argument_more():
    step = jax.jit(lambda *rest: _total(rest))
    return lambda: step(_ones(2)), lambda: step(_ones(2), _ones(2))


@case(("cfg", "static-value"))
def another_static_string():
    return _static("adam", "sgd")


@case(("cfg", "static-value"))
def minus_one_and_minus_two_which_hash_alike():
    return _static(-1, -2)


@case(("cfg", "static-nan"))
def nan_twice():
    return _static(float("nan"), float("nan"))


@dataclasses.dataclass(frozen=True)
class _Sizes:
    width: int
    depths: tuple[int, ...] = (1, 2)


@case(("cfg.width", "static-value"))
def one_field_of_a_static_dataclass():
    return _static(_Sizes(-1), _Sizes(-2))


@case(("cfg.depths[1]", "static-value"))
def one_item_of_a_field_of_a_static_dataclass():
    return _static(_Sizes(1), _Sizes(1, (1, 3)))


class _WithoutEq:
    pass


class _NeverEqual:
    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0


@case(("cfg", "static-identity"))
def a_new_object_without_eq():
    return _static(_WithoutEq(), _WithoutEq())


@case(("cfg", "static-broken-eq"))
def an_object_that_does_not_equal_itself():
    return _static(_NeverEqual(), _NeverEqual())


def _new_lambda() -> Callable[[Any], Any]:
    return lambda x: x


@case(("cfg", "identity:lambda"))
def a_new_lambda():
    return _static(_new_lambda(), _new_lambda())


@case(("cfg", "static-value"))
def two_lambdas_of_one_line():
    first, second = (lambda x: x), (lambda x: x + 1)
    return _static(first, second)


def _new_function(scale: Any) -> Callable[[Any], Any]:
    def scaled(x):
        return x * scale

    return scaled


@case(("cfg", "identity:closure"))
def a_function_made_anew():
    return _static(_new_function(1), _new_function(1))


@case(("cfg.scale", "closure-value"))
def a_function_made_anew_around_another_number():
    return _static(_new_function(1), _new_function(2))


@case(("cfg.scale.scale", "closure-value"))
def a_number_two_closures_deep():
    return _static(_new_function(_new_function(1)), _new_function(_new_function(2)))


@case(
    ("cfg.init", "identity:closure"),
    ("cfg.update.update_fns[1].tx.update.step_size", "closure-value"),
)
def another_rate_of_an_optimiser():
    return _static(optax.adam(1e-3), optax.adam(1e-4))


@case(("cfg.init", "identity:closure"), ("cfg.update", "identity:closure"))
def the_same_rate_of_another_optimiser():
    return _static(optax.adam(1e-3), optax.adam(1e-3))


@case(("cfg", "identity:partial"))
def a_new_partial():
    return _static(functools.partial(jnp.sum, axis=0), functools.partial(jnp.sum, axis=0))


class _Trainer:
    def step(self, x):
        return x + 1


@case(("cfg", "identity:bound-method"))
def a_method_of_a_new_object():
    return _static(_Trainer().step, _Trainer().step)


@case(("cfg", "identity:jit-wrapper"))
def a_copy_of_a_jitted_function():
    return _static(jax.nn.silu, copy.deepcopy(jax.nn.silu))


@case(("cfg", "identity:custom_jvp"))
def a_copy_of_relu():
    return _static(jax.nn.relu, copy.deepcopy(jax.nn.relu))


@case(("cfg", "static-value"))
def another_activation_of_the_same_class():
    return _static(jax.nn.silu, jax.nn.gelu)


def _custom_vjp() -> Any:
    @jax.custom_vjp
    def same(x):
        return x

    same.defvjp(lambda x: (x, None), lambda _, g: (g,))
    return same


@case(("cfg", "identity:custom_vjp"))
def a_new_custom_vjp():
    return _static(_custom_vjp(), _custom_vjp())


@case(("cfg", "redefined"))
def a_function_that_was_defined_again():
    def cell() -> Any:
        names: dict[str, Any] = {}
        exec(compile("def act(x):\n    return x", "<cell>", "exec"), names)
        return names["act"]

    return _static(cell(), cell())


def _loss(x):
    return jnp.sum(x)


@case(("<function>", "identity:transform"))
def grad_made_anew():
    return lambda: jax.jit(jax.grad(_loss))(_ones(2)), lambda: jax.jit(jax.grad(_loss))(_ones(2))


@case(("<function>", "identity:lambda"))
def a_jitted_lambda_made_anew():
    call = lambda: jax.jit(lambda x: x + 1)(_ones(2))  # noqa: E731
    return call, call


@case(("<function>.scale", "closure-value"))
def a_jitted_function_made_anew_around_another_number():
    return lambda: jax.jit(_new_function(1))(_ones(2)), lambda: jax.jit(_new_function(2))(_ones(2))


@case(("<function>", "identity:bound-method"))
def a_jitted_method_of_a_new_object():
    call = lambda: jax.jit(_Trainer().step)(_ones(2))  # noqa: E731
    return call, call


class _Callable:
    def __call__(self, x):
        return x + 1


@case(("<function>", "identity:instance"))
def a_jitted_object_made_anew():
    call = lambda: jax.jit(_Callable())(_ones(2))  # noqa: E731
    return call, call


@case(("tree", "committed"))
def an_array_that_is_committed():
    return _pytree(_ones(2), jax.device_put(_ones(2), jax.devices()[0]))


@case(("<config>.jax_default_matmul_precision", "config"))
def another_precision():
    step = jax.jit(lambda x: x @ x)

    def precisely():
        with jax.default_matmul_precision("highest"):
            step(_ones(2))

    return lambda: step(_ones(2)), precisely


def _x64() -> Any:
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64  # pyright: ignore[reportAttributeAccessIssue]  before 0.8

    return enable_x64(True)


@case(("<config>.jax_enable_x64", "config"))
def x64_which_also_changes_what_a_number_is():
    step = jax.jit(lambda x, lr: x)

    def with_x64():
        with _x64():
            step(np.ones(2), 0.1)

    return lambda: step(np.ones(2), 0.1), with_x64


@case(("<mesh>", "mesh"))
def inside_of_a_mesh():
    mesh = jax.make_mesh((1,), ("d",), axis_types=(jax.sharding.AxisType.Auto,))
    step, x = jax.jit(lambda x: x + 1), _ones(2)

    def inside():
        with (jax.set_mesh if hasattr(jax, "set_mesh") else jax.sharding.use_mesh)(mesh):  # pyright: ignore[reportAttributeAccessIssue]  its name in JAX 0.6
            step(x)

    return lambda: step(x), inside


@case(("<cache>", "cache-cleared"))
def after_the_caches_are_cleared():
    step = jax.jit(lambda x: x + 1)

    def after():
        jax.clear_caches()
        step(_ones(2))

    return lambda: step(_ones(2)), after


@case(("<jit>", "jit-options"))
def other_options():
    def step(x):
        return x + 1

    first, second = jax.jit(step), jax.jit(step, donate_argnums=0)
    return lambda: first(_ones(2)), lambda: second(_ones(2))


@case(("<trace>", "trace-context"))
def inside_of_vmap():
    step = jax.jit(lambda x: x + 1)
    return lambda: step(_ones(2)), lambda: jax.vmap(step)(_ones(3, 2))


@case(("<trace>.batch", "shape"))
def another_batch_size_of_vmap():
    step = jax.jit(lambda x: x + 1)
    return lambda: jax.vmap(step)(_ones(3, 2)), lambda: jax.vmap(step)(_ones(4, 2))


class _Aux:
    def __init__(self, array: Any, aux: Any) -> None:
        self.array, self.aux = array, aux


jax.tree_util.register_pytree_node(
    _Aux, lambda node: ((node.array,), node.aux), lambda aux, children: _Aux(children[0], aux)
)


@case(("tree", "aux-data"))
def other_aux_data():
    return _pytree(_Aux(_ones(2), "a"), _Aux(_ones(2), "b"))


@case(("tree", "aux-identity"))
def aux_data_without_eq():
    return _pytree(_Aux(_ones(2), _WithoutEq()), _Aux(_ones(2), _WithoutEq()))


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class _State:
    array: Any
    name: str = dataclasses.field(metadata={"static": True})


@case(("tree.name", "aux-data"))
def a_static_field_of_a_registered_dataclass():
    return _pytree(_State(_ones(2), "a"), _State(_ones(2), "b"))


def modules(library: types.ModuleType) -> Any:
    """A Module class of eqxcore or Equinox to compile calls of."""

    class Layer(library.Module):
        weight: Any
        act: Any = jax.nn.relu
        rate: float = 0.5
        name: str = library.field(static=True, default="layer")

        def __call__(self, x):
            return self.act(self.weight * x)

    return Layer
