"""Pickling, cloudpickling and copying of Modules."""

import collections
import copy
import functools
import pickle
import pickletools
import subprocess
import sys
import textwrap
from typing import Any

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saved_models
from hypothesis import given
from pytrees import pytrees
from saved_models import Model, Slow

import eqxcore as eqx
from eqxcore._pickling import load_callable

Pair = collections.namedtuple("Pair", "x y")
NAMES = """
    relu relu6 sigmoid softplus silu swish mish gelu elu selu celu glu tanh log_sigmoid leaky_relu
    hard_tanh hard_sigmoid hard_silu soft_sign softmax log_softmax standardize logsumexp identity
"""
STOCK = [getattr(jax.nn, name) for name in NAMES.split()]
STOCK += [jnp.tanh, jnp.sin, jnp.exp, jnp.abs, jax.lax.tanh, jax.lax.rsqrt, np.tanh, abs]
OURS = [
    saved_models.jitted,
    saved_models.custom,
    saved_models.filtered,
    saved_models.plain,
    saved_models.wrapped,
]


@pytest.mark.parametrize("function", STOCK + OURS, ids=lambda f: getattr(f, "__name__", str(f)))
def test_a_function_in_a_field_comes_back_as_the_same_object(function):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        loaded = pickle.loads(pickle.dumps(Model(1, function, function), protocol))
        assert loaded.act is function
        assert loaded.size is function


CONTAINERS = {
    "list": lambda f: [f, 1],
    "tuple": lambda f: (f, [f]),
    "dict": lambda f: {"k": f, "l": (f,)},
    "ordered dict": lambda f: collections.OrderedDict(b=f, a=f),
    "namedtuple": lambda f: Pair(f, 2),
    "module": lambda f: Model(1, f),
    "modules in a list": lambda f: [Model(1, [f]), Model(2, {"a": f})],
}


@pytest.mark.parametrize("build", CONTAINERS.values(), ids=CONTAINERS.keys())
@pytest.mark.parametrize("function", [jax.nn.relu, jax.nn.silu, jnp.tanh, saved_models.jitted])
def test_so_does_one_inside_of_containers(build, function):
    model = Model(build(function))
    loaded = pickle.loads(pickle.dumps(model))
    assert jax.tree.structure(loaded) == jax.tree.structure(model)
    assert jax.tree.leaves(loaded) == jax.tree.leaves(model)
    assert type(loaded.weight) is type(model.weight)


def test_so_does_one_inside_of_a_partial():
    for cls in (functools.partial, jax.tree_util.Partial):
        loaded = pickle.loads(pickle.dumps(Model(cls(jax.nn.relu, jnp.tanh, k=[jax.nn.silu]))))
        assert type(loaded.weight) is cls
        assert loaded.weight.func is jax.nn.relu
        assert loaded.weight.args == (jnp.tanh,)
        assert loaded.weight.keywords == {"k": [jax.nn.silu]}


def test_containers_without_functions_are_written_as_they_are():
    shared = [1, 2]
    loaded = pickle.loads(pickle.dumps(Model(shared, shared)))
    assert loaded.weight is loaded.act


def test_a_list_that_holds_itself_is_no_obstacle():
    model = Model(1, size=[])
    model.size.append(model.size)
    # Its pytree has no end, but a static field is no part of it.
    loaded = pickle.loads(pickle.dumps(model))
    assert loaded.size[0] is loaded.size
    copied = copy.deepcopy(model)
    assert copied.size[0] is copied.size is not model.size


def test_a_loaded_model_finds_the_program_that_was_compiled_before():
    traces = []

    @eqx.filter_jit
    def run(model):
        traces.append(1)
        return model.weight[0]

    model = Model(
        [
            jnp.ones(2),
            jax.nn.relu,
            {"a": jnp.tanh},
            functools.partial(jax.nn.gelu, approximate=True),
        ],
        jax.nn.silu,
        (1, "a", 2.5),
    )
    run(model)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        loaded = pickle.loads(pickle.dumps(model, protocol))
        assert jax.tree.structure(loaded) == jax.tree.structure(model)
        run(loaded)
    run(cloudpickle.loads(cloudpickle.dumps(model)))
    run(copy.copy(model))
    run(copy.deepcopy(model))
    assert len(traces) == 1


def test_no_code_of_the_class_runs_when_it_is_loaded():
    loaded = pickle.loads(pickle.dumps(Slow(1, required=2)))
    assert loaded.a == 3
    changed = eqx.tree_at(lambda m: m.a, Slow(1, required=2), "text")
    assert pickle.loads(pickle.dumps(changed)).a == "text"


def test_the_file_holds_a_new_object_without_arguments_and_its_fields():
    opcodes = [
        (opcode.name, argument)
        for opcode, argument, _ in pickletools.genops(pickle.dumps(Model(1, jax.nn.relu), 2))
    ]
    names = [name for name, _ in opcodes]
    assert names.count("NEWOBJ") == 1
    assert names[-2:] == ["BUILD", "STOP"]
    start = names.index("NEWOBJ")
    assert names[start - 2 : start] == ["GLOBAL", "EMPTY_TUPLE"] or "EMPTY_TUPLE" in names[:start]
    texts = [argument for name, argument in opcodes if name == "BINUNICODE"]
    assert texts == ["weight", "act", "jax.nn", "relu", "size", "__static_fields__"]
    assert ("GLOBAL", "eqxcore._pickling load_callable") in opcodes


def test_a_function_is_written_once_however_often_it_occurs():
    once, thrice = (pickle.dumps(Model([jax.nn.relu] * n)) for n in (1, 3))
    assert once.count(b"load_callable") == thrice.count(b"load_callable") == 1


def test_a_field_that_was_never_assigned_stays_so():
    class_default = copy.copy(Model(1))
    vars(class_default).pop("act")
    loaded = pickle.loads(pickle.dumps(class_default))
    assert "act" not in vars(loaded)
    assert jax.tree.structure(loaded) == jax.tree.structure(class_default)


def test_bound_methods_come_back_bound_to_a_copy():
    method = pickle.loads(pickle.dumps(Model(3).scaled))
    assert method(2) == 6
    assert type(method) is type(Model(3).scaled)
    assert pickle.loads(pickle.dumps(Model(jnp.ones(1)).jitted))(1.0).tolist() == [2]
    assert pickle.loads(pickle.dumps(Model(Model(3).scaled))).weight(2) == 6


def test_structures_can_be_pickled():
    structure = jax.tree.structure(Model(1, 2, 3))
    assert pickle.loads(pickle.dumps(structure)) == structure


@pytest.mark.parametrize(
    ("build", "place", "reason"),
    [
        (lambda f: Model(1, f), r"\.act of Model", "lambda"),
        (lambda f: Model([1, {"k": f}]), r"\.weight\[1\]\['k'\] of Model", "lambda"),
        (lambda f: Model(Model([f])), r"\.weight\.weight\[0\] of Model", "lambda"),
        (lambda f: Model(jax.jit(f)), r"\.weight of Model", "lambda"),
        (lambda f: Model(functools.partial(f, 1)), r"\.weight of Model", "lambda"),
        (lambda f: Model(eqx.filter_jit(f)), r"\.weight\.fn of Model", "lambda"),
    ],
)
def test_a_function_without_a_name_is_named_by_its_key_path(build, place, reason):
    model = build(lambda x: x)
    with pytest.raises(pickle.PicklingError, match=place) as caught:
        pickle.dumps(model)
    assert caught.match(reason)
    assert caught.match("cloudpickle")
    cloudpickle.loads(cloudpickle.dumps(model))


def test_a_local_function_is_told_from_a_lambda():
    def local(x):
        return x

    with pytest.raises(pickle.PicklingError, match="defined inside of a function"):
        pickle.dumps(Model(local))


def test_a_name_that_is_gone_is_named_when_loading():
    with pytest.raises(pickle.UnpicklingError, match=r"names the function jax\.nn\.relu7"):
        load_callable("jax.nn", "relu7")
    with pytest.raises(pickle.UnpicklingError, match=r"nowhere\.f"):
        load_callable("nowhere", "f")


def run_script(text, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text), *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_cloudpickle_takes_a_class_of_a_script_to_another_process(tmp_path):
    file = tmp_path / "model.pkl"
    run_script(
        """
        import sys, cloudpickle, jax, jax.numpy as jnp, eqxcore as eqx

        class Base(eqx.Module):
            weight: jax.Array
            def method(self): return self.weight.sum()

        class Net(Base):
            size: int = eqx.field(static=True, default=3)
            act: object = jax.nn.relu
            def __init__(self, weight): self.weight = weight; self.size = 5; self.act = jnp.tanh
            @eqx.filter_jit
            def __call__(self, x): return self.act(x) + self.method()
            def __check_init__(self): assert self.size == 5

        open(sys.argv[1], "wb").write(cloudpickle.dumps((Net, Net(jnp.ones(2)), Base(jnp.ones(1)))))
        """,
        file,
    )
    out = run_script(
        """
        import sys, pickle
        Net, net, base = pickle.load(open(sys.argv[1], "rb"))
        import jax, jax.numpy as jnp, eqxcore as eqx
        assert [jax.tree_util.keystr(p) for p, _ in jax.tree_util.tree_leaves_with_path(net)] == [
            ".weight", ".act"]
        assert net.act is jnp.tanh and net.size == 5 and type(net) is Net
        assert float(net(0.0)) == 2 and float(net.method()) == 2
        assert jax.tree.structure(net) == jax.tree.structure(Net(jnp.zeros(3)))
        assert eqx.filter_jit(lambda m: m)(net).size == 5
        class Child(Net):
            more: int = 1
            def __init__(self): super().__init__(1.0); self.more = 2
        assert jax.tree.leaves(Child())[::2] == [1.0, 2]
        try: net.weight = 1
        except AttributeError: print("frozen")
        """,
        file,
    )
    assert out.split() == ["frozen"]


def test_plain_pickle_takes_a_class_of_a_script_back_into_the_same_script():
    out = run_script(
        """
        import pickle, jax, eqxcore as eqx
        class Net(eqx.Module):
            a: object
            act: object = jax.nn.relu
        @jax.jit
        def mine(x): return x
        net = pickle.loads(pickle.dumps(Net(mine)))
        print(net.a is mine, net.act is jax.nn.relu)
        """
    )
    assert out.split() == ["True", "True"]


def test_a_deep_copy_keeps_functions_and_copies_the_rest():
    model = Model([np.ones(2), jax.nn.relu], functools.partial(jnp.tanh, 1), {"a": [1]})
    copied = copy.deepcopy(model)
    assert copied.weight is not model.weight
    assert copied.weight[0] is not model.weight[0]
    assert copied.weight[1] is jax.nn.relu
    assert copied.act.func is jnp.tanh
    assert copied.size["a"] is not model.size["a"]
    shared = Model(1)
    pair = copy.deepcopy(Model(shared, shared))
    assert pair.weight is pair.act is not shared


def _pickles(tree: Any) -> bool:
    try:
        pickle.dumps(tree)
    except Exception:  # noqa: BLE001  whatever pickle itself refuses outside of Modules
        return False
    return True


@given(pytrees.filter(_pickles))
def test_whatever_pickle_takes_comes_back_equal_inside_of_a_module(tree):
    model = Model(tree, [jax.nn.relu, tree])
    loaded = pickle.loads(pickle.dumps(model))
    assert jax.tree.structure(loaded) == jax.tree.structure(model)
    for before, after in zip(jax.tree.leaves(model), jax.tree.leaves(loaded), strict=True):
        assert type(before) is type(after)
        if eqx.is_array(before):
            assert (np.asarray(before) == np.asarray(after)).all()
