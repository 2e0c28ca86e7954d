"""The shortcut for arrays reads exactly what the machine reads, opcode by opcode."""

import io
import pickle

import jax.numpy as jnp
import numpy as np
import pytest
from readers.machine_runs import MemoryBytes, described, pickled_in_python, same_description

from eqxview.readers.pickle.descriptions import ArrayDescription
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


def test_shortcuts_are_taken():
    content = pickle.dumps([jnp.full((2, 3), float(i)) for i in range(50)], 5)

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
