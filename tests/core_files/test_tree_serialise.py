"""Leaves in a file without names: the same files as Equinox's, and what we do better."""

import io
import pathlib
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx

KEY = jax.random.PRNGKey(0)


class Block(eqx.Module):
    weight: Any
    scale: Any = 1.0
    act: Any = eqx.field(static=True, default=jax.nn.relu)


LEAVES = {
    "a float array": jnp.arange(6.0).reshape(2, 3),
    "a 0-d array": jnp.asarray(3, jnp.int32),
    "an empty array": jnp.zeros((0, 4)),
    "bfloat16": jnp.asarray([1.5, -2.0], jnp.bfloat16),
    "booleans": jnp.asarray([True, False]),
    "complex": jnp.asarray([1 + 2j], jnp.complex64),
    "old keys": KEY,
    "NumPy float64": np.arange(3.0),
    "NumPy, column-major": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "NumPy, with gaps": np.arange(10)[::3],
    "NumPy, big-endian": np.arange(3, dtype=">i4"),
    "NumPy text": np.array(["a", "bc"]),
    "NumPy records": np.zeros(2, [("a", "i4"), ("b", "f8")]),
    "a NumPy scalar": np.float32(2.5),
    "bool": True,
    "int": 3,
    "float": 1e-8,
    "complex number": 1 + 2j,
    "a function": jax.nn.relu,
    "text": "adam",
    "None": None,
}


def blank(leaf: Any) -> Any:
    """Something like the leaf, of other values."""
    if isinstance(leaf, jax.Array):
        return jnp.zeros_like(leaf)
    if isinstance(leaf, np.ndarray):
        return np.zeros_like(leaf)
    if isinstance(leaf, (np.generic, bool, int, float, complex)):
        return type(leaf)(0)
    return leaf


def written(library: Any, tree: Any) -> bytes:
    file = io.BytesIO()
    library.tree_serialise_leaves(file, tree)
    return file.getvalue()


def assert_same(a: Any, b: Any) -> None:
    assert type(a) is type(b)
    if hasattr(a, "dtype"):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert np.array_equal(np.asarray(a), np.asarray(b))
    else:
        assert a == b


@pytest.mark.parametrize("name", LEAVES)
def test_a_leaf_is_the_same_bytes_as_in_equinox(name):
    assert written(eqx, [LEAVES[name]]) == written(equinox, [LEAVES[name]])


@pytest.mark.parametrize("name", LEAVES)
def test_a_leaf_comes_back_in_both_libraries(name):
    leaf = LEAVES[name]
    data = written(eqx, {"x": leaf})
    for library in (eqx, equinox):
        loaded = library.tree_deserialise_leaves(io.BytesIO(data), {"x": blank(leaf)})
        assert_same(loaded["x"], leaf)


def test_a_model_of_one_library_loads_into_that_of_the_other(tmp_path):
    ours = eqx.nn.MLP(2, 2, 3, 1, key=KEY)
    theirs = equinox.nn.MLP(2, 2, 3, 1, key=jax.random.PRNGKey(1))
    eqx.tree_serialise_leaves(tmp_path / "ours.eqx", ours)
    equinox.tree_serialise_leaves(tmp_path / "theirs.eqx", theirs)
    into_theirs = equinox.tree_deserialise_leaves(tmp_path / "ours.eqx", theirs)
    into_ours = eqx.tree_deserialise_leaves(tmp_path / "theirs.eqx", ours)
    assert np.array_equal(into_theirs.layers[0].weight, ours.layers[0].weight)
    assert np.array_equal(into_ours.layers[1].bias, theirs.layers[1].bias)


@pytest.mark.parametrize("impl", ["threefry2x32", "rbg", "unsafe_rbg"])
@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_typed_keys_come_back_as_keys_of_the_same_implementation(impl, shape):
    keys = jax.random.split(jax.random.key(7, impl=impl), shape)
    like = jax.eval_shape(lambda: jax.random.split(jax.random.key(0, impl=impl), shape))
    for blank_keys in (jax.random.split(jax.random.key(0, impl=impl), shape), like):
        loaded = eqx.tree_deserialise_leaves(io.BytesIO(written(eqx, keys)), blank_keys)
        assert loaded.dtype == keys.dtype
        assert np.array_equal(jax.random.key_data(loaded), jax.random.key_data(keys))


def test_typed_keys_are_stored_as_their_bits():
    key = jax.random.key(7)
    assert written(eqx, key) == written(equinox, jax.random.key_data(key))


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "int4"])
@pytest.mark.parametrize("library", [jnp, np])
def test_dtypes_that_numpy_forgets_come_back(dtype, library):
    array = library.asarray([1, 2, -3], jnp.dtype(dtype))
    loaded = eqx.tree_deserialise_leaves(io.BytesIO(written(eqx, array)), blank(array))
    assert_same(loaded, array)


def test_an_abstract_model_is_loaded_into():
    model = Block(jnp.arange(3.0), 2.5)
    like = jax.eval_shape(lambda: Block(jnp.zeros(3), 1.0))
    like = eqx.tree_at(lambda m: m.scale, like, 0.0)
    loaded = eqx.tree_deserialise_leaves(io.BytesIO(written(eqx, model)), like)
    assert_same(loaded.weight, model.weight)
    assert loaded.scale == 2.5


def test_what_is_not_saved_comes_from_the_pytree_that_is_loaded_into():
    data = written(eqx, [jax.nn.relu, 1.0])
    assert eqx.tree_deserialise_leaves(io.BytesIO(data), [jax.nn.gelu, 0.0]) == [jax.nn.gelu, 1.0]


def test_an_integer_in_the_file_may_become_a_float():
    loaded = eqx.tree_deserialise_leaves(io.BytesIO(written(eqx, 3)), 0.0)
    assert type(loaded) is float
    assert loaded == 3.0


@pytest.mark.parametrize(("saved", "like"), [(3.5, 0), (2, False), (1 + 1j, 0.0), (1j, 0)])
def test_a_number_that_would_change_is_refused(saved, like):
    with pytest.raises(RuntimeError, match="which is no"):
        eqx.tree_deserialise_leaves(io.BytesIO(written(eqx, saved)), like)


def test_nan_and_infinity_come_back():
    tree = [float("nan"), float("inf"), complex("nan")]
    loaded = eqx.tree_deserialise_leaves(io.BytesIO(written(eqx, tree)), [0.0, 0.0, 0j])
    assert repr(loaded) == repr(tree)


@pytest.mark.parametrize("suffix", ["", ".eqx", ".npz"])
def test_a_path_without_a_suffix_gets_one(tmp_path, suffix):
    eqx.tree_serialise_leaves(str(tmp_path / f"model{suffix}"), jnp.ones(2))
    assert [path.name for path in tmp_path.iterdir()] == [f"model{suffix or '.eqx'}"]
    loaded = eqx.tree_deserialise_leaves(tmp_path / f"model{suffix}", jnp.zeros(2))
    assert np.array_equal(loaded, [1, 1])


def test_several_pytrees_follow_each_other_in_an_open_file(tmp_path):
    with (tmp_path / "two").open("wb") as file:
        file.write(b"header\n")
        eqx.tree_serialise_leaves(file, [1.0, jnp.ones(2)])
        eqx.tree_serialise_leaves(file, jnp.zeros(3))
    with (tmp_path / "two").open("rb") as file:
        assert file.readline() == b"header\n"
        assert eqx.tree_deserialise_leaves(file, [0.0, jnp.zeros(2)])[0] == 1.0
        assert eqx.tree_deserialise_leaves(file, jnp.ones(3)).sum() == 0


def test_a_filter_spec_may_be_a_prefix_of_functions():
    def skip(file, leaf):
        return None

    file = io.BytesIO()
    spec = [eqx.default_serialise_filter_spec, skip]
    eqx.tree_serialise_leaves(file, [jnp.ones(2), (2.0, 3)], spec)
    theirs = io.BytesIO()
    equinox.tree_serialise_leaves(theirs, [jnp.ones(2), (2.0, 3)], spec)
    assert file.getvalue() == theirs.getvalue()
    file.seek(0)
    loaded = eqx.tree_deserialise_leaves(
        file, [jnp.zeros(2), (0.0, 0)], [eqx.default_deserialise_filter_spec, lambda f, x: x]
    )
    assert loaded[1] == (0.0, 0)
    assert loaded[0].sum() == 2


def test_is_leaf_hands_whole_nodes_to_the_filter_spec():
    seen = []
    eqx.tree_serialise_leaves(
        io.BytesIO(),
        [(1.0, 2.0), 3.0],
        lambda file, leaf: seen.append(leaf),
        is_leaf=lambda node: isinstance(node, tuple),
    )
    assert seen == [(1.0, 2.0), 3.0]


WRONG = {
    "shape": ({"a": [jnp.ones(3)]}, {"a": [jnp.zeros(4)]}, r"\['a'\]\[0\] has changed shape"),
    "dtype": ([jnp.ones(3)], [jnp.zeros(3, jnp.int32)], r"\[0\] has changed dtype.*int32.*float32"),
    "raw bytes": (jnp.ones(3, jnp.bfloat16), jnp.zeros(3, jnp.float16), "float16.*bfloat16"),
    "raw bytes, NumPy": (np.ones(3, jnp.bfloat16), np.zeros(3, np.float16), "bfloat16"),
    "an array for a number": ([1.0, np.ones(3)], [0.0, 0.0], r"at \[1\]: a float was expected"),
    "too few leaves": ([1.0], [0.0, 0.0], r"at \[1\]: the file has ended"),
    "an array for a NumPy scalar": (np.ones(2), np.float64(0), "changed shape"),
    "keys of another implementation": (
        jax.random.key_data(jax.random.key(0)),
        jax.random.key(0, impl="rbg"),
        "at the root",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_leaf_that_does_not_fit_is_named(name):
    saved, like, message = WRONG[name]
    with pytest.raises(RuntimeError, match=message):
        eqx.tree_deserialise_leaves(io.BytesIO(written(eqx, saved)), like)


def test_the_path_of_an_error_is_written_as_in_python():
    small, large = (eqx.nn.MLP(2, 2, width, 1, key=KEY) for width in (3, 4))
    with pytest.raises(RuntimeError, match=r"at \.layers\[0\]\.weight has changed shape"):
        eqx.tree_deserialise_leaves(io.BytesIO(written(eqx, small)), large)


def test_a_filter_spec_that_returns_another_type_is_an_error():
    with pytest.raises(RuntimeError, match=r"\[0\] has changed type: .*float, .*str"):
        eqx.tree_deserialise_leaves(io.BytesIO(), [1.0], lambda file, leaf: "text")


def test_whatever_a_filter_spec_raises_is_said_of_its_leaf():
    def broken(file, leaf):
        raise KeyError("weights")

    with pytest.raises(RuntimeError, match=r"save the leaf at \[0\]: 'weights'") as caught:
        eqx.tree_serialise_leaves(io.BytesIO(), [1.0], broken)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize(
    ("leaf", "message"),
    [
        (2**70, "64 bits"),
        (np.array([1, "a"], object), "pickled"),
        (jax.ShapeDtypeStruct((2,), jnp.float32), "no values"),
    ],
)
def test_what_cannot_be_saved_is_named(leaf, message):
    with pytest.raises(RuntimeError, match=rf"(?s)\['x'\].*{message}"):
        eqx.tree_serialise_leaves(io.BytesIO(), {"x": leaf})


def test_a_tracer_cannot_be_saved():
    with pytest.raises(RuntimeError, match="Could not save the leaf at the root"):
        jax.jit(lambda x: eqx.tree_serialise_leaves(io.BytesIO(), x))(jnp.ones(2))


@pytest.mark.parametrize("data", [b"", b"junk", b"\x93NUMPY\x07\x00", b"\x93NUMPY\x01\x00\x05"])
def test_what_is_no_record_is_an_error_and_no_crash(data):
    with pytest.raises(RuntimeError, match="load the leaf at the root"):
        eqx.tree_deserialise_leaves(io.BytesIO(data), 1.0)


def header(text: str) -> bytes:
    body = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body


LIES = {
    "a terabyte": "{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }",
    "a negative shape": "{'descr': '<f4', 'fortran_order': False, 'shape': (-4,), }",
    "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    "a dtype with a shape": "{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (1,), }",
    "a call": "{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,), }",
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("on_disk", [False, True])
def test_a_record_that_lies_is_an_error_and_no_crash(name, on_disk, tmp_path):
    data = header(LIES[name]) + bytes(8)
    file: Any = io.BytesIO(data)
    if on_disk:
        file = tmp_path / "lie.eqx"
        file.write_bytes(data)
    with pytest.raises(RuntimeError, match="load the leaf at the root"):
        eqx.tree_deserialise_leaves(file, jnp.ones(2))


def test_a_file_that_goes_on_is_noticed(tmp_path):
    path = tmp_path / "deep.eqx"
    eqx.tree_serialise_leaves(path, [jnp.ones(3), jnp.ones(2)])
    with pytest.warns(UserWarning, match="goes on for 136 bytes after the last leaf"):
        loaded = eqx.tree_deserialise_leaves(path, [jnp.zeros(3)])
    assert loaded[0].sum() == 3


def test_a_checkpoint_does_not_go_on(tmp_path):
    eqx.save(tmp_path / "model.eqx", [jnp.ones(3)])
    for library in (eqx, equinox):
        loaded = library.tree_deserialise_leaves(tmp_path / "model.eqx", [jnp.zeros(3)])
        assert loaded[0].sum() == 3


def test_a_stream_that_only_reads_is_enough():
    class Stream:
        def __init__(self, data: bytes) -> None:
            self.data = data

        def read(self, length: int = -1) -> bytes:
            # A few bytes at a time, as a socket may.
            piece, self.data = self.data[: min(length, 7)], self.data[min(length, 7) :]
            return piece

    data = written(eqx, jnp.arange(5.0))
    loaded = eqx.tree_deserialise_leaves(Stream(data), jnp.zeros(5))
    assert np.array_equal(loaded, np.arange(5.0))


def test_a_filter_spec_that_is_no_function_is_an_error():
    with pytest.raises(TypeError, match="has True where a function was expected"):
        eqx.tree_serialise_leaves(io.BytesIO(), [1.0], [True])


def test_names_of_records_outside_of_ascii_are_read(tmp_path):
    array = np.zeros(2, [("σ", "f4")])
    path = pathlib.Path(tmp_path / "a.eqx")
    with pytest.warns(UserWarning, match="format 3.0"):
        eqx.tree_serialise_leaves(path, array)
    assert eqx.tree_deserialise_leaves(path, np.ones(2, array.dtype)).dtype == array.dtype
