"""What filters select, and what is said of those that cannot be understood."""

import re
from collections import OrderedDict

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from million_leaves import tree_of_leaves
from pytrees import leaves, pytrees
from small_and_large import both_ways as both_ways

import eqxcore
from eqxview.inspect import masks
from eqxview.inspect.filters import FilterError, parse_filter
from eqxview.inspect.filters.path_text import rows_with_path_text
from eqxview.inspect.masks import members
from eqxview.readers.described.dtypes import ML_DTYPES
from eqxview.tree.live import tree_of
from eqxview.tree.wording import short_dtype


class Attention(eqxcore.Module):
    query: jax.Array
    bias: jax.Array | None
    heads: int = eqxcore.field(static=True)


SHARED = jnp.zeros((8, 2))
MODEL = OrderedDict(
    embed=SHARED,
    blocks=[
        Attention(jnp.zeros((4, 2), jnp.bfloat16), jnp.zeros(4), 2),
        Attention(jnp.zeros((4, 2), jnp.bfloat16), None, 2),
    ],
    head={"kernel": np.zeros((2, 3)), "bias": np.zeros(3, np.int32), "scale": jnp.asarray(1.0)},
    act=jax.nn.relu,
    rate=0.5,
    name="model",
    unembed=SHARED,
)
TREE = tree_of(MODEL)


def selected(text, tree=TREE):
    """The paths of the leaves that a filter selects, quotes and brackets of keys left out."""
    rows = members(parse_filter(text).leaves(tree))
    return " ".join(re.sub(r"\['(\w+)'\]", r"/\1", tree.path(row)) for row in rows)


QUERIES = "/blocks[0].query /blocks[1].query"
STATIC = "/act /rate /name"
ARRAYS = (
    "/embed /blocks[0].query /blocks[0].bias /blocks[1].query "
    "/head/bias /head/kernel /head/scale /unembed"
)

CASES = {
    "is_array": ARRAYS,
    "eqx.is_array": ARRAYS,
    "is_inexact_array": ARRAYS.replace(" /head/bias", ""),
    "is_array_like !is_array": "/rate",
    "True": ARRAYS.replace("/unembed", f"{STATIC} /unembed"),
    "False": "",
    # paths
    "**.bias": "/blocks[0].bias /head/bias",
    "**['bias']": "/head/bias",
    "['blocks'][0].query": "/blocks[0].query",
    ".blocks[*].query": QUERIES,
    ".blocks[1:].*": "/blocks[1].query",
    ".blocks[0]": "/blocks[0].query /blocks[0].bias",
    ".bl*.**.q*y": QUERIES,
    "*": ARRAYS.replace("/unembed", f"{STATIC} /unembed"),
    "*[0]": "/blocks[0].query /blocks[0].bias",
    "**.?ias": "/blocks[0].bias /head/bias",
    ".head['k*']": "/head/kernel",
    ".nothing": "",
    "path=.blocks[1]": "/blocks[1].query",
    'path~"\'][1].q"': "/blocks[1].query",
    "path~[1": "/blocks[1].query",
    "path~QUERY": "",
    "path~query": QUERIES,
    "path !~query is_array": ARRAYS.replace(QUERIES.split()[0] + " ", "").replace(
        "/blocks[1].query ", ""
    ),
    # names
    "name=bias": "/blocks[0].bias /head/bias",
    "name=b*": "/blocks[0].bias /head/bias",
    "name~ERN": "",
    "name~ern": "/head/kernel",
    # dtypes, shapes, sizes
    "dtype=bf16": QUERIES,
    "dtype=bfloat16": QUERIES,
    "dtype=f*": "/embed /blocks[0].bias /head/kernel /head/scale /unembed",
    "dtype=int": "/head/bias",
    "dtype=inexact": ARRAYS.replace(" /head/bias", ""),
    "dtype~16": QUERIES,
    "shape=[4,*]": QUERIES,
    "shape=[ 4, 2 ]": QUERIES,
    "shape=(4,2)": QUERIES,
    "shape=(4,)": "/blocks[0].bias",
    "shape=[]": "/head/scale",
    "shape=[...,2]": f"/embed {QUERIES} /unembed",
    "shape=[8,...,2]": "/embed /unembed",
    "shape=[4,...,4]": "",
    "ndim>=2 ndim<3": f"/embed {QUERIES} /head/kernel /unembed",
    "ndim=0": "/head/scale",
    "ndim!=0 !ndim>0": STATIC,
    "bytes>48B": "/embed /unembed",
    "bytes>=0.0625KB": "/embed /unembed",
    "bytes = 64": "/embed /unembed",
    "elements<=3": "/head/bias /head/scale",
    "elements>1e1": "/embed /unembed",
    # what a leaf is
    "role=static": STATIC,
    "role=dynamic dtype=f64": "/head/kernel",
    "role=static-field": "",
    "kind=function": "/act",
    "type=float": "/rate",
    "under=Attention": "/blocks[0].query /blocks[0].bias /blocks[1].query",
    "value~relu": "/act",
    "value=\"'model'\"": "/name",
    "hash=identity": "/act",
    "tied=yes": "/embed /unembed",
    "tied=no under=Attention": "/blocks[0].query /blocks[0].bias /blocks[1].query",
    "device=cpu:0 ndim=1": "/blocks[0].bias",
    "committed=yes": "",
    # together
    "dtype=bf16 path~[1]": "/blocks[1].query",
    "dtype=bf16 and path~[1]": "/blocks[1].query",
    "dtype=bf16 & path~[1]": "/blocks[1].query",
    "name=act or name=rate and False": "/act",
    "(name=act or name=rate) and False": "",
    "name=act | name=rate": "/act /rate",
    "not is_array": STATIC,
    "!!not is_array": STATIC,
    "not (is_array or name=act)": "/rate /name",
    "not is_array name=act": "/act",
}


@pytest.mark.parametrize("text", CASES)
def test_a_filter_selects_the_leaves_it_means(text, both_ways):
    assert selected(text) == CASES[text]


COMPLAINTS = {
    "": (0, "found the end"),
    "  ": (2, "found the end"),
    "is_aray": (0, "there is no predicate 'is_aray'", "did you mean 'is_array'?"),
    "dtype": (0, "dtype needs an operator and a value", "dtype=f32"),
    "dtyp=f32": (0, "there is no clause 'dtyp'", "did you mean 'dtype'?"),
    "is_array dtype=": (15, "dtype= has no value", "dtype=f32"),
    "dtype>f32": (5, "dtype has no operator '>'", "= != ~ !~"),
    "dtype=f33": (6, "there is no dtype 'f33'", "did you mean 'f32'?", "float, complex"),
    "dtype!=flaot32": (7, "there is no dtype 'flaot32'", "did you mean 'float32'?"),
    "is_array dtype=flot*": (15, "there is no dtype 'flot*'"),
    "dtype=inxact": (6, "there is no dtype 'inxact'", "did you mean 'inexact'?"),
    "bytes>big": (6, "bytes takes a number, not 'big'"),
    "shape=4": (6, "'4' is no shape", "[4,2]"),
    "shape=[4,-1]": (6, "'[4,-1]' is no shape"),
    "shape=[...,...]": (6, "is no shape"),
    "role=frozen": (5, "role is never 'frozen'", "static-leaf"),
    "weak=maybe": (5, "weak is never 'maybe'", "yes, no"),
    "(is_array": (0, "this '(' is never closed"),
    "is_array)": (8, "')' closes nothing"),
    "is_array or": (11, "found the end"),
    "and is_array": (0, "found 'and is_array'"),
    ".a[": (0, "'.a[' is never closed", "]"),
    ".a..b": (2, "expected a step of a path, found '.'", "** for many"),
    "is_array .a b.c": (12, "there is no predicate 'b.c'", "a path begins with"),
    "%": (0, "found '%'"),
    "(" * 80: (50, "more than 50 levels deep"),
    "!" * 5_000: (50, "more than 50 levels deep"),
}


@pytest.mark.parametrize("text", COMPLAINTS, ids=lambda text: text[:20] or "nothing")
def test_what_is_no_filter_is_refused_with_the_place_and_the_choices(text):
    position, what, *hint = COMPLAINTS[text]
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert caught.value.position == position
    assert what in str(caught.value)
    assert f"character {position + 1}:" in str(caught.value)
    assert all(part in caught.value.hint for part in hint)


@settings(deadline=None)
@given(st.text(max_size=30) | st.text(alphabet=".[]()'\"*!=~<>|& aor0", max_size=30))
def test_any_text_is_a_filter_or_is_refused_as_none(text):
    try:
        chosen = parse_filter(text)
        position = 0
    except FilterError as error:
        chosen, position = None, error.position
    assert 0 <= position <= len(text)
    assert chosen is None or len(chosen.leaves(TREE)) == len(TREE)


PREDICATES = ("is_array", "is_inexact_array", "is_array_like", "is_inexact_array_like")

ODD_LEAVES = st.sampled_from(
    [
        np.ones(3, ml_dtypes.bfloat16),
        np.ones(3, ml_dtypes.float8_e4m3fn),
        jnp.ones(3, jnp.float8_e4m3fn),
        jax.random.key(0),
        np.ones(2, ">f4"),
        np.ones(2, ">i4"),
        np.longdouble(2),
        np.zeros(2, jax.dtypes.float0),
        np.array(["a"]),
        np.array([None]),
        jax.ShapeDtypeStruct((2,), jnp.float32),
    ]
)


@settings(deadline=None)
@given(pytrees | st.lists(leaves | ODD_LEAVES))
def test_a_predicate_says_of_the_tree_what_its_function_says_of_the_objects(pytree):
    tree = tree_of(pytree)
    rows = list(tree.leaves())
    for name in PREDICATES:
        function = getattr(eqxcore, name)
        expected = [function(leaf) for leaf in jax.tree_util.tree_leaves(pytree)]
        found = parse_filter(name).leaves(tree)
        assert [bool(found[row]) for row in rows] == expected, name


NEEDLES = st.text(alphabet=".[]'abdeiklnr012", min_size=1, max_size=5)


@settings(deadline=None)
@given(pytrees, NEEDLES, st.booleans())
def test_text_in_a_path_is_found_as_if_every_path_were_written_out(pytree, needle, ignore_case):
    tree = tree_of({"kernel": pytree, "a.b[0]": [pytree]})
    fold = str.lower if ignore_case else str
    expected = [row for row in range(len(tree)) if needle in fold(tree.path(row))]
    found = rows_with_path_text(tree, needle, ignore_case=ignore_case)
    assert list(members(found)) == expected


@settings(deadline=None)
@given(pytrees)
def test_the_path_of_a_node_selects_what_is_below_it_and_nothing_else(pytree):
    tree = tree_of([pytree, {"it": pytree}])
    for row in range(1, len(tree)):
        path = tree.path(row)
        if not _is_plain(path):
            continue
        found = list(members(parse_filter(path).rows(tree)))
        assert found == list(range(row, tree.end[row]))


@pytest.mark.parametrize(
    "array",
    [
        *(np.zeros(1, dtype) for dtype in "?bBhHiIlLqQefdgFDGSUVO"),
        *(np.zeros(1, dtype) for dtype in (">f4", "<M8", "m8[ns]", "S3", "U3", "V3")),
        np.zeros(1, [("a", "<f4"), ("b", "<i2", (2,))]),
        *(np.zeros(1, getattr(ml_dtypes, name)) for name in ML_DTYPES),
        np.zeros(1, jax.dtypes.float0),
        np.array(["a"], np.dtypes.StringDType()),
        jax.random.key(0),
        jax.random.key(0, impl="rbg"),
        jnp.zeros(1, jnp.int4),
    ],
    ids=lambda array: str(array.dtype),
)
def test_every_dtype_that_an_array_has_can_be_asked_for(array):
    """Dtypes that are no clause's own are refused: one that exists must never be among them."""
    tree = tree_of([array, "text"])
    assert selected(f'dtype="{tree.dtypes[0]}"', tree) == "[0]"
    assert selected(f'dtype="{short_dtype(tree.dtypes[0])}"', tree) == "[0]"


def _is_plain(path):
    """Whether the path has no key that is odd."""
    return re.fullmatch(r"(\[\d+\]|\['\w*'\]|\.\w+)*", path) is not None


def test_a_filter_of_columns_counts_right_among_a_million_leaves():
    """What an answer takes is measured by `benchmarks/answers.py`."""
    tree = tree_of_leaves(1_000_000)
    text = "dtype=f32 path~attn bytes>1KB or (role=static not name=b) shape=[4,*]"
    assert masks.size(parse_filter(text).leaves(tree)) == 125_000
