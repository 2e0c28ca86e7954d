"""Values are read in a thread, the latest wish first."""

import threading
import time

import numpy as np

from eqxview.errors import UnreadableFile
from eqxview.tree.live import tree_of
from eqxview.tui.opening import Opening
from eqxview.tui.value_reader import ValueReader


class Gate:
    """A value source that waits until it is let through."""

    def __init__(self):
        self.open = threading.Event()
        self.begun = threading.Event()
        self.asked = []

    def fetch(self, tree, row):
        self.asked.append(row)
        self.begun.set()
        self.open.wait()
        return np.zeros(row)


def waited(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_of_many_wishes_only_the_latest_is_read():
    arrays = [np.zeros(n) for n in range(9)]
    tree = tree_of(arrays)
    tree.values = gate = Gate()
    answers = []
    reader = ValueReader(answers.append)
    reader.want(tree, 1)
    gate.begun.wait()
    for row in (2, 3, 4):
        reader.want(tree, row)
    gate.open.set()
    waited(lambda: len(answers) == 2)
    assert gate.asked == [1, 4]
    assert reader.known(tree, 4) is answers[1]
    assert reader.known(tree, 3) is None


def test_what_goes_wrong_is_an_answer():
    class Broken:
        def fetch(self, tree, row):
            if row == 1:
                raise UnreadableFile("gone", hint="look again")
            raise ZeroDivisionError("by nothing")

    tree = tree_of([np.zeros(1), np.zeros(2)])
    tree.values = Broken()
    answers = []
    reader = ValueReader(answers.append)
    reader.want(tree, 1)
    waited(lambda: len(answers) == 1)
    reader.want(tree, 2)
    waited(lambda: len(answers) == 2)
    assert (answers[0].problem, answers[0].hint) == ("gone", "look again")
    assert answers[1].problem == "the values could not be read: ZeroDivisionError: by nothing"


def test_an_opening_tells_once_whether_asked_before_or_after_it_is_done():
    gate, told = threading.Event(), []
    opening = Opening(lambda: gate.wait())  # what it gives has no trees, which is an error
    opening.when_done(lambda: told.append("early"))
    assert not opening.is_done
    gate.set()
    waited(lambda: told == ["early"])
    opening.when_done(lambda: told.append("late"))
    assert told == ["early", "late"]
    assert opening.is_done
