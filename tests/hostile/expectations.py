"""What must hold for every hostile file, whatever it is."""

import json
import re
from typing import Any

from hostile.case import Case, Face
from hostile.watching import Seen

# C0 except newline, DEL, C1, soft hyphen, zero-width and bidirectional marks, separators,
# surrogates, private use, the byte-order mark, interlinear marks and tags.
UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ue000-\uf8ff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
OUR_COLOURS = re.compile("\x1b\\[(?:0|1|2|3[0-7])m")


def check(case: Case, face: Face, seen: Seen) -> None:
    """Raise AssertionError where something hostile got through."""
    assert not seen.died, f"{face}: the process died: {seen.died}"
    assert not seen.marked, f"{face}: the payload ran"
    assert seen.code in case.codes, f"{face}: code {seen.code}\n{seen.stderr}\n{seen.stdout[:2000]}"
    assert "Traceback" not in seen.stdout + seen.stderr
    _check_message(case, seen)
    _check_characters(face, seen)
    assert seen.cpu <= case.seconds, f"{face}: {seen.cpu:.2f} s"
    assert seen.mebibytes <= case.mebibytes, f"{face}: {seen.mebibytes:.0f} MiB"
    assert seen.output <= case.output, f"{face}: {seen.output:,} bytes printed"
    if face == "json":
        _check_json(case, seen)
    else:
        for words in case.shows:
            assert words in seen.stdout, f"{face}: {words!r} is not in\n{seen.stdout[:3000]}"


def _check_message(case: Case, seen: Seen) -> None:
    """One line and a hint for an error; silence otherwise."""
    if seen.code == 0:
        assert seen.stderr == ""
        return
    lines = seen.stderr.splitlines()
    assert len(lines) == 2, seen.stderr
    message, hint = lines
    assert message.startswith("eqxview: "), message
    assert hint.startswith("  hint: "), hint
    assert len(hint) > len("  hint: "), "an empty hint"
    assert len(seen.stderr) < 2000, seen.stderr
    assert "internal error" not in message, message
    # A class of Python's, or a number of the operating system's, is not for a user.
    assert not re.search(r"\[Errno|Error\b.*object|<class|object at 0x", message), message
    if case.says:
        assert any(words.lower() in message.lower() for words in case.says), message


def _check_characters(face: Face, seen: Seen) -> None:
    stdout = OUR_COLOURS.sub("", seen.stdout) if face == "colour" else seen.stdout
    for text in (stdout, seen.stderr):
        found = UNSAFE.search(text)
        assert found is None, (
            f"{found!r} in {text[max(0, found.start() - 80) : found.end() + 40]!r}"
        )
    if face == "json":
        assert stdout.isascii()


def _check_json(case: Case, seen: Seen) -> None:
    if not seen.stdout:
        # What cannot be opened at all has no answer, only an error.
        assert seen.code == 2
        return
    if seen.output > len(seen.stdout.encode()):
        return
    told = json.loads(seen.stdout)
    for key, value in told.items():
        if key != "file":
            _check_strings(value)
    error = told["error"]
    assert (error is None) == (seen.code == 0)
    if error is not None:
        _check_offset(case, seen, error["offset"])
    for name in case.imports:
        assert any(name in line for line in told["imports"]), (name, told["imports"])
    if case.warns:
        noted = told["warnings"] or error or told["notes"]
        noted = noted or any(leaf["notes"] for leaf in told["leaves"])
        assert noted or any(field["notes"] for field in told["static_fields"]), "nothing is said"


def _check_offset(case: Case, seen: Seen, offset: object) -> None:
    """The byte that is to blame is one of the file's, and the one that we expect."""
    if offset is not None:
        assert isinstance(offset, int)
        assert offset >= 0
        if not case.suffix.endswith((".gz", ".bz2", ".xz", ".zst")):
            assert offset <= max(seen.size, case_size(case)), offset
    if case.offset is not None:
        first, last = case.offset if isinstance(case.offset, tuple) else (case.offset,) * 2
        assert isinstance(offset, int), "no offset"
        assert first <= offset <= last, offset


def case_size(case: Case) -> int:
    """Bytes of the case's own content, if it has any."""
    return len(case.content) if isinstance(case.content, bytes) else 0


def _check_strings(value: Any) -> None:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found = UNSAFE.search(value)
            assert found is None, f"{found!r} in {value[:200]!r}"
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
