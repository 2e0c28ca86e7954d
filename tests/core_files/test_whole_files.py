"""Files appear when they are complete, and otherwise what was there stays."""

import os
import stat

import jax.numpy as jnp
import pytest

import eqxcore as eqx
from eqxcore._files._writing import written_whole

WRITERS = [eqx.save, eqx.tree_serialise_leaves]


def broken_write(writer, path):
    with pytest.raises(RuntimeError, match=r"\[1\]"):
        writer(path, [jnp.ones(1000), 2**70])


@pytest.mark.parametrize("writer", WRITERS)
def test_a_failure_in_the_middle_leaves_nothing_behind(writer, tmp_path):
    broken_write(writer, tmp_path / "model.eqx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("writer", WRITERS)
def test_a_failure_in_the_middle_leaves_what_was_there(writer, tmp_path):
    path = tmp_path / "model.eqx"
    path.write_bytes(b"before")
    broken_write(writer, path)
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["model.eqx"]


def test_while_it_is_written_the_old_file_is_there(tmp_path):
    path = tmp_path / "model.eqx"
    path.write_bytes(b"old")
    with written_whole(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_an_interruption_leaves_what_was_there(tmp_path):
    path = tmp_path / "model.eqx"
    path.write_bytes(b"before")

    def write():
        with written_whole(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert path.read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_are_those_that_a_file_would_have_had(tmp_path):
    mask = os.umask(0o027)
    try:
        eqx.save(tmp_path / "new.eqx", 1.0)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new.eqx").stat().st_mode) == 0o640
    (tmp_path / "new.eqx").chmod(0o600)
    eqx.save(tmp_path / "new.eqx", 2.0)
    assert stat.S_IMODE((tmp_path / "new.eqx").stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need rights on Windows")
def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "real.eqx").write_bytes(b"before")
    (tmp_path / "latest.eqx").symlink_to("real.eqx")
    eqx.save(tmp_path / "latest.eqx", 1.0)
    assert (tmp_path / "latest.eqx").is_symlink()
    assert eqx.load(tmp_path / "real.eqx", 0.0) == 1.0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of POSIX")
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
@pytest.mark.parametrize("writer", WRITERS)
def test_what_is_no_file_is_not_replaced(writer, make, tmp_path):
    path = tmp_path / "taken.eqx"
    make(path)
    with pytest.raises(OSError, match="is no regular file"):
        writer(path, 1.0)
    assert not path.is_file()
    assert [p.name for p in tmp_path.iterdir()] == ["taken.eqx"]


@pytest.mark.parametrize("writer", WRITERS)
def test_a_folder_that_is_not_there_is_named(writer, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no directory .*runs"):
        writer(tmp_path / "runs" / "model.eqx", 1.0)
