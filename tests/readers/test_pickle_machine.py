"""The machine describes what `pickle.load` would build, opcode by opcode, and calls nothing."""

import pickle
import pickletools
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readers.machine_runs import MemoryBytes, described, pickled_in_python, value_of

from eqxview.errors import LimitExceeded, UnreadableFile
from eqxview.limits import Limits
from eqxview.readers.described.descriptions import Call, Extension, PersistentId, Reference
from eqxview.readers.pickle.machine import Machine
from eqxview.readers.pickle.opcodes import OPCODES

plain = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False)
    | st.text(max_size=10)
    | st.binary(max_size=300)
    | st.sampled_from(["é" * 5000, b"\xff" * 5000, "\ud800", 2**9000, -(2**9000), bytearray(b"ab")])
)
hashable = st.integers() | st.text(max_size=5)
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=5).map(tuple),
        st.dictionaries(hashable, inner, max_size=4),
        st.sets(hashable, max_size=4),
        st.frozensets(hashable, max_size=4),
        inner.map(lambda item: [item, item]),
    ),
    max_leaves=15,
)


@given(values, st.integers(0, 5), st.booleans())
@settings(deadline=None)
def test_what_is_described_is_what_was_pickled(value, protocol, in_python):
    dump = pickled_in_python if in_python else pickle.dumps
    content = dump(value, protocol)
    assert value_of(described(content), content) == value


def test_every_opcode_of_the_language_has_its_name_and_a_meaning():
    known = {ord(opcode.code): opcode.name for opcode in pickletools.opcodes}
    assert {code: opcode.name for code, opcode in enumerate(OPCODES) if code in known} == known
    unknown = [opcode.name for code, opcode in enumerate(OPCODES) if code not in known]
    assert all(name.startswith("opcode 0x") for name in unknown)


def test_a_hundred_thousand_nested_lists_are_described_without_recursion():
    content = b"]" * 100_000 + b"a" * 99_999 + b"."
    root = described(content)
    depth = 1
    while root:
        (root,) = root
        depth += 1
    assert depth == 100_000


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"cos\nsystem\n(Vrm\ntR.", "os.system"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02rm\x85R.", "os.system"),
        (b"(ios\nsystem\n.", "os.system"),
        (b"(cos\nsystem\nVrm\no.", "os.system"),
        (b"\x80\x02cos\nsystem\n)\x81.", "os.system"),
        (b"\x80\x04cos\nsystem\n)}\x92.", "os.system"),
    ],
    ids=["REDUCE", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"],
)
def test_what_would_be_called_is_described(content, names):
    call = described(content)
    assert isinstance(call, Call)
    assert isinstance(call.function, Reference)
    assert f"{call.function.module}.{call.function.name}" == names


def test_extension_codes_and_persistent_ids_are_described():
    assert isinstance(described(b"\x82\x05."), Extension)
    identifier = described(b"Pabc\n.")
    assert isinstance(identifier, PersistentId)
    assert identifier.identifier == "abc"


@pytest.mark.parametrize(
    ("content", "said", "offset"),
    [
        (b"\x80\x04", "breaks off before the pickle's end", 2),
        (b"\x80\x04\x8c\x09abc", "breaks off", 4),
        (b"\x80\x04G\x00\x00", "breaks off inside BINFLOAT", 3),
        (b"\x80\x04B\xff\xff\x00\x00ab.", "65,535 bytes are announced at byte 7, but only 3", 7),
        (b"\x80\x04h\x07.", "value number 7 is asked for, but never stored", None),
        (b"\x80\x04t.", "TUPLE at byte 2 finds fewer values", 2),
        (b"\x80\x04\xff.", "byte 2 is 0xff, which is no instruction", 2),
        (b"\x80\x04X\x02\x00\x00\x00\xff\xfe.", "not UTF-8", 2),
        (b"Iabc\n.", "b'abc' is no whole number", None),
        (b"(K\x01d.", "1 values cannot be keys and values", None),
        (b"p-1\n.", "PUT at byte 0 finds fewer values", 0),
        (b"Np-1\n.", "a value is numbered -1", None),
    ],
)
def test_a_broken_pickle_says_what_is_wrong_and_where(content, said, offset):
    with pytest.raises(UnreadableFile) as caught:
        described(content)
    assert said in str(caught.value)
    assert caught.value.hint
    assert caught.value.offset is not None
    assert offset in (None, caught.value.offset)


def test_an_opcode_across_the_end_of_its_frame_is_read_on_and_told():
    content = b"\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00\x8c\x05hello."
    machine = Machine(MemoryBytes(content))
    assert machine.run(OPCODES) == "hello"
    (warning,) = machine.record.warnings()
    assert "frame" in warning


def test_values_numbered_far_apart_take_no_memory_between():
    content = b"\x80\x02]r\xff\xff\xff\x7f0j\xff\xff\xff\x7f."
    assert described(content) == []


def test_large_payloads_are_passed_over_unread():
    content = pickle.dumps([b"x" * 10_000_000] + [bytes([i]) * 1_000_000 for i in range(9)])
    source = MemoryBytes(content)
    Machine(source).run(OPCODES)
    assert source.read < 200_000


@pytest.mark.parametrize(
    ("content", "limits", "flag"),
    [
        (b"N" * 200_000 + b".", Limits(stack=100_000), "--max-stack"),
        (b"(" * 200_000 + b".", Limits(marks=100_000), "--max-marks"),
        (b"N" + b"\x94" * 200_000 + b".", Limits(memo=100_000), "--max-memo"),
        (b"N" + b"0N" * 200_000 + b".", Limits(opcodes=100_000), "--max-opcodes"),
        (b"N" + b"0N" * 200_000 + b".", Limits(seconds=0), "--max-seconds"),
    ],
    ids=["stack", "marks", "memo", "opcodes", "seconds"],
)
def test_a_limit_ends_the_reading_and_names_its_flag(content, limits, flag):
    with pytest.raises(LimitExceeded) as caught:
        Machine(MemoryBytes(content), limits=limits).run(OPCODES)
    assert flag in caught.value.hint


def test_a_memory_limit_ends_the_reading(tmp_path):
    """In a process of its own: what it has had at most is what is measured."""
    path = tmp_path / "lists.pkl"
    path.write_bytes(b"]" * 4_000_000 + b".")
    done = subprocess.run(
        [sys.executable, "-m", "eqxview", str(path), "--print", "--max-memory", "100_000_000"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "more than 95 MiB of memory" in done.stderr
    assert "--max-memory" in done.stderr
