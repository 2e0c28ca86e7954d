"""Files of joblib, with the bytes of their arrays between the opcodes.

`arrays.joblib` and `arrays.joblib.z` were made by joblib 1.6.0 from

    a = np.arange(6.0).reshape(2, 3)
    value = {"w": a, "f": np.asfortranarray(a), "again": a,
             "o": np.array([1, "x", None], object),
             "s": np.float32(1), "e": np.zeros((0, 3)), "z": np.zeros(())}
    joblib.dump(value, "arrays.joblib"), joblib.dump(value, "arrays.joblib.z", compress=3)
"""

from pathlib import Path

import numpy as np
import pytest

from eqxview.readers import open_file
from eqxview.tree.kinds import Flag

HERE = Path(__file__).parent
EXPECTED = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("name", ["arrays.joblib", "arrays.joblib.z"])
def test_arrays_of_joblib_are_arrays(name):
    found = open_file(str(HERE / name))
    assert found.error is None
    assert found.warnings == ()
    (tree,) = found.trees
    rows = {tree.path(row): row for row in range(len(tree))}
    assert {path: tree.array_shape(row) for path, row in rows.items() if path} == {
        "['again']": (2, 3),
        "['e']": (0, 3),
        "['f']": (2, 3),
        "['o']": (3,),
        "['s']": (),
        "['w']": (2, 3),
        "['z']": (),
    }
    assert tree.dtype_name(rows["['o']"]) == "object"
    assert tree.has_flag(rows["['f']"], Flag.FORTRAN)
    for path in ("['w']", "['f']", "['again']"):
        assert (tree.values.fetch(tree, rows[path]) == EXPECTED).all()


def test_a_file_of_joblib_that_breaks_off_shows_what_came_before(tmp_path):
    content = (HERE / "arrays.joblib").read_bytes()
    path = tmp_path / "cut.joblib"
    path.write_bytes(content[: content.index(b"again")])
    found = open_file(str(path))
    assert found.error is not None
    (tree,) = found.trees
    assert tree.array_shape(tree.find("['w']")) == (2, 3)
    assert tree.array_shape(tree.find("['f']")) == (2, 3)


@pytest.mark.parametrize(
    "shape",
    [b"K\xff\x8b\x08\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f", b"K\x02J\xff\xff\xff\xff"],
)
def test_a_shape_that_lies_ends_the_reading(shape, tmp_path):
    content = (HERE / "arrays.joblib").read_bytes()
    path = tmp_path / "lies.joblib"
    path.write_bytes(content.replace(b"K\x02K\x03", shape, 1))
    found = open_file(str(path))
    assert found.error is not None
    assert found.error.hint
