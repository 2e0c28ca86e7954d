"""The shortcut for arrays reads exactly what the machine reads, opcode by opcode."""

import io
import pickle
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readers.machine_runs import MemoryBytes, described, pickled_in_python, same_description

from eqxview.errors import UnreadableFile
from eqxview.readers.described.descriptions import ArrayDescription
from eqxview.readers.pickle.machine import FoldedAway, Machine
from eqxview.readers.pickle.opcodes import OPCODES


def many_arrays(count):
    """Arrays of every sort that the shortcuts know, and some that they do not, in a dict."""
    made = {
        "float32": jnp.ones((3, 5)),
        "weak": jnp.asarray(2.5),
        "bfloat16": jnp.zeros((300, 2), jnp.bfloat16),
        "deep": jnp.zeros((1, 2, 3, 1, 2)),
        "empty": jnp.zeros((0, 70_000)),
        "numpy": np.arange(6.0).reshape(2, 3),
        "column-major": np.asfortranarray(np.ones((3, 4))),
        "strided": np.ones((4, 4))[::2],
        "scalar": np.float64(1.5),
        "large": np.zeros(40_000),
    }
    kinds = list(made.items())
    return {f"{i} {name}": value.copy() for i in range(count) for name, value in [kinds[i % 10]]}


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_shortcuts_and_single_opcodes_describe_the_same(protocol):
    content = pickle.dumps(many_arrays(400), protocol)
    assert same_description(described(content), described(content, shortcuts=False))


def test_the_python_pickler_is_read_the_same_way_too():
    content = pickled_in_python(many_arrays(50), 4)
    assert same_description(described(content), described(content, shortcuts=False))


def test_a_hundred_thousand_arrays_are_described_the_same():
    block = [jnp.zeros((2, 3)), jnp.asarray(1.5), np.ones(4), jnp.ones(2, jnp.int32)]

    class Again:
        def __init__(self, number):
            self._number = number

        def __reduce__(self):
            return block[self._number].__reduce_ex__(5)

    content = pickle.dumps([Again(i % 4) for i in range(100_000)], 5)
    quick = described(content)
    assert same_description(quick, described(content, shortcuts=False))
    assert len(quick) == 100_000
    assert all(type(array) is ArrayDescription for array in quick)


@pytest.mark.parametrize(
    "array",
    [jnp.ones((2, 3)), jnp.ones((300, 100)), np.ones((300, 100)), np.ones((300, 600))],
    ids=["small", "of JAX, outside of frames", "outside of frames", "outside of the window"],
)
@pytest.mark.parametrize("protocol", [4, 5])
def test_shortcuts_are_taken(array, protocol):
    content = pickle.dumps([array.copy() for _ in range(50)], protocol)

    def opcodes_run_one_by_one(shortcuts):
        counted = [0]
        table = [
            opcode._replace(
                run=lambda m, run=opcode.run: (counted.__setitem__(0, counted[0] + 1), run(m))
            )
            for opcode in OPCODES
        ]
        Machine(MemoryBytes(content), shortcuts=shortcuts).run(table)
        return counted[0]

    assert opcodes_run_one_by_one(True) < opcodes_run_one_by_one(False) / 5


def test_a_tuple_that_a_shortcut_left_out_sends_the_machine_back(tmp_path):
    from eqxview.readers import open_file

    file = io.BytesIO()
    pickler = pickle.Pickler(file, 4)
    pickler.dump([jnp.ones((2,)), jnp.zeros((2,))])
    content = file.getvalue()
    # In the memo of the second array: (0,), then the arguments of `_reconstruct`.
    root = described(content, shortcuts=False)
    machine = Machine(MemoryBytes(content), shortcuts=False)
    machine.run(OPCODES)
    folded = max(i for i, value in enumerate(machine.memo) if value == (0,))
    asks = content[:-2] + bytes([ord("h"), folded]) + b"e."
    # The closing `e` comes one item later: nothing else changes.
    assert content[-2:] == b"e."
    with pytest.raises(FoldedAway):
        described(asks)
    again = described(asks, shortcuts=False)
    assert again[2] == (0,)
    assert same_description(again[:2], root)
    path = tmp_path / "asks.pkl"
    path.write_bytes(asks)
    (tree,) = open_file(str(path)).trees
    assert [tree.path(row) for row in tree.leaves()] == ["[0]", "[1]", "[2][0]"]


@cache
def large_arrays(kind, protocol):
    """A pickle of arrays of more than 64 KiB each, and the positions outside of their bytes."""
    make = jnp.asarray if kind == "JAX" else np.asarray
    arrays = {f"w{i}": make(np.full((170 + i, 100), i + 1, np.float32)) for i in range(4)}
    content = pickle.dumps(arrays, protocol)
    places, at = [], 0
    for array in arrays.values():
        stored = np.asarray(array).tobytes()
        begin = content.find(stored)
        places += range(at, begin)
        at = begin + len(stored)
    return content, [*places, *range(at, len(content))]


def outcome(content, shortcuts):
    """What the machine makes of `content`: a description, an error, what it says beside them."""
    machine = Machine(MemoryBytes(content), shortcuts=shortcuts)
    try:
        result, error = machine.run(OPCODES), ""
    except FoldedAway:
        return outcome(content, False)
    except UnreadableFile as broken:
        result, error = [machine.stack, *machine.marks], str(broken)
    return result, error, machine.record.warnings(), machine.record.imports()


def has_the_same_outcome(content):
    quick, slow = outcome(content, True), outcome(content, False)
    return same_description(quick[0], slow[0]) and quick[1:] == slow[1:]


@pytest.mark.parametrize("kind", ["JAX", "NumPy"])
@pytest.mark.parametrize("protocol", [4, 5])
def test_large_arrays_break_off_where_the_machine_has_them_break_off(kind, protocol):
    content, places = large_arrays(kind, protocol)
    assert [at for at in places if not has_the_same_outcome(content[:at])] == []


@settings(deadline=None)
@given(data=st.data(), kind=st.sampled_from(["JAX", "NumPy"]), protocol=st.sampled_from([4, 5]))
def test_damage_around_large_arrays_is_seen_as_the_machine_sees_it(data, kind, protocol):
    content, places = large_arrays(kind, protocol)
    content = bytearray(content)
    for at in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3)):
        content[at] = data.draw(st.integers(0, 255))
    assert has_the_same_outcome(bytes(content))
