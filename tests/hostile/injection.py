"""Control characters and markup in every string of a file that ends up on a screen."""

from pathlib import Path

from hostile.assemble import (
    build,
    call,
    dtype,
    group,
    honest,
    integer,
    mapping,
    new,
    numpy_array,
    reference,
    sequence,
    short_bytes,
    stacked_reference,
    text,
    whole,
)
from hostile.case import Case

NASTY = (
    "\x1b[2J\x1b[H",
    "\x1b]52;c;aGVsbG8=\x07",
    "\x1b]0;title\x1b\\",
    "\x1b]8;;file:///etc/passwd\x1b\\click\x1b]8;;\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x9b31m",
    "\x9d52;c;aGVsbG8=\x9c",
    "a\nb",
    "a\rb",
    "a\tb\x0b\x0c",
    "\x00\x01\x07\x08\x7f",
    "\u202eevil\u202c",
    "\u2066isolated\u2069",
    "a\u200bb\u200c\u200d",
    "\ufeffbom",
    "\u2028line\u2029paragraph",
    "\U000e0041\U000e0042tag",
    "\u00adsoft",
    "\ud800",
    "\udc1b[2J",
    "\ue000",
)
"""Must never reach the output as they are."""

MARKUP = (
    "[/nope]",
    "[link=file:///etc/passwd]x[/link]",
    "[bold red]b",
    "[@click=app.quit]q[/]",
    "{x}%s",
    "<b>&amp;</b>",
)
"""Text for Rich, Textual and HTML: shown letter by letter."""


def _everywhere(word: str) -> dict[str, bytes]:
    """The same string in every place of a pickle that is shown."""
    instance = new(stacked_reference("a.b", "C"))
    in_dtype = call(reference("numpy", "dtype"), text(word), b"\x89", b"\x88")
    structured = dtype(
        "V4",
        state=group(
            integer(3),
            text("|"),
            b"N",
            group(text(word)),
            mapping((text(word), group(dtype("f4"), integer(0)))),
            integer(4),
            integer(1),
            integer(0),
        ),
    )
    one, data = group(integer(1)), short_bytes(bytes(4))
    return {
        "a key": mapping((text(word), integer(1))),
        "a key in a tuple": mapping((group(text(word), integer(1)), integer(1))),
        "a key that is a class": mapping((stacked_reference(word, word), integer(1))),
        "a key that is a function": mapping((stacked_reference("a.b", f"f{word}"), integer(1))),
        "a key that is a call": mapping((call(stacked_reference(word, word)), integer(1))),
        "a key that is an object": mapping(
            (build(new(stacked_reference(word, word)), mapping((text(word), text(word)))), b"N")
        ),
        "a key that is a set": mapping((b"(" + text(word) + b"\x91", integer(1))),
        "a bytes key": mapping((short_bytes(word.encode("utf-8", "replace")), integer(1))),
        "a text": text(word),
        "a text in a set": b"\x8f(" + text(word) + b"\x90",
        "bytes": short_bytes(word.encode("utf-8", "surrogatepass")),
        "a class name": build(new(stacked_reference("a.b", word)), mapping()),
        "a module name": build(new(stacked_reference(word, "C")), mapping()),
        "a function's name": stacked_reference("a.b", word),
        "a called function's name": call(stacked_reference(word, word), text(word)),
        "an attribute": build(instance, mapping((text(word), integer(1)))),
        "an attribute in the slots state": build(
            instance, group(b"N", mapping((text(word), b"N")))
        ),
        "a dtype": numpy_array(one, in_dtype, data),
        "a field of a dtype": numpy_array(one, structured, data),
        "a persistent id": text(word) + b"Q",
        "a namedtuple's field": call(
            reference("collections", "namedtuple"), text(word), text(word)
        ),
        "a partial": call(
            reference("functools", "partial"), stacked_reference("m", word), text(word)
        ),
        "a default dict": call(
            reference("collections", "defaultdict"), stacked_reference(word, word)
        ),
        "a path": call(reference("pathlib", "PosixPath"), text("/"), text(word)),
        "an enum": call(stacked_reference("a.b", word), text(word)),
        "a key word": stacked_reference("a.b", word)
        + group()
        + mapping((text(word), text(word)))
        + b"\x92",
        "an array's class": build(
            call(
                reference("numpy._core.multiarray", "_reconstruct"),
                stacked_reference(word, word),
                group(integer(0)),
                short_bytes(b"b"),
            ),
            group(integer(1), one, dtype("f4"), b"\x89", data),
        ),
        "a cloudpickle function": call(
            reference("cloudpickle.cloudpickle", "_make_function"),
            call(
                reference("cloudpickle.cloudpickle", "_builtin_type"),
                text("CodeType"),
                integer(0),
                text(word),
                text(word),
                group(text(word)),
            ),
            mapping((text("__name__"), text(word)), (text("__module__"), text(word))),
            text(word),
            b"N",
            b"N",
        ),
        "a cloudpickle class": call(
            reference("cloudpickle.cloudpickle", "_make_skeleton_class"),
            reference("builtins", "type"),
            text(word),
            group(),
            mapping((text("__module__"), text(word))),
            b"N",
            b"N",
        ),
    }


def _together(place: str, words: tuple[str, ...]) -> bytes:
    return whole(sequence(*(_everywhere(word)[place] for word in words), integer(7)))


def _under(name: str | bytes):
    """An honest file with an odd name."""

    def place(folder: Path) -> Path:
        import os

        path = Path(os.fsdecode(os.path.join(os.fsencode(folder), os.fsencode(name))))
        path.write_bytes(honest({"a": 1}))
        return path

    return place


CASES = (
    *(
        Case(
            name=f"controls in {place}", content=_together(place, NASTY), codes=(0, 2), shows=("7",)
        )
        for place in _everywhere("x")
    ),
    *(
        Case(
            name=f"markup in {place}", content=_together(place, MARKUP), codes=(0, 2), shows=("7",)
        )
        for place in _everywhere("x")
    ),
    Case(
        name="markup is shown letter by letter",
        content=whole(mapping(*((text(word), text(word)) for word in MARKUP))),
        shows=MARKUP,
    ),
    *(
        Case(name=f"controls in a line of {name}", content=content, codes=(0, 2))
        for name, content in (
            ("GLOBAL", b"c\x1b[2J\n\xc2\x9b31m\n."),
            ("GLOBAL with a carriage return", b"ca\rb\nc\rd\n."),
            ("INST", b"(i\x1b[2J\n\x1b]52;c;x\x07\n."),
            ("PERSID", b"P\x1b]52;c;aGVsbG8=\x07\n."),
            ("STRING", b"S'\x1b[2J\\x1b[31m'\n."),
            ("UNICODE", b"V\x1b[2J\\u009b31m\\u202e\n."),
            ("INT that is none", b"I\x1b[2J\n."),
            ("FLOAT that is none", b"F\x1b[2J\n."),
            ("LONG that is none", b"L\x1b[2JL\n."),
            ("GET that is none", b"g\x1b[2J\n."),
            ("PUT that is none", b"Np\x1b[2J\n."),
            ("STRING that is none", b"S\x1b[2J\n."),
        )
    ),
    Case(
        name="a zero width name in dots",
        content=whole(stacked_reference("a.\u200b.b", "\u202e.x.\x1b")),
    ),
    Case(name="100,000 combining accents", content=whole(text("e" + "\u0301" * 100_000))),
    Case(
        name="a key of 100,000 combining accents",
        content=whole(mapping((text("e" + "\u0301" * 100_000), b"N"))),
    ),
    *(
        Case(name=f"file name {number}", place=_under(name))
        for number, name in enumerate(
            (
                "\x1b[2J\x1b]52;c;aGVsbG8=\x07.pkl",
                "a\nb.pkl",
                "\u202elkp.exe",
                "[bold red][@click=app.quit]x.pkl",
                b"\xff\xfe\x9b.pkl",
                "-rf.pkl",
                "100% {x} %s.pkl",
            )
        )
    ),
)
