"""The garbage collector is held off for as long as anybody wants it to be."""

import gc

import pytest

from eqxview.collector import CollectorPause


@pytest.fixture(autouse=True)
def collecting():
    gc.enable()
    yield
    gc.enable()


def test_the_collector_goes_on_after_a_block_that_fails():
    def fail():
        with CollectorPause():
            assert not gc.isenabled()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_pauses_that_overlap_end_with_the_last():
    first, second = CollectorPause(), CollectorPause()
    first.end()
    first.end()
    assert not gc.isenabled()
    second.end()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    with CollectorPause():
        pass
    assert not gc.isenabled()


def test_reading_a_file_leaves_the_collector_on(tmp_path):
    from eqxview.readers import open_file

    path = tmp_path / "a.pkl"
    path.write_bytes(b"\x80\x05K\x01.")
    open_file(path)
    assert gc.isenabled()


def test_what_was_there_at_the_end_is_not_looked_at_again():
    pause = CollectorPause()
    pause.end_for_good()
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    assert frozen > 0
    assert gc.isenabled()
