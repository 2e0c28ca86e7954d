"""`save` and `load`: by name, and only what fits."""

import collections
import functools
import json
import pickle
import re
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from pytrees import pytrees

import eqxcore as eqx

KEY = jax.random.PRNGKey(0)
Point = collections.namedtuple("Point", "x y")


def attention(*order: str, **static: Any) -> type:
    """A class with these fields, in this order."""
    annotations = dict.fromkeys(order, Any)
    body: dict[str, Any] = {"__annotations__": annotations, "__qualname__": "Attention"}
    for name, default in static.items():
        annotations[name] = Any
        body[name] = eqx.field(static=True, default=default)
    return type(eqx.Module)("Attention", (eqx.Module,), body)


def qk(*order: str, **values: Any) -> Any:
    cls = attention(*order)
    return cls(**{name: jnp.full((2,), float(values[name])) for name in order})


def loaded(tmp_path: Any, tree: Any, like: Any, **options: Any) -> Any:
    eqx.save(tmp_path / "tree.eqx", tree)
    return eqx.load(tmp_path / "tree.eqx", like, **options)


def mismatch(tmp_path: Any, tree: Any, like: Any, **options: Any) -> eqx.CheckpointDiff:
    with pytest.raises(eqx.CheckpointMismatch) as caught:
        loaded(tmp_path, tree, like, **options)
    assert str(caught.value.diff) in str(caught.value)
    return caught.value.diff


def test_every_kind_of_leaf_comes_back(tmp_path):
    tree = {
        "array": jnp.arange(6.0).reshape(2, 3),
        "bf16": jnp.asarray([1.5], jnp.bfloat16),
        "fp8": jnp.asarray([1.5], jnp.float8_e4m3fn),
        "weak": jnp.asarray(1.0),
        "key": jax.random.split(jax.random.key(3, impl="rbg"), 2),
        "numpy": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "scalar": np.float16(2.0),
        "numbers": [True, 3, 1e-8, 1j],
        "point": Point(1, None),
        "function": jax.nn.relu,
        "text": "adam",
        "empty": ((), [], {}),
    }
    like = jax.tree_util.tree_map(
        lambda leaf: leaf if isinstance(leaf, str) or callable(leaf) else type_zero(leaf), tree
    )
    back = loaded(tmp_path, tree, like)
    assert jax.tree_util.tree_structure(back) == jax.tree_util.tree_structure(tree)
    assert back["weak"].weak_type
    for old, new in zip(
        jax.tree_util.tree_leaves(tree), jax.tree_util.tree_leaves(back), strict=True
    ):
        assert type(old) is type(new)
        if hasattr(old, "dtype"):
            assert old.dtype == new.dtype
            assert bool((old == new).all())
        else:
            assert old == new


def type_zero(leaf: Any) -> Any:
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jax.random.split(jax.random.key(0, impl="rbg"), leaf.shape)
    if isinstance(leaf, jax.Array):
        return jnp.zeros_like(leaf)
    return np.zeros_like(leaf) if isinstance(leaf, np.ndarray) else type(leaf)(0)


@settings(deadline=None)
@given(pytrees)
def test_every_pytree_comes_back_as_it_was(tmp_path_factory, tree):
    path = tmp_path_factory.mktemp("law") / "tree.eqx"
    try:
        eqx.save(path, tree)
    except RuntimeError as error:
        assert "64 bits" in str(error)  # noqa: PT017  the only leaf that cannot be saved
        return
    back = eqx.load(path, tree)
    assert jax.tree_util.tree_structure(back) == jax.tree_util.tree_structure(tree)
    assert bool(eqx.tree_equal(back, tree, typematch=True)) or "nan" in repr(tree)


def test_the_same_pytree_is_the_same_file(tmp_path):
    model = eqx.nn.MLP(2, 2, 3, 1, key=KEY)
    eqx.save(tmp_path / "a.eqx", model)
    eqx.save(tmp_path / "b.eqx", jax.tree_util.tree_map(lambda leaf: leaf, model))
    assert (tmp_path / "a.eqx").read_bytes() == (tmp_path / "b.eqx").read_bytes()


def test_equinox_reads_a_checkpoint(tmp_path):
    model = eqx.nn.MLP(2, 2, 3, 1, key=KEY)
    eqx.save(tmp_path / "model", model)
    theirs = equinox.nn.MLP(2, 2, 3, 1, key=jax.random.PRNGKey(1))
    theirs = equinox.tree_deserialise_leaves(tmp_path / "model.eqx", theirs)
    assert np.array_equal(theirs.layers[1].weight, model.layers[1].weight)


def test_the_records_are_those_of_tree_serialise_leaves(tmp_path):
    tree = [jnp.ones(3), 2.0, jax.nn.relu, np.asfortranarray(np.ones((2, 3)))]
    eqx.save(tmp_path / "named.eqx", tree)
    eqx.tree_serialise_leaves(tmp_path / "plain.eqx", tree)
    plain = (tmp_path / "plain.eqx").read_bytes()
    assert (tmp_path / "named.eqx").read_bytes().startswith(plain + b"\x93EQXMAN\n")


def test_an_equinox_module_is_saved_and_loaded_too(tmp_path):
    linear = equinox.nn.Linear(2, 3, key=KEY)
    ours = loaded(tmp_path, linear, eqx.nn.Linear(2, 3, key=jax.random.PRNGKey(1)))
    assert np.array_equal(ours.weight, linear.weight)
    assert type(ours) is eqx.nn.Linear


def test_fields_in_another_order_are_found_by_name(tmp_path):
    saved = qk("q", "k", q=1, k=2)
    back = loaded(tmp_path, saved, qk("k", "q", q=0, k=0))
    assert (float(back.q[0]), float(back.k[0])) == (1.0, 2.0)
    # The plain format cannot tell, here or in Equinox: the reason for names.
    by_order = eqx.tree_deserialise_leaves(tmp_path / "tree.eqx", qk("k", "q", q=0, k=0))
    assert (float(by_order.q[0]), float(by_order.k[0])) == (2.0, 1.0)


def test_a_deeper_file_does_not_load_into_a_shallower_model(tmp_path):
    deep, shallow = (eqx.nn.MLP(2, 2, 2, depth, key=KEY) for depth in (2, 1))
    diff = mismatch(tmp_path, deep, shallow)
    assert [place.path for place in diff.extra] == [".layers[2]"]
    assert diff.extra[0].what == "Linear with 2 leaves"
    assert (".depth", "2", "1") in [(d.path, d.saved, d.wanted) for d in diff.different]
    diff = mismatch(tmp_path, shallow, deep)
    assert [place.path for place in diff.missing] == [".layers[2]"]


def test_another_activation_is_a_difference(tmp_path):
    gelu, relu = (
        eqx.nn.MLP(2, 2, 2, 1, activation=act, key=KEY) for act in (jax.nn.gelu, jax.nn.relu)
    )
    diff = mismatch(tmp_path, gelu, relu)
    assert str(diff) == "  .activation: the file has jax.nn.gelu, the model jax.nn.relu"


DIFFERENT = {
    "shape": (jnp.ones((2, 3)), jnp.ones((3, 2)), "float32[2,3]", "float32[3,2]"),
    "dtype": (jnp.ones(2), jnp.ones(2, jnp.bfloat16), "float32[2]", "bfloat16[2]"),
    "8-bit floats": (
        jnp.ones(2, jnp.float8_e4m3fn),
        jnp.ones(2, jnp.float8_e5m2),
        "float8_e4m3fn[2]",
        "float8_e5m2[2]",
    ),
    "int for float": (1, 1.0, "int 1", "float 1.0"),
    "bool for int": (True, 1, "bool True", "int 1"),
    "array for number": (jnp.ones(()), 1.0, "float32[] (an array)", "float 1.0 (a number)"),
    "list for tuple": ([1.0], (1.0,), "list (a list)", "tuple (a tuple)"),
    "text": ("adam", "sgd", "'adam'", "'sgd'"),
    "function": (jnp.sin, jnp.cos, "jax.numpy.sin", "jax.numpy.cos"),
    "none for array": (None, jnp.ones(2), "None (no leaf)", "float32[2] (an array)"),
    "keys": (jax.random.key(0), jax.random.key(0, impl="rbg"), "key<fry>[]", "key<rbg>[]"),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_differs_is_named_with_both_sides(name, tmp_path):
    saved, like, shown, wanted = DIFFERENT[name]
    diff = mismatch(tmp_path, {"x": saved}, {"x": like})
    (first, *_) = diff.different
    assert (first.path, first.wanted.startswith(wanted)) == ("['x']", True)
    assert first.saved.startswith(shown)


@pytest.mark.parametrize(
    ("saved", "like"),
    [
        (jnp.ones(2), np.zeros(2, np.float32)),
        (np.float32(1.0), np.zeros((), np.float32)),
        (jnp.ones(2), jax.ShapeDtypeStruct((2,), jnp.float32)),
    ],
)
def test_arrays_of_either_library_fit(saved, like, tmp_path):
    back = loaded(tmp_path, saved, like)
    wanted = jax.Array if isinstance(like, jax.ShapeDtypeStruct) else type(like)
    assert isinstance(back, wanted)
    assert (np.asarray(back) == 1).all()


def test_static_fields_are_compared(tmp_path):
    saved, like = (attention("q", heads=heads)(jnp.ones(2)) for heads in (8, 4))
    assert str(mismatch(tmp_path, saved, like)) == "  .heads: the file has 8, the model 4"


def test_a_class_of_another_name_is_a_difference(tmp_path):
    linear, identity = eqx.nn.PReLU(0.1), eqx.nn.Lambda(jnp.sin)
    assert "the file has PReLU, the model Lambda" in str(mismatch(tmp_path, linear, identity))


def test_what_was_renamed_is_guessed_and_can_be_named(tmp_path):
    saved = qk("q", "k", q=1, k=2)
    like = attention("query", "k")(query=jnp.zeros(2), k=jnp.zeros(2))
    diff = mismatch(tmp_path, saved, like)
    assert diff.renamed == ((".q", ".query"),)
    with pytest.raises(eqx.CheckpointMismatch, match=r"rename=\{'\.q': '\.query'\}"):
        eqx.load(tmp_path / "tree.eqx", like)
    back = eqx.load(tmp_path / "tree.eqx", like, rename={".q": ".query"})
    assert (float(back.query[0]), float(back.k[0])) == (1.0, 2.0)


@pytest.mark.parametrize("saved", ["dict", "tuple"])
def test_a_model_that_is_a_part_of_the_file_is_pointed_at_and_can_be_loaded(saved, tmp_path):
    model, other = (eqx.nn.Linear(2, 2, key=jax.random.fold_in(KEY, n)) for n in range(2))
    tree, around, part = {
        "dict": ({"model": model, "step": 3}, "{'model': model}", "['model']"),
        "tuple": ((3, model), "[None, model]", "[1]"),
    }[saved]
    path = tmp_path / "tree.eqx"
    eqx.save(path, tree)
    code = f"model = eqx.load({str(path)!r}, {around}, only={part!r}){part}"
    told = re.escape(f"In the file, {part} is Linear with 2 leaves. To load it alone: `{code}`.")
    with pytest.raises(eqx.CheckpointMismatch, match=told):
        eqx.load(path, other)
    with pytest.raises(ValueError, match=told):
        eqx.load(path, other, only=part)
    # What the message says to write.
    names: dict[str, Any] = {"eqx": eqx, "model": other}
    exec(code, names)
    assert eqx.tree_equal(names["model"], model)


def test_a_part_is_not_pointed_at_where_two_are_alike(tmp_path):
    model = eqx.nn.Linear(2, 2, key=KEY)
    eqx.save(tmp_path / "tree.eqx", {"model": model, "ema": model})
    with pytest.raises(eqx.CheckpointMismatch) as caught:
        eqx.load(tmp_path / "tree.eqx", model)
    assert "To load it alone" not in str(caught.value)


def test_names_that_were_swapped_can_be_swapped_back(tmp_path):
    back = loaded(
        tmp_path,
        qk("q", "k", q=1, k=2),
        qk("q", "k", q=0, k=0),
        rename={".q": ".k", ".k": ".q"},
    )
    assert (float(back.q[0]), float(back.k[0])) == (2.0, 1.0)


def test_a_whole_part_may_have_moved(tmp_path):
    saved = {"encoder": {"w": jnp.ones(2), "b": jnp.zeros(1)}}
    like = {"model": [{"w": jnp.zeros(2), "b": jnp.ones(1)}]}
    back = loaded(tmp_path, saved["encoder"], like["model"][0])  # the part by itself, to begin with
    assert back["w"].sum() == 2
    back, diff = eqx.load_matching(tmp_path / "tree.eqx", like, rename={"": "['model'][0]"})
    assert back["model"][0]["w"].sum() == 2
    assert diff  # the root of the file is not that of the model


def test_only_a_part_is_loaded_and_compared(tmp_path):
    saved = {"decoder": qk("q", q=1), "head": jnp.ones(3), "old": 1.0}
    like = {"decoder": qk("q", q=0), "head": jnp.zeros(5), "new": 2.0}
    back = loaded(tmp_path, saved, like, only="['decoder']")
    assert float(back["decoder"].q[0]) == 1.0
    assert back["head"].sum() == 0
    back = eqx.load(tmp_path / "tree.eqx", like, only=['["decoder"].q'])
    assert float(back["decoder"].q[0]) == 1.0
    diff = mismatch(tmp_path, saved, like, only=("['decoder']", "['head']"))
    assert [d.path for d in diff.different] == ["['head']"]
    assert not diff.missing
    assert not diff.extra


def test_only_reports_what_the_file_has_more_in_that_part(tmp_path):
    saved = {"a": {"x": 1.0, "y": 2.0}, "b": 3.0}
    diff = mismatch(tmp_path, saved, {"a": {"x": 0.0}, "c": 0.0}, only="['a']")
    assert str(diff) == "  ['a']['y'] (float 2.0): in the file, not in the model"


def test_what_fits_is_loaded_on_request_and_the_rest_told(tmp_path):
    deep, shallow = (eqx.nn.MLP(2, 2, 2, depth, key=jax.random.PRNGKey(depth)) for depth in (2, 1))
    eqx.save(tmp_path / "deep.eqx", deep)
    back, diff = eqx.load_matching(tmp_path / "deep.eqx", shallow)
    assert np.array_equal(back.layers[1].weight, deep.layers[1].weight)
    assert back.depth == 1
    assert diff
    back, diff = eqx.load_matching(tmp_path / "deep.eqx", deep)
    assert not diff
    assert str(diff) == "  no difference"


def test_leaves_that_do_not_fit_stay_as_they_were(tmp_path):
    eqx.save(tmp_path / "a.eqx", {"x": jnp.ones(2), "n": 1, "y": 5.0})
    like = {"x": jnp.zeros(3), "n": 0.5, "y": 0.0}
    back, diff = eqx.load_matching(tmp_path / "a.eqx", like)
    assert back["x"] is like["x"]
    assert back["n"] == 0.5
    assert back["y"] == 5.0
    assert [d.path for d in diff.different] == ["['n']", "['x']"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": ".layer"}, r"nothing at '\.layer'.*nearest.*'\.layers'"),
        ({"rename": {".layer": ".layers"}}, r"nothing at '\.layer'.*nearest.*'\.layers'"),
        ({"rename": {".layers": ".blocks"}}, r"nothing at '\.blocks'"),
    ],
)
def test_a_path_that_leads_nowhere_is_an_error(options, message, tmp_path):
    model = eqx.nn.MLP(2, 2, 2, 1, key=KEY)
    with pytest.raises(ValueError, match=message):
        loaded(tmp_path, model, model, **options)


def test_a_long_list_of_differences_is_cut(tmp_path):
    with pytest.raises(eqx.CheckpointMismatch, match="and 30 more such lines"):
        loaded(tmp_path, [jnp.ones(2)] * 50, [jnp.ones(3)] * 50)


def test_a_mismatch_survives_pickling(tmp_path):
    with pytest.raises(eqx.CheckpointMismatch) as caught:
        loaded(tmp_path, {"x": 1}, {"y": 1})
    back = pickle.loads(pickle.dumps(caught.value))
    assert back.diff == caught.value.diff
    assert str(back) == str(caught.value)


def test_what_cannot_be_saved_is_named_and_the_file_that_was_there_stays(tmp_path):
    path = tmp_path / "model.eqx"
    eqx.save(path, 1.0)
    with pytest.raises(RuntimeError, match=r"\['x'\]\[1\].*no values"):
        eqx.save(path, {"x": [1.0, jax.ShapeDtypeStruct((2,), jnp.float32)]})
    assert eqx.load(path, 0.0) == 1.0
    assert [p.name for p in tmp_path.iterdir()] == ["model.eqx"]


def test_a_donated_array_cannot_be_saved(tmp_path):
    array = jnp.ones(3)
    array.delete()
    with pytest.raises(RuntimeError, match=r"save the leaf at \['x'\].*deleted"):
        eqx.save(tmp_path / "model.eqx", {"x": array})


def test_arrays_come_to_the_devices_of_what_they_are_loaded_into(tmp_path):
    sharding = NamedSharding(Mesh(np.array(jax.devices()[:1]), ("data",)), PartitionSpec("data"))
    abstract = jax.ShapeDtypeStruct((4,), jnp.float32, sharding=sharding)
    for like in (abstract, jax.device_put(jnp.zeros(4), sharding)):
        back = loaded(tmp_path, jnp.arange(4.0), like)
        assert back.sharding == sharding
        assert back.committed
    assert not loaded(tmp_path, jnp.arange(4.0), jnp.zeros(4)).committed


def test_a_loaded_model_finds_the_program_that_was_compiled_for_the_saved_one(tmp_path):
    traces = []

    @eqx.filter_jit
    def run(model, count, x):
        traces.append(1)
        return model(x) * count

    state = eqx.nn.MLP(2, 2, 2, 1, key=KEY), jnp.asarray(1.0)
    before = run(*state, jnp.ones(2))
    back = loaded(
        tmp_path, state, (eqx.nn.MLP(2, 2, 2, 1, key=jax.random.PRNGKey(1)), jnp.ones(()))
    )
    assert np.array_equal(run(*back, jnp.ones(2)), before)
    assert len(traces) == 1


def test_is_leaf_is_heard(tmp_path):
    saved = {"pair": (1.0, 2.0), "x": 3.0}

    def is_pair(node):
        return isinstance(node, tuple)

    eqx.save(tmp_path / "a.eqx", saved, is_leaf=is_pair)
    back = eqx.load(tmp_path / "a.eqx", {"pair": (1.0, 2.0), "x": 0.0}, is_leaf=is_pair)
    assert back == saved
    with pytest.raises(eqx.CheckpointMismatch, match="pair"):
        eqx.load(tmp_path / "a.eqx", {"pair": (9.0, 2.0), "x": 0.0}, is_leaf=is_pair)


def manifest_of(path: Any) -> dict[str, Any]:
    data = path.read_bytes()
    return json.loads(data[data.index(b"\x93EQXMAN\n") + 8 : -48])


STATIC = {
    "a lambda": (lambda x: x, "test_checkpoints.<lambda>"),
    "a partial": (
        functools.partial(jnp.sum, axis=0),
        "partial(jax.numpy.sum, axis=0)",
    ),
    "a class": (eqx.nn.Linear, "eqxcore.nn._linear.Linear"),
    "a dtype": (jnp.dtype("bfloat16"), "dtype(bfloat16)"),
    "nested": (("a", [1, {"k": {2, 1}}]), "('a', [1, {'k': builtins.set(1, 2)}])"),
    "an object": (object(), "<builtins.object>"),
    "a long text": ("x" * 1000, None),
}


@pytest.mark.parametrize("name", STATIC)
def test_static_values_are_text_without_addresses(name, tmp_path):
    value, text = STATIC[name]
    eqx.save(tmp_path / "a.eqx", attention(tag=value)())
    (node,) = [n for n in manifest_of(tmp_path / "a.eqx")["nodes"] if n["kind"] == "static"]
    assert node["entry"] == ".tag"
    assert " at 0x" not in node["text"]
    if text is not None:
        assert node["text"].endswith(text)
    assert len(node["text"]) < 500


def test_nesting_is_no_problem(tmp_path):
    tree: Any = 1.0
    for _ in range(300):
        tree = [tree]
    assert loaded(tmp_path, tree, tree) == tree
