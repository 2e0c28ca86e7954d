import itertools
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from golden_files import check_golden
from hypothesis import given, settings
from pytrees import pytrees

from eqxview import placement
from eqxview.cli.main import run
from eqxview.document import Bars
from eqxview.inspect.placement.report import MAX_BARS, PlacementReport
from eqxview.inspect.placement.survey import Home
from eqxview.tree.live import tree_of


@pytest.fixture(scope="module")
def answers():
    """What a process with eight devices says of its trees."""
    script = Path(__file__).with_name("sharded_trees.py")
    process = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def part(answer, title):
    return next(p for p in answer["document"]["parts"] if p.get("title", "").startswith(title))


def rows(answer, title, *columns):
    table = part(answer, title)
    names = [column["name"] for column in table["columns"]]
    return [tuple(row[names.index(column)] for column in columns) for row in table["rows"]]


def notes(answer):
    return [(p["level"], p["text"]) for p in answer["document"]["parts"] if p["kind"] == "note"]


def test_each_way_of_sharding_is_a_row_with_its_spec_and_copies(answers):
    found = rows(answers["model"], "placements", "placement", "arrays", "copies", "a device")
    assert found == [
        ("cpu×8* P('data', 'model')", 1, 1, 64),
        ("cpu×8* P('model')", 1, 2, 16),
        ("cpu×8* P()", 2, 8, 128),
        ("cpu×8* P('data')", 2, 4, 128),
    ]


def test_whole_axes_at_the_end_of_a_spec_make_no_other_placement(answers):
    found = rows(answers["model"], "where they are", "subtree", "placement")
    assert ("['layers'][0]['bias']", "cpu×8* P()") in found
    assert ("['layers'][1]['bias']", "cpu×8* P()") in found


def test_a_leaf_tells_the_shape_of_its_shard(answers):
    found = dict(rows(answers["model"], "where they are", "subtree", "shard"))
    assert found["['both']"] == "f32[4,4]"
    assert found["['keys']"] == "key<fry>[2]"


@pytest.mark.parametrize("name", ["odd", "mixed", "tied", "three axes", "empty axis", "fused"])
def test_bytes_on_each_device_are_those_of_its_shards(name, answers):
    answer = answers[name]
    told = {device.removeprefix("cpu:"): nbytes for device, nbytes in answer["bytes"].items()}
    assert told == {device: n for device, n in answer["measured"].items() if device in told}
    assert sum(told.values()) == sum(answer["measured"].values())


def test_replicated_bytes_are_those_held_more_than_once(answers):
    # Keys: 64 bytes cut by 4, on 8 devices. Biases: 2 of 64 bytes, eight times. Weights: 2 of
    # 128 bytes, cut by 2.
    assert answers["model"]["replicated"] == 64 + 2 * 64 * 7 + 2 * 128 * 3
    assert answers["fused"]["replicated"] == 0


def test_the_lone_array_on_another_device_comes_first(answers):
    found = rows(answers["odd"], "where they are", "subtree", "placement", "arrays")
    assert found == [("['mean']", "cpu:3*", 1), ("['layers']", "cpu:0*", 5)]


@pytest.mark.parametrize(
    "name", ["model", "odd", "mixed", "pulled", "agreeing", "host", "tied", "fused"]
)
def test_an_error_is_told_exactly_where_jax_refuses_the_call(name, answers):
    answer = answers[name]
    told = any(level == "error" for level, _ in notes(answer))
    assert told is not answer["takes_together"]


def test_a_committed_array_that_pulls_the_others_to_its_device_is_told(answers):
    ((level, text),) = notes(answers["pulled"])
    assert level == "warning"
    assert "runs on cpu:2" in text
    assert "1 array on cpu:0" in text
    assert notes(answers["agreeing"]) == []


def test_numpy_arrays_beside_device_arrays_are_told_with_their_bytes(answers):
    ((_, text),) = notes(answers["host"])
    assert text.startswith("1 NumPy array on the host: 24 B")
    assert answers["host"]["bytes"] == {"cpu:0": 16, "host": 24}


def test_two_cut_axes_are_drawn_down_and_across(answers):
    assert answers["model"]["drawings"]["['both']"] == {
        "columns": ["axis 0", "axis 1: 0:4", "axis 1: 4:8", "axis 1: 8:12", "axis 1: 12:16"],
        "rows": [
            ["0:4", "cpu:0", "cpu:1", "cpu:2", "cpu:3"],
            ["4:8", "cpu:4", "cpu:5", "cpu:6", "cpu:7"],
        ],
    }


def test_copies_of_a_block_stand_in_one_cell(answers):
    assert answers["model"]["drawings"]["['keys']"] == {
        "columns": ["axis 0", "devices"],
        "rows": [
            ["0:2", "cpu:0 cpu:4"],
            ["2:4", "cpu:1 cpu:5"],
            ["4:6", "cpu:2 cpu:6"],
            ["6:8", "cpu:3 cpu:7"],
        ],
    }


def test_axes_that_are_not_cut_are_not_drawn(answers):
    assert answers["three axes"]["drawings"]["['a']"] == {
        "columns": ["axis 1", "axis 2: 0:4", "axis 2: 4:8"],
        "rows": [
            ["0:1", "cpu:0", "cpu:4"],
            ["1:2", "cpu:1", "cpu:5"],
            ["2:3", "cpu:2", "cpu:6"],
            ["3:4", "cpu:3", "cpu:7"],
        ],
    }


def test_an_axis_cut_by_two_mesh_axes_has_all_their_blocks(answers):
    rows = answers["fused"]["drawings"]["['a']"]["rows"]
    assert rows == [[f"{2 * device}:{2 * device + 2}", f"cpu:{device}"] for device in range(8)]


def test_the_detail_of_an_array_tells_its_shards_and_draws_them(answers):
    facts, drawing = answers["model"]["detail"]["parts"]
    told = {fact["name"]: fact["value"] for fact in facts["facts"]}
    assert told["shards"] == "8 shards of f32[4,4]"
    assert drawing["rows"][0] == ["0:4", "cpu:0", "cpu:1", "cpu:2", "cpu:3"]
    facts, _ = answers["mixed"]["detail"]["parts"]
    told = {fact["name"]: fact["value"] for fact in facts["facts"]}
    assert told["shards"] == "2 shards of f32[4], 4 copies of each"


@pytest.mark.parametrize("name", ["model", "odd"])
def test_the_report_as_text_is_the_golden_one(name, answers):
    check_golden(f"inspect/placement_{name}.txt", "\n".join(answers[name]["text"]) + "\n")


def test_a_file_does_not_tell_and_says_so(model_file, capsys):
    assert run([str(model_file), "--json", "--view", "placement"]) == 0
    document = json.loads(capsys.readouterr().out)["documents"][0]
    facts, note = document["parts"]
    assert facts["facts"] == [
        {"name": "arrays", "value": 6, "unit": "count"},
        {"name": "bytes", "value": 188, "unit": "bytes"},
    ]
    assert note["text"].startswith("a file does not tell where its arrays live (6 arrays)")


@given(pytrees)
@settings(deadline=None, max_examples=50)
def test_every_array_leaf_is_in_one_group_and_in_one_subtree(pytree):
    report = placement(tree_of(pytree))
    totals = report.tree.totals()
    assert sum(group.leaves for group in report.groups) == totals.arrays
    assert report.nbytes == totals.nbytes
    covered = sorted((s.row, report.tree.end[s.row]) for s in report.survey.subtrees)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(covered))
    assert sum(s.leaves for s in report.survey.subtrees) == totals.arrays
    assert all(report.groups[s.group].leaves >= s.leaves for s in report.survey.subtrees)


def test_a_deleted_array_takes_no_bytes_and_is_told():
    array = jnp.zeros(8)
    array.delete()
    report = placement([array, jnp.zeros(2)])
    assert report.bytes_by_device == (("cpu:0", 8),)
    assert [group.home for group in report.groups] == [Home.DELETED, Home.DEVICE]


def test_tracers_are_placed_when_the_program_runs():
    seen = []

    @jax.jit
    def program(x):
        seen.append(placement({"x": x, "host": np.zeros(2)}))
        return x

    program(jnp.zeros(3))
    assert {group.home for group in seen[0].groups} == {Home.TRACER, Home.HOST}


def test_a_report_keeps_no_array_alive():
    import gc
    import weakref

    array = jnp.zeros(8)
    report = placement([array])
    gone = weakref.ref(array)
    del array
    gc.collect()
    assert gone() is None
    assert report.nbytes == 32


def test_of_many_devices_the_fullest_and_the_emptiest_are_drawn():
    groups = placement([]).survey
    amounts = tuple((f"tpu:{number}", 1000 + number) for number in range(512))
    report = PlacementReport(tree_of([]), replace(groups, bytes_by_device=amounts))
    bars = next(part for part in report.document().parts if isinstance(part, Bars))
    assert len(bars.rows) == MAX_BARS
    assert (bars.rows[0].name, bars.rows[-1].name) == ("tpu:0", "tpu:511")


def test_a_file_is_asked_where_its_arrays_live_without_jax_or_numpy(model_file):
    code = (
        "import sys; from eqxview.cli.main import run; "
        f"run([{str(model_file)!r}, '--view', 'placement', '--print']); "
        "print('LOADED', [m for m in ('jax', 'numpy', 'textual', 'rich') if m in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.rpartition("LOADED ")[2].strip() == "[]"
