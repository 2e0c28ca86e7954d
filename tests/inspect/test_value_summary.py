"""The numbers of one array: right, bounded, and there for every dtype."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eqxview.document import Facts, Note
from eqxview.inspect.value_summary import histogram_text, value_summary

numeric = hnp.arrays(
    st.one_of(
        hnp.boolean_dtypes(),
        hnp.integer_dtypes(),
        hnp.unsigned_integer_dtypes(),
        hnp.floating_dtypes(sizes=(16, 32, 64)),
        hnp.complex_number_dtypes(sizes=(64, 128)),
    ),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
)
anything = hnp.arrays(
    st.one_of(hnp.scalar_dtypes(), hnp.array_dtypes(max_size=2)),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
)


def facts(summary):
    return {
        fact.name: fact.value
        for part in summary.document().parts
        if isinstance(part, Facts)
        for fact in part.rows
    }


def notes(summary):
    return [part.text for part in summary.document().parts if isinstance(part, Note)]


@given(numeric)
def test_extremes_and_counts_are_those_of_numpy(array):
    summary = value_summary(array)
    with np.errstate(all="ignore"):
        finite = np.abs(array) if array.dtype.kind == "c" else array
        finite = finite[np.isfinite(array)] if array.size else finite
        assert summary.elements == array.size
        if finite.size:
            assert summary.minimum == finite.min()
            assert summary.maximum == finite.max()
            assert summary.zero == np.count_nonzero(array == 0)
        if array.dtype.kind in "fc" and array.size:
            assert summary.nan == np.isnan(array).sum()
            assert summary.infinite == np.isinf(array).sum()
        if summary.histogram:
            assert sum(summary.histogram) == finite.size
    summary.document()


@given(anything)
def test_every_dtype_is_described(array):
    document = value_summary(array).document()
    for part in document.parts:
        for text in (
            [part.text] if isinstance(part, Note) else [x for row in part.rows for x in row]
        ):
            assert str(text).isprintable()


def test_mean_and_spread_are_those_of_the_finite_values():
    summary = value_summary(np.array([1.0, 2.0, 3.0, np.nan, np.inf, -np.inf]))
    assert (summary.mean, summary.nan, summary.infinite) == (2.0, 1, 2)
    assert summary.std == pytest.approx(math.sqrt(2 / 3))
    assert "not finite: 1 NaN, 2 infinite" in notes(summary)


def test_the_spread_of_the_largest_floats_is_finite():
    summary = value_summary(np.array([1e308, -1e308]))
    assert summary.std == pytest.approx(1e308)
    assert summary.mean == 0.0


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "int4", "float16"])
def test_the_dtypes_of_jax_have_numbers(dtype):
    summary = value_summary(np.asarray(jnp.array([0, 1, 2, 3]).astype(dtype)))
    assert (summary.mean, summary.minimum, summary.maximum) == (1.5, 0, 3)
    assert summary.first == ("0", "1", "2", "3")


def test_a_few_whole_numbers_have_a_bin_each():
    assert value_summary(np.array([0, 0, 1, 3])).histogram == (2, 1, 0, 1)


def test_a_huge_array_is_sampled_and_says_so():
    array = np.zeros(1_000_000)
    array[500_000:] = 1.0
    summary = value_summary(array, max_elements=10_000)
    assert summary.looked_at <= 10_000
    assert summary.mean == pytest.approx(0.5, abs=0.02)
    assert notes(summary) == [
        f"the numbers are those of {summary.looked_at:,} of 1,000,000 elements, "
        "taken from 64 places"
    ]


def test_a_mapped_file_larger_than_memory_is_sampled(tmp_path):
    path = tmp_path / "huge.bin"
    with path.open("wb") as file:
        file.truncate(8 << 40)
    mapped = np.memmap(path, np.float32, mode="r")
    assert value_summary(mapped).mean == 0.0


def test_an_array_stored_by_columns_shows_its_first_row_first():
    array = np.asfortranarray(np.arange(6).reshape(2, 3))
    assert value_summary(array).first == ("0", "1", "2", "3", "4", "5")


def test_one_element_is_a_value_and_an_empty_array_says_that_it_is_empty():
    assert facts(value_summary(np.float32(2.5)))["value"] == "2.5"
    assert notes(value_summary(np.zeros((0, 3)))) == ["no values: the array is empty"]


def test_objects_are_not_asked_for_their_text():
    class Loud:
        def __repr__(self):
            raise AssertionError("asked")

        __str__ = __repr__

    assert value_summary(np.array([Loud()], dtype=object)).first == ("<Loud>",)


def test_a_histogram_shows_the_least_count_and_leaves_none_blank():
    assert histogram_text((1, 0, 1000)) == "▁ █"
