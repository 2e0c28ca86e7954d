"""Compressed pickles: unpacked in pieces, in constant memory, and within a bound."""

import bz2
import gzip
import lzma
import pickle
import subprocess
import sys
import zlib

import numpy as np
import pytest
import zstandard

from eqxview.errors import LimitExceeded, MissingExtra, UnreadableFile
from eqxview.limits import Limits
from eqxview.readers import ReadOptions, open_file

COMPRESSIONS = {
    "gzip": gzip.compress,
    "bzip2": lambda content: bz2.compress(content, 1),  # in blocks of 100 KB
    "xz": lzma.compress,
    "zstd": zstandard.compress,
    "zlib": zlib.compress,
}

ARRAYS = [np.random.default_rng(i).standard_normal(10_000) for i in range(10)]
CONTENT = pickle.dumps(ARRAYS)

each_compression = pytest.mark.parametrize("name", COMPRESSIONS)


def written(content, path):
    path.write_bytes(content)
    return str(path)


@each_compression
def test_a_compressed_pickle_is_recognised_by_its_content(name, tmp_path):
    path = written(COMPRESSIONS[name](CONTENT), tmp_path / "no-suffix")
    found = open_file(path)
    assert found.error is None
    assert found.format == f"pickle, protocol 4, {name}"
    (tree,) = found.trees
    assert tree.totals().nbytes == 10 * 80_000
    assert (tree.values.fetch(tree, 7) == ARRAYS[6]).all()


@each_compression
def test_two_compressed_parts_one_after_the_other_are_one_file(name, tmp_path):
    compress = COMPRESSIONS[name]
    path = written(compress(CONTENT[:100_000]) + compress(CONTENT[100_000:]), tmp_path / "a.pkl")
    found = open_file(path)
    assert found.error is None
    assert len(found.trees[0]) == 11


@pytest.mark.parametrize("name", [name for name in COMPRESSIONS if name not in ("xz", "zstd")])
def test_cut_in_the_middle_what_was_unpacked_is_shown(name, tmp_path):
    packed = COMPRESSIONS[name](CONTENT)
    found = open_file(written(packed[: len(packed) * 3 // 4], tmp_path / "cut.pkl"))
    assert found.error is not None
    assert "breaks off" in str(found.error)
    assert found.trees[0].totals().arrays >= 4


@each_compression
def test_what_is_damaged_behind_the_pickle_is_told_and_the_pickle_shown(name, tmp_path):
    packed = COMPRESSIONS[name](CONTENT)
    found = open_file(written(packed + b"some other text", tmp_path / "a.pkl"))
    assert len(found.trees[0]) == 11
    assert found.error is not None or found.warnings


@each_compression
def test_a_bomb_is_stopped_in_constant_memory(name, tmp_path):
    """Up to 1.3 GB of zeros in a small file, in a process that may have 400 MB."""
    begin = pickle.dumps([1])[:-2] + b"\x8e" + (1 << 40).to_bytes(8, "little")
    path = tmp_path / "bomb.pkl"
    with path.open("wb") as file:
        block = COMPRESSIONS[name](bytes(1 << 26))
        file.write(COMPRESSIONS[name](begin))
        for _ in range(4 if name in ("bzip2", "xz") else 20):
            file.write(block)
    code = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
from eqxview.cli.main import run
sys.exit(run([{str(path)!r}, "--print", "--max-decompressed", "200_000_000"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unpacks to more than 200,000,000 bytes" in done.stderr
    assert "--max-decompressed" in done.stderr
    assert "list" in done.stdout


def test_a_bomb_of_its_own_is_stopped_without_flags(tmp_path):
    limits = Limits()
    assert limits.decompressed_for(1000) == 1 << 30
    assert limits.decompressed_for(1 << 30) == 100 << 30
    path = written(gzip.compress(bytes(1 << 20)), tmp_path / "zeros.pkl")
    with pytest.raises(LimitExceeded):
        open_file(path, ReadOptions(limits=Limits(decompressed=100)))


def test_compressed_twice_is_refused_with_what_to_do(tmp_path):
    path = written(gzip.compress(bz2.compress(CONTENT)), tmp_path / "twice.pkl.bz2.gz")
    with pytest.raises(UnreadableFile, match="compressed twice, with gzip around bzip2"):
        open_file(path)


def test_an_empty_compressed_file_has_no_content(tmp_path):
    path = written(gzip.compress(b""), tmp_path / "empty.pkl.gz")
    with pytest.raises(UnreadableFile, match="no content"):
        open_file(path)


def test_without_the_zstd_extra_its_name_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    path = written(zstandard.compress(CONTENT), tmp_path / "a.pkl.zst")
    with pytest.raises(MissingExtra) as caught:
        open_file(path)
    assert "eqxview[zstd]" in caught.value.hint
