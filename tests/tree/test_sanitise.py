import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqxview.tree.sanitise import sanitise


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("größe 形状 ✓", "größe 形状 ✓"),
        ("\x1b]52;c;QUJD\x07", r"\x1b]52;c;QUJD\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u200bb", r"a\u200bb"),
        ("\ufeff", r"\ufeff"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("line\nbreak\u2028", r"line\x0abreak\u2028"),
        ("\ud800", r"\ud800"),
        ("[/nope]", "[/nope]"),
    ],
)
def test_what_could_act_on_a_screen_is_escaped(raw, shown):
    assert sanitise(raw) == shown


@given(st.text(st.characters()))
def test_nothing_that_is_sanitised_can_act_on_a_screen(text):
    shown = sanitise(text)
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in shown)
    assert shown.isprintable() or "\xa0" in shown or any(c.isspace() for c in shown)
    shown.encode()


@given(st.text())
def test_sanitising_twice_changes_nothing(text):
    assert sanitise(sanitise(text, limit=10**6), limit=10**6) == sanitise(text, limit=10**6)


def test_a_long_text_is_cut_and_says_its_length():
    assert sanitise("a" * 1000, limit=10) == "aaaaaaaaaa… (1,000 characters)"
