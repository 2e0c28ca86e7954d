"""Editing a line, against a list of characters and a cursor moved by hand."""

from hypothesis import given
from hypothesis import strategies as st

from eqxview.tui.line_edit import LineEdit

KEYS = [
    "backspace", "delete", "ctrl+u", "ctrl+k", "ctrl+w", "left", "right", "ctrl+left",
    "ctrl+right", "home", "end", "a", "b", " ",
]  # fmt: skip


def obvious(text, at, key):
    letters = list(text)
    match key:
        case "backspace":
            if at:
                del letters[at - 1]
                at -= 1
        case "delete":
            del letters[at : at + 1]
        case "ctrl+u":
            del letters[:at]
            at = 0
        case "ctrl+k":
            del letters[at:]
        case "left":
            at = max(at - 1, 0)
        case "right":
            at = min(at + 1, len(letters))
        case "home":
            at = 0
        case "end":
            at = len(letters)
        case "ctrl+w" | "ctrl+left":
            to = at
            while to and letters[to - 1] == " ":
                to -= 1
            while to and letters[to - 1] != " ":
                to -= 1
            if key == "ctrl+w":
                del letters[to:at]
            at = to
        case "ctrl+right":
            while at < len(letters) and letters[at] == " ":
                at += 1
            while at < len(letters) and letters[at] != " ":
                at += 1
        case _:
            letters.insert(at, key)
            at += 1
    return "".join(letters), at


@given(st.lists(st.sampled_from(KEYS), max_size=40))
def test_any_keys_do_what_the_obvious_way_does(keys):
    edit, text, at = LineEdit(), "", 0
    for key in keys:
        edit = edit.typed(key) if len(key) == 1 else edit.key(key)
        text, at = obvious(text, at, key)
        assert edit == (text, at)


def test_a_key_that_means_nothing_says_so():
    assert LineEdit("a", 1).key("f5") is None
