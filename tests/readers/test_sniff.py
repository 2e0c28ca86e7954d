"""What is no pickle is told apart, by its content first, each with its own message."""

import io
import os
import pickle
import subprocess
import sys
import zipfile

import pytest

from eqxview.errors import UnreadableFile
from eqxview.readers import open_file


def _zip_of(name):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, b"content")
    return file.getvalue()


SAFETENSORS = b'{"weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'

CASES = {
    "empty": (b"", "is empty"),
    "git lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 3\n",
        "Git LFS pointer",
    ),
    "html": (b"\n <!DOCTYPE html><html><body>Sign in</body></html>", "HTML page"),
    "xml": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML document"),
    "npz": (_zip_of("arr_0.npy"), ".npz archive"),
    "torch": (_zip_of("model/data.pkl"), "PyTorch checkpoint"),
    "keras": (_zip_of("metadata.json"), "Keras archive"),
    "zip": (_zip_of("a.txt"), "a zip archive"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5 file"),
    "safetensors": (len(SAFETENSORS).to_bytes(8, "little") + SAFETENSORS + bytes(8), "safetensors"),
    "gguf": (b"GGUF\x03\x00\x00\x00" + bytes(100), "GGUF file"),
    "tar": (bytes(257) + b"ustar\x0000" + bytes(300), "a tar archive"),
    "text": (b"Copyright 2026, all rights reserved", "no pickle: it begins with b'Copyright"),
    "json": (b'{"learning_rate": 0.1}', "no pickle"),
    "zeros": (bytes(100), "no pickle"),
}


@pytest.mark.parametrize("name", CASES)
def test_another_format_is_named(name, tmp_path):
    content, said = CASES[name]
    path = tmp_path / "some-file"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        open_file(str(path))
    assert said in str(caught.value)
    assert "some-file" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("text", "json", "zeros")])
def test_the_content_counts_for_more_than_the_suffix(name, tmp_path):
    content, said = CASES[name]
    path = tmp_path / "model.pkl"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=said.replace(".", r"\.")):
        open_file(str(path))


@pytest.mark.parametrize("suffix", [".msgpack", ".safetensors", ".h5", ".onnx"])
def test_a_suffix_tells_where_the_content_does_not(suffix, tmp_path):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"\x01\x02\x03\x04")
    with pytest.raises(UnreadableFile, match="does not read these yet"):
        open_file(str(path))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, (1,), None, 1.5, "text", b"bytes", 10**30])
def test_a_pickle_without_a_suffix_is_recognised(value, protocol, tmp_path):
    path = tmp_path / "model"
    path.write_bytes(pickle.dumps(value, protocol))
    assert open_file(str(path)).error is None


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(UnreadableFile, match="is a pipe"):
        open_file(str(path))


def test_a_device_is_refused():
    with pytest.raises(UnreadableFile, match="is a device"):
        open_file("/dev/zero")


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="is a directory"):
        open_file(str(tmp_path))


def test_links_in_a_circle_are_told(tmp_path):
    path = tmp_path / "a"
    path.symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(path)
    with pytest.raises(UnreadableFile, match=r"[Ss]ymbolic links") as caught:
        open_file(str(path))
    assert "point at each other" in caught.value.hint


@pytest.mark.parametrize("path", ["", "null\0byte", "esc\x1b[2J"])
def test_a_name_that_is_no_file_is_told_harmlessly(path):
    with pytest.raises(UnreadableFile) as caught:
        open_file(path)
    assert str(caught.value).isprintable()


def test_without_pread_a_file_is_read_all_the_same(tmp_path):
    """Windows has none."""
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps([bytes(100_000), "end"]))
    code = f"""
import os
del os.pread
from eqxview.readers import open_file
found = open_file({str(path)!r})
print(found.error, found.trees[0].value_text(2))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "None 'end'\n"
