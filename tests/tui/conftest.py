import time
from contextlib import contextmanager

import pytest


@pytest.fixture
def stopwatch():
    """`with stopwatch(seconds):` fails if the block takes more CPU time than that.

    CPU time of this thread, and bounds several times what is measured: the machine is shared.
    """

    @contextmanager
    def watch(seconds):
        start = time.thread_time()
        yield
        taken = time.thread_time() - start
        assert taken < seconds, f"took {taken:.3f} s of CPU, not under {seconds} s"

    return watch
