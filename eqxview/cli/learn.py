"""`eqxview learn LESSON`: a lesson in the terminal, a step at a time."""

import sys
import textwrap
from collections.abc import Iterator, Sequence

from eqxview.cli.faces import wants_colour
from eqxview.cli.parsing import Parser, positive_int
from eqxview.cli.writing import write_out
from eqxview.errors import EXIT_OK
from eqxview.lesson.lesson import LESSONS, Step, find_lesson

_WIDTH = 88
"""Columns of words, at most: longer lines are hard to read."""


def run(arguments: Sequence[str]) -> int:
    """Run `eqxview learn`."""
    options = _parser().parse_args(arguments)
    lesson = find_lesson(options.lesson)
    waits = sys.stdin.isatty() and sys.stdout.isatty() and not options.all
    width = options.width or _terminal_width()
    colour = wants_colour(options.color, sys.stdout)
    for number, step in enumerate(lesson.steps(), start=1):
        if waits and number > 1 and not _goes_on():
            break
        write_out(_step_lines(number, step, colour=colour, width=width))
        sys.stdout.flush()
    return EXIT_OK


def _goes_on() -> bool:
    """Wait for enter; whether the reader wants to go on."""
    try:
        return input("\n── enter: next   q: quit ── ").strip().lower() not in ("q", "quit")
    except EOFError:
        return False


def _step_lines(number: int, step: Step, *, colour: bool, width: int) -> Iterator[str]:
    from eqxview.render.ansi import COLOURED, PLAIN
    from eqxview.render.document_text import document_lines

    palette = COLOURED if colour else PLAIN
    yield ""
    yield f"{palette.container}── {number}. {step.title} ──{palette.reset}"
    for paragraph in step.words.split("\n\n"):
        yield ""
        yield from textwrap.wrap(paragraph, min(width, _WIDTH))
    yield ""
    before = ""
    for line in step.code.splitlines():
        goes_on = line.startswith((" ", ")")) or before.startswith("@")
        prompt = "..." if goes_on else ">>>"
        yield f"{palette.faint}{prompt}{palette.reset} {line}" if line else ""
        before = line
    if step.shown is not None:
        yield ""
        yield from document_lines(step.shown, palette=palette, width=width)


def _terminal_width() -> int:
    import shutil

    return shutil.get_terminal_size((_WIDTH + 12, 24)).columns


def _parser() -> Parser:
    lessons = "; ".join(f"{lesson.name}: {lesson.summary}" for lesson in LESSONS)
    parser = Parser(
        prog="eqxview learn", description="Learn on a small real model, a step at a time."
    )
    parser.add_argument(
        "lesson", nargs="?", default=LESSONS[0].name, metavar="LESSON", help=lessons
    )
    parser.add_argument("--all", action="store_true", help="print all steps without waiting")
    parser.add_argument(
        "--width", type=positive_int, metavar="COLUMNS", help="fit the text in so many columns"
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour the text (default: on a terminal, unless NO_COLOR is set)",
    )
    return parser
