import pytest

from eqxview.tree.wording import array_type, byte_size, counted, short_count, short_dtype


@pytest.mark.parametrize(
    ("dtype", "short"),
    [
        ("float32", "f32"),
        ("bfloat16", "bf16"),
        ("int8", "i8"),
        ("uint64", "u64"),
        ("complex128", "c128"),
        ("bool", "bool"),
        ("float8_e4m3fn", "f8_e4m3fn"),
        ("int4", "i4"),
        ("key<fry>", "key<fry>"),
        ("object", "object"),
        ("<U3", "<U3"),
    ],
)
def test_dtypes_are_shortened(dtype, short):
    assert short_dtype(dtype) == short


def test_an_array_type_shows_shape_and_weak_type():
    assert array_type("float32", (5, 3)) == "f32[5,3]"
    assert array_type("float32", (), weak=True) == "f32w[]"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (1536, "1.5 KB"),
        (97_500_000, "93.0 MB"),
        (2**50, "1.0 PB"),
        (2**62, "4096.0 PB"),
    ],
)
def test_bytes_have_a_unit(count, text):
    assert byte_size(count) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (9_500, "9.5K"), (25_557_032, "25.6M")]
)
def test_counts_have_a_unit(count, text):
    assert short_count(count) == text


def test_nouns_agree_with_their_number():
    assert counted(1, "leaf") == "1 leaf"
    assert counted(1204, "other leaf") == "1,204 other leaves"
    assert counted(0, "array") == "0 arrays"
