import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from eqxview.inspect.diff import array_difference as module
from eqxview.inspect.diff.array_difference import array_difference

shapes = npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
dtypes = st.sampled_from(["f4", "f8", "i1", "i8", "u8", "?", "c8"])


@st.composite
def pairs(draw):
    shape = draw(shapes)
    # Few different elements, so that they are equal now and then.
    is_small = draw(st.booleans())

    def one():
        dtype = draw(dtypes)
        few = st.booleans() if dtype == "?" else st.sampled_from([0, 1, 2])
        return draw(npst.arrays(dtype, shape, elements=few if is_small else None))

    return one(), one()


def naive(a, b):
    """Element by element, in Python's own numbers."""
    differing = not_finite = 0
    apart = []
    for x, y in zip(a.reshape(-1).tolist(), b.reshape(-1).tolist(), strict=True):
        is_nan = x != x and y != y
        if x == y or is_nan:
            continue
        differing += 1
        finite = all(math.isfinite(abs(complex(v))) for v in (x, y))
        not_finite += not finite
        if finite:
            apart.append(abs(x - y))
    return differing, not_finite, max(apart, default=None)


@given(pairs())
@settings(deadline=None, max_examples=300)
def test_the_counts_and_the_largest_difference_are_those_of_a_loop(pair):
    a, b = pair
    found = array_difference(a, b)
    differing, not_finite, largest = naive(a, b)
    if not differing:
        assert found is None
        return
    assert (found.elements, found.differing, found.not_finite) == (a.size, differing, not_finite)
    if largest is None:
        assert not found.max_abs
    elif a.dtype == b.dtype and a.dtype.kind in "iu":
        assert found.max_abs == largest
    else:
        assert found.max_abs == pytest.approx(float(largest), rel=1e-6, abs=1e-300)
        x, y = a[found.at].item(), b[found.at].item()
        assert abs(x - y) == pytest.approx(found.max_abs, rel=1e-6, abs=1e-300)


vectors = npst.arrays("f8", 7, elements=st.floats(-10, 10))


@given(vectors, vectors)
@settings(deadline=None)
def test_norm_and_angle_are_those_of_numpy(a, b):
    found = array_difference(a, b)
    if found is None:
        assert np.array_equal(a, b)
        return
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if min(norms) < 1e-100:
        return
    assert found.relative_l2 == pytest.approx(np.linalg.norm(a - b) / norms[0], rel=1e-9, abs=1e-12)
    assert found.cosine == pytest.approx(a @ b / (norms[0] * norms[1]), rel=1e-9, abs=1e-9)


@given(pairs())
@settings(deadline=None, max_examples=100)
def test_chunks_change_nothing(pair):
    whole = array_difference(*pair)
    size = module.CHUNK
    module.CHUNK = 3
    try:
        pieces = array_difference(*pair)
    finally:
        module.CHUNK = size
    if whole is None or pieces is None:
        assert whole is pieces
        return
    assert pieces._replace(relative_l2=None, cosine=None) == whole._replace(
        relative_l2=None, cosine=None
    )
    for one, other in zip(pieces[4:6], whole[4:6], strict=True):
        if other is None:
            assert one is None
            continue
        assert one == pytest.approx(other, rel=1e-6, nan_ok=True)


def test_nan_equals_nan_and_zero_equals_minus_zero():
    assert array_difference(np.array([np.nan, 0.0]), np.array([np.nan, -0.0])) is None


def test_what_is_not_finite_on_one_side_is_counted_and_left_out_of_the_numbers():
    found = array_difference(np.array([1.0, np.nan, np.inf]), np.array([1.5, 2.0, -np.inf]))
    assert (found.differing, found.not_finite, found.max_abs, found.at) == (3, 2, 0.5, (0,))


def test_large_integers_are_told_apart_to_the_last_digit():
    a = np.array([2**63 - 1, -(2**63)], np.int64)
    assert array_difference(a, a - np.array([1, 0])).max_abs == 1
    assert array_difference(a, a[::-1]).max_abs == 2**64 - 1


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_extreme_floats_have_a_norm_and_an_angle(size):
    found = array_difference(np.array([size, 0.0]), np.array([0.0, size]))
    assert found.relative_l2 == pytest.approx(math.sqrt(2))
    assert found.cosine == 0


def test_the_distance_from_zeros_is_infinite_and_has_no_angle():
    found = array_difference(np.zeros(2), np.ones(2))
    assert (found.relative_l2, found.cosine) == (math.inf, None)


def test_two_float_types_are_compared_as_numbers():
    a = np.array([1.0, 2.5], np.float32)
    assert array_difference(a, a.astype(ml_dtypes.bfloat16)) is None
    assert array_difference(a, np.array([1.0, 3.0], ml_dtypes.bfloat16)).max_abs == 0.5


@pytest.mark.parametrize(
    "pair",
    [
        (np.array([b"ab", b"c"]), np.array([b"ab", b"d"])),
        (np.array(["ab", "c"]), np.array(["abc", "c"])),
        (np.array([1, 2], "M8[s]"), np.array([1, 3], "M8[s]")),
        (np.array([(1, 2.0), (2, 3.0)], "i4,f4"), np.array([(1, 2.0), (2, 4.0)], "i4,f4")),
    ],
    ids=["bytes", "text", "dates", "records"],
)
def test_what_is_no_number_is_counted(pair):
    found = array_difference(*pair)
    assert (found.elements, found.differing, found.max_abs) == (2, 1, None)
    assert array_difference(pair[0], pair[0].copy()) is None


def test_objects_are_not_compared_for_that_would_run_their_code():
    class Loud:
        def __eq__(self, other):
            raise AssertionError("somebody's code was run")

        __hash__ = None

    array = np.array([Loud()], object)
    with pytest.raises(TypeError, match="not compared"):
        array_difference(array, array.copy())
