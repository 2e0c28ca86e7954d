"""A log is plain data: it survives a trip through JSON, and says when it did not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqxview.errors import UnreadableFile
from eqxview.watching import CAUSES, Compile, Constant, Difference, Log, Seconds, Site, Stale

_texts = st.text(max_size=8)
_durations = st.floats(0, 100, allow_nan=False)
_sites = st.none() | st.builds(Site, _texts, st.integers(1, 999), _texts)
_differences = st.builds(
    Difference, _texts, st.sampled_from(sorted(CAUSES)), _texts, _texts, _sites
)
_constants = st.builds(
    Constant,
    _texts,
    _texts,
    st.integers(0, 2**40),
    _texts,
    st.sampled_from(["closure", "global", "default", "partial", "self", "callable", ""]),
    _texts,
)
_compiles = st.builds(
    Compile,
    name=_texts,
    kind=st.sampled_from(["function", "operation", "other"]),
    number=st.integers(1, 99),
    seconds=st.builds(Seconds, _durations, _durations, _durations),
    site=_sites,
    source=_sites,
    at=_durations,
    from_disk=st.booleans(),
    leaves=st.integers(0, 99),
    differences=st.lists(_differences, max_size=3).map(tuple),
    constants=st.lists(_constants, max_size=3).map(tuple),
)
_stale = st.builds(
    Stale, _texts, _sites, _durations, st.lists(_differences, min_size=1, max_size=2).map(tuple)
)
logs = st.builds(
    Log,
    st.lists(_compiles, max_size=4).map(tuple),
    _durations,
    st.booleans(),
    st.lists(_texts, max_size=2).map(tuple),
    _texts,
    st.lists(_stale, max_size=2).map(tuple),
)


@given(logs)
def test_a_log_survives_json(log: Log):
    assert Log.from_json(log.to_json()) == log


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not JSON"),
        ("[]", "no compile log"),
        ('{"format": "something else"}', "no compile log"),
        ('{"format": "eqxview compile log", "version": 99}', "version 99"),
        ('{"format": "eqxview compile log", "version": 1}', "damaged"),
        (
            '{"format": "eqxview compile log", "version": 1, "compiles": [{}], "seconds": 1}',
            "damaged",
        ),
    ],
)
def test_anything_else_is_no_log(text: str, complaint: str):
    with pytest.raises(UnreadableFile, match=complaint):
        Log.from_json(text)


def test_every_cut_of_a_log_is_told():
    text = Log((), 1.0).to_json()
    for end in range(len(text)):
        with pytest.raises(UnreadableFile):
            Log.from_json(text[:end])


def test_a_log_is_readable_without_eqxview():
    data = json.loads(Log((), 1.5, jax="0.10").to_json())
    assert (data["format"], data["seconds"], data["jax"]) == ("eqxview compile log", 1.5, "0.10")


@pytest.mark.parametrize("word", CAUSES)
def test_every_cause_says_what_it_means(word: str):
    meaning = CAUSES[word].meaning
    assert meaning.split()[0] in {"is", "has", "does", "was"}
