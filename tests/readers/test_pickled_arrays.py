"""Arrays in a pickle: their types as NumPy and JAX print them, and their values when asked for."""

import gzip
import pickle

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eqxview.errors import EqxviewError
from eqxview.readers import open_file
from eqxview.tree.kinds import Flag, Kind

DTYPES = [
    *map(np.dtype, "?bBhHiIlLqQefdgFDGOSUVMm"),
    *map(np.dtype, ["S7", ">U7", "<U3", "V9", ">f4", ">i8", ">c8", "M8[ns]", ">M8[us]", "m8[25s]"]),
    *(
        np.dtype(getattr(ml_dtypes, name))
        for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "uint2", "float4_e2m1fn")
    ),
    np.dtypes.StringDType(),
    np.dtype([]),
    np.dtype([("a", "i1"), ("b", "?"), ("c", "O"), ("d", "S3"), ("e", "U2"), ("f", "M8[ns]")]),
    np.dtype([("it's", "f8", (2, 3)), ("x", [("y", ">f4"), ("z", "i4", 2)])]),
    np.dtype([("a", "i1"), ("b", "f8", (2, 3))], align=True),
    np.dtype([("a", [("x", "i1"), ("y", "f4")]), ("b", "c8")], align=True),
    np.dtype([(("title", "name"), "f4")]),
    np.dtype([("a", ml_dtypes.bfloat16)]),
    np.dtype(
        {"names": ["a", "b"], "formats": ["f4", ("i2", 3)], "offsets": [4, 0], "itemsize": 12}
    ),
]


def opened(value, path, protocol=5):
    path.write_bytes(pickle.dumps(value, protocol))
    found = open_file(str(path))
    assert found.error is None
    assert found.warnings == ()
    (tree,) = found.trees
    return tree


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_dtype_is_called_what_numpy_calls_it(dtype, protocol, tmp_path):
    array = np.zeros((2, 3), dtype)
    tree = opened(array, tmp_path / "a.pkl", protocol)
    assert tree.dtype_name(0) == str(array.dtype)
    assert tree.array_shape(0) == array.shape
    assert tree.kind[0] == Kind.ARRAY
    assert not tree.has_flag(0, Flag.PROBLEM)
    if not array.dtype.hasobject:
        assert tree.nbytes[0] == array.nbytes


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_values_are_read_when_asked_for(dtype, protocol, tmp_path):
    if dtype.hasobject and dtype != np.dtypes.StringDType():
        array = np.zeros((2, 3), dtype)
    else:
        array = np.arange(6).astype("S4" if dtype.kind == "V" else dtype).reshape(2, 3)
        array = np.zeros((2, 3), dtype) if dtype.kind == "V" and dtype.names else array
    tree = opened(array, tmp_path / "a.pkl", protocol)
    if dtype.hasobject and dtype != np.dtypes.StringDType():
        with pytest.raises(EqxviewError, match="objects, which are not built"):
            tree.values.fetch(tree, 0)
    else:
        fetched = tree.values.fetch(tree, 0)
        assert fetched.dtype == array.dtype
        assert fetched.shape == array.shape
        assert fetched.tobytes() == array.tobytes() or (fetched == array).all()


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.int8, np.complex128, np.bool_, np.dtype(">i4")]),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    ),
    st.sampled_from("CF"),
    st.integers(0, 5),
)
@settings(deadline=None, max_examples=50)
def test_any_array_comes_back(tmp_path_factory, array, order, protocol):
    array = np.array(array, order=order)
    tree = opened(array, tmp_path_factory.mktemp("arrays") / "a.pkl", protocol)
    fetched = tree.values.fetch(tree, 0)
    assert fetched.dtype == array.dtype
    assert fetched.shape == array.shape
    assert fetched.tobytes() == array.tobytes()
    is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    assert tree.has_flag(0, Flag.FORTRAN) == is_fortran


@pytest.mark.parametrize("protocol", range(6))
def test_a_jax_array_keeps_its_weak_type(protocol, tmp_path):
    tree = opened([jnp.asarray(1.5), jnp.ones((2, 3), jnp.bfloat16)], tmp_path / "a.pkl", protocol)
    assert tree.has_flag(1, Flag.WEAK)
    assert not tree.has_flag(2, Flag.WEAK)
    assert tree.dtype_name(2) == "bfloat16"
    assert tree.type_path(1) == "jax.Array"
    assert (tree.values.fetch(tree, 2) == np.ones((2, 3), ml_dtypes.bfloat16)).all()


@pytest.mark.parametrize("scalar", [np.float32(2.5), np.int8(-3), np.bool_(True), np.str_("ab")])
def test_a_numpy_scalar_is_an_array_of_no_dimensions(scalar, tmp_path):
    tree = opened(scalar, tmp_path / "a.pkl")
    assert tree.array_shape(0) == ()
    assert tree.dtype_name(0) == str(scalar.dtype)
    assert tree.has_flag(0, Flag.NUMPY)
    assert tree.values.fetch(tree, 0) == scalar


@pytest.mark.parametrize("implementation", ["threefry2x32", "rbg", "unsafe_rbg"])
def test_typed_prng_keys_are_arrays_of_keys(implementation, tmp_path):
    keys = jax.random.split(jax.random.key(0, impl=implementation), 3)
    tree = opened([keys, keys[0]], tmp_path / "keys.pkl")
    for row, live in ((1, keys), (2, keys[0])):
        assert tree.dtype_name(row) == str(live.dtype)
        assert tree.array_shape(row) == live.shape
        assert tree.nbytes[row] == live.size * live.dtype.itemsize
        assert (tree.values.fetch(tree, row) == jax.random.key_data(live)).all()


def test_the_same_array_twice_is_a_tie(tmp_path):
    shared = np.ones(3)
    tree = opened([shared, {"again": shared}, np.ones(3)], tmp_path / "a.pkl")
    assert tree.ties == {1: 1, 3: 1}


def test_an_array_in_a_compressed_file_is_unpacked_again_for_its_values(tmp_path):
    arrays = [np.random.default_rng(i).standard_normal(30_000) for i in range(20)]
    path = tmp_path / "a.pkl.gz"
    path.write_bytes(gzip.compress(pickle.dumps(arrays), 1))
    (tree,) = open_file(str(path)).trees
    for index in (19, 3, 11):
        assert (tree.values.fetch(tree, index + 1) == arrays[index]).all()


def test_a_file_that_has_changed_gives_no_values(tmp_path):
    path = tmp_path / "a.pkl"
    tree = opened(np.ones(1000), path)
    path.write_bytes(pickle.dumps(np.zeros(2000)))
    with pytest.raises(EqxviewError, match="changed since it was opened"):
        tree.values.fetch(tree, 0)


@pytest.mark.parametrize("shape", [(3, 3), (2, -3), (2**62, 2**62), (1,) * 65, (2.0,), 6])
def test_a_shape_that_lies_about_its_bytes_is_told_and_not_counted(shape, tmp_path):
    class Lie:
        def __reduce__(self):
            function, arguments, (version, _, *rest) = np.ones((2, 3)).__reduce__()
            return function, arguments, (version, shape, *rest)

    path = tmp_path / "lie.pkl"
    path.write_bytes(pickle.dumps([Lie(), np.ones(2)]))
    (tree,) = open_file(str(path)).trees
    assert tree.has_flag(1, Flag.PROBLEM)
    assert tree.notes[1]
    assert tree.totals().nbytes <= 72 + 16
    with pytest.raises(EqxviewError):
        tree.values.fetch(tree, 1)


def test_an_array_of_jax_that_another_function_is_to_make_is_no_array(tmp_path):
    """JAX calls that function, whatever it is."""
    array = jnp.ones(3)

    class Hostile:
        def __reduce__(self):
            function, (_, *arguments) = array.__reduce__()
            return function, (print, *arguments)

    path = tmp_path / "hostile.pkl"
    path.write_bytes(pickle.dumps(Hostile()))
    found = open_file(str(path))
    assert found.trees[0].kind[0] != Kind.ARRAY
    assert "builtins.print" in found.imports
    assert any("not NumPy's" in warning for warning in found.warnings)
