import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqxview.tree.key_path import Step, elide_middle, parse_key_path

literal_keys = st.text() | st.integers() | st.booleans() | st.tuples(st.text(), st.integers())
steps = st.lists(
    st.builds(Step, st.just("attribute"), st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True))
    | st.builds(Step, st.just("item"), literal_keys)
    | st.builds(Step, st.just("flat"), st.integers(0, 99))
)


def jax_key(step):
    tree_util = jax.tree_util
    if step.kind == "attribute":
        return tree_util.GetAttrKey(step.value)
    if step.kind == "flat":
        return tree_util.FlattenedIndexKey(step.value)
    return tree_util.DictKey(step.value)


@given(steps)
def test_what_keystr_prints_is_parsed_back(steps):
    path = jax.tree_util.keystr(tuple(jax_key(step) for step in steps))
    assert parse_key_path(path) == tuple(steps)


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("layers", "expected '.name' or '[key]' at character 0"),
        (".a[1", "never closed"),
        (".a[b]", "no literal key"),
        (".a['b]", "never closed"),
        (".", "expected"),
    ],
)
def test_what_is_no_key_path_is_refused_with_the_place(path, complaint):
    with pytest.raises(ValueError, match=r"key path") as caught:
        parse_key_path(path)
    assert complaint in str(caught.value)


ENTRIES = [".blocks", "[11]", ".attention", ".query", ".weight"]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (80, ".blocks[11].attention.query.weight"),
        (34, ".blocks[11].attention.query.weight"),
        (33, ".blocks….attention.query.weight"),
        (24, "….attention.query.weight"),
        (20, ".blocks….weight"),
        (13, "….weight"),
        (6, "…eight"),
        (1, "…"),
    ],
)
def test_a_path_is_elided_in_the_middle_and_between_names(width, expected):
    assert elide_middle(ENTRIES, width) == expected


@given(st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=30), st.integers(1, 60))
def test_an_elided_path_fits_and_keeps_the_last_name_where_there_is_room(entries, width):
    shown = elide_middle(entries, width)
    assert len(shown) <= width
    if width > len(entries[-1]):
        assert shown.endswith(entries[-1])
