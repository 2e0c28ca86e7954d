"""All keys in one place: what they do, how they are told, which of them are hinted at.

Help, the line of hints and the command palette are made from these tables.
"""

from typing import NamedTuple

from textual.binding import Binding


def _key(
    keys: str, action: str, word: str, sentence: str, *, shown: str = "", hint: bool = False
) -> Binding:
    """A key: the `word` is its hint, the `sentence` its line of help."""
    return Binding(keys, action, word, tooltip=sentence, key_display=shown or None, show=hint)


class Chord(NamedTuple):
    """Two keys, one after the other."""

    first: str
    second: str
    action: str
    word: str
    sentence: str


MOVE = [
    _key("down,j", "move(1)", "down", "next row", shown="↓ j"),
    _key("up,k", "move(-1)", "up", "previous row", shown="↑ k"),
    _key("left,h", "to_parent", "parent", "to the parent", shown="← h"),
    _key("right,l", "into", "open", "open, or go in", shown="→ l"),
    _key("pagedown,ctrl+f", "page(1)", "page down", "a page down", shown="PgDn ^f"),
    _key("pageup,ctrl+b", "page(-1)", "page up", "a page up", shown="PgUp ^b"),
    _key("ctrl+d", "half_page(1)", "half down", "half a page down", shown="^d"),
    _key("ctrl+u", "half_page(-1)", "half up", "half a page up", shown="^u"),
    _key("g,home", "to_top", "top", "to the first row", shown="g Home"),
    _key("G,end", "to_bottom", "bottom", "to the last row", shown="G End"),
    _key("J", "to_sibling(1)", "next sibling", "to the next sibling", shown="J"),
    _key("K", "to_sibling(-1)", "previous sibling", "to the previous sibling", shown="K"),
]
_OF_TABLES = ("move", "page", "half_page", "to_top", "to_bottom")
FOLD = [
    _key(
        "enter", "enter", "details", "fold or unfold; on a leaf, its details", shown="⏎", hint=True
    ),
    _key("minus", "fold_level", "fold", "fold one level below here", shown="-"),
    _key("plus", "unfold_level", "unfold", "unfold one level below here", shown="+"),
]
FOLD_CHORDS = [
    Chord("z", "a", "toggle_fold", "toggle", "fold or unfold"),
    Chord("z", "M", "fold_all", "fold all", "fold everything"),
    Chord("z", "R", "unfold_all", "unfold all", "unfold everything"),
    Chord("z", "O", "unfold_below", "unfold below", "unfold everything below here"),
]
FIND = [
    _key(
        "slash",
        "find",
        "find",
        "find in paths, types and values, as you type",
        shown="/",
        hint=True,
    ),
    _key("n", "next_found", "next", "to the next row found"),
    _key("N", "previous_found", "previous", "to the previous row found"),
    _key("t", "to_tie", "tie", "to the next row that holds the same array"),
]
ROW = [
    _key("space", "mark", "mark", "mark the row, or unmark it", hint=True),
    _key(
        "y",
        "copy_path",
        "copy path",
        "copy the key path (of all marked rows); a filter as Python",
        hint=True,
    ),
    _key("Y", "copy_python", "copy Python", "copy the Python expression (of all marked rows)"),
    _key("s", "sort", "sort", "sort by size, or as in the file"),
]
TABLE_MOVE = [binding for binding in MOVE if binding.action.partition("(")[0] in _OF_TABLES]
TABLE_FIND = [binding for binding in FIND if binding.action != "to_tie"]
TABLE = [
    _key("enter", "open_row", "open", "the node that the row is about, or else the row whole"),
    _key("s", "sort_by_next", "sort", "sort by the next column, or as it was"),
    _key("S", "sort_backwards", "sort back", "sort the other way round"),
    _key("y", "copy_row", "copy", "copy the row's path or code"),
]
APP = [
    _key(
        "tab",
        "next_screen(1)",
        "next screen",
        "next screen; a number goes to that one",
        shown="Tab 1…9",
    ),
    _key("shift+tab", "next_screen(-1)", "previous screen", "previous screen", shown="⇧Tab"),
    _key("f", "filter", "filter", "type a filter, where a screen takes one", hint=True),
    _key("w", "next_pane", "other pane", "to the other pane of the screen"),
    _key("d", "compare", "compare", "compare with an earlier file"),
    _key("e", "export", "export", "export what is shown to a file"),
    _key("question_mark", "help", "help", "this help", shown="?", hint=True),
    _key(
        "colon,ctrl+p", "app.command_palette", "commands", "all commands", shown=": ^p", hint=True
    ),
    _key("i", "about_file", "about", "about the file: warnings, what it would run"),
    _key("v", "details", "details", "show or leave the details"),
    _key(
        "right_square_bracket",
        "next_object(1)",
        "next object",
        "next object in the file",
        shown="]",
    ),
    _key(
        "left_square_bracket",
        "next_object(-1)",
        "previous object",
        "previous object in the file",
        shown="[",
    ),
    _key("ctrl+z", "app.suspend_process", "suspend", "to the shell; fg comes back", shown="^z"),
    _key("escape", "back", "back", "back: search, marks, details", shown="Esc"),
    _key("q", "quit", "quit", "back; where there is no back, quit"),
    _key("ctrl+c", "app.interrupt", "quit now", "quit at once", shown="^c ^q"),
]

DIGITS = [_key(str(number), f"go_to_screen({number - 1})", "", "") for number in range(1, 10)]
"""The keys of the screens by number; help has them in a line of their own."""

SECTIONS: tuple[tuple[str, list[Binding]], ...] = (
    ("Move", MOVE),
    ("Fold", FOLD),
    ("Find", FIND),
    ("Rows", ROW),
    ("Tables", TABLE),
    ("App", APP),
)
CHORDS: dict[str, list[Chord]] = {"Fold": FOLD_CHORDS}


def key_text(binding: Binding) -> str:
    """The key as a user reads it."""
    return binding.key_display or binding.key


class Hint(NamedTuple):
    """A key and a word for the last line of the screen."""

    key: str
    word: str


def hints(*, takes_filter: bool = False, has_code: bool = False) -> list[Hint]:
    """The keys that the last line shows over a tree, the most wanted first."""
    order = ("filter", "find", "enter", "help", "mark", "copy_path", "app.command_palette")
    shown = [binding for _, section in SECTIONS for binding in section if binding.show]
    if not takes_filter:
        shown = [binding for binding in shown if binding.action != "filter"]
    shown.sort(key=lambda binding: order.index(binding.action))
    words = {"copy_path": "copy code"} if has_code else {}
    return [
        Hint(key_text(binding).split(" ")[0], words.get(binding.action, binding.description))
        for binding in shown
    ]


DETAIL_HINTS = [Hint("Esc", "back"), Hint("↓↑", "scroll"), Hint("?", "help")]
"""The keys of the details."""

TABLE_HINTS = [
    Hint("/", "find"),
    Hint("⏎", "open"),
    Hint("s", "sort"),
    Hint("?", "help"),
    Hint("y", "copy"),
    Hint("w", "other pane"),
    Hint(":", "commands"),
]
"""The keys of tables."""

TYPING_HINTS = [Hint("⏎", "keep"), Hint("Esc", "back"), Hint("^u", "clear")]
"""The keys while a filter is typed."""
