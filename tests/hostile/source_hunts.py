"""Names whose source is a trap for a reader that looks for the source of classes."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from hostile.assemble import build, integer, mapping, new, sequence, stacked_reference, text, whole
from hostile.case import CANARY, Case


def plant(folder: Path) -> None:
    """Put the traps in `folder`, which is on the import path of the watched process."""
    for name, content in _SOURCES.items():
        (folder / f"{name}.py").write_text(content)
    os.mkfifo(folder / "planted_pipe.py")
    (folder / "planted_folder.py").mkdir()
    (folder / "planted_loop.py").symlink_to("planted_loop.py")
    (folder / "planted_zero.py").symlink_to("/dev/zero")
    (folder / "planted_latin.py").write_bytes(b"# coding: latin-1\nclass C:\n    \xe9: int\n")
    (folder / "planted_zeros.py").write_bytes(b"class C:\n    a: int\n\0\0")


def _trap(expression: str) -> str:
    return f"class C:\n    a: int = {expression}\n"


_CIRCLE = "from planted_circle_{other} import *\nfrom planted_circle_{other} import C, D\n"

_STARS = "".join(f"from planted_wide_star_{i} import *\n" for i in range(300))

_SOURCES = {
    "planted_touches": "open('touched', 'w')\nclass C:\n    a: int = open('touched', 'w')\n",
    "planted_minuses": _trap("-" * 100_000 + "1"),
    "planted_parentheses": _trap("(" * 100_000 + "1" + ")" * 100_000),
    "planted_sum": _trap("+".join(["1"] * 50_000)),
    "planted_attributes": _trap("a" + ".b" * 50_000),
    "planted_calls": _trap("f" + "()" * 50_000),
    "planted_subscripts": f"class C(x{'[0]' * 20_000}):\n    a: int\n",
    "planted_annotations": f"class C:\n    a: '{'(' * 5000}'\n    b: \"x{'[0]' * 5000}\"\n",
    "planted_power": _trap("9**9**9**9"),
    "planted_digits": _trap("1" * 100_000),
    "planted_escape": "class C:\n    a: int = '\\N{'\n",
    "planted_old_escape": "class C:\n    a: int = '\\d'\n    b: int = 1 is 1\n",
    "planted_bases": "class C(C):\n    a: int\n",
    "planted_two_bases": "class C(D):\n    a: int\nclass D(C):\n    b: int\n",
    "planted_diamond": "class A0:\n    a: int\n"
    + "".join(
        f"class L{i}(A{i}): pass\nclass R{i}(A{i}): pass\nclass A{i + 1}(L{i}, R{i}): pass\n"
        for i in range(30)
    )
    + "class C(A30):\n    b: int\n",
    "planted_long_line": "class A0:\n    a: int\n"
    + "".join(f"class A{i + 1}(A{i}): pass\n" for i in range(3000))
    + "class C(A3000):\n    b: int\n",
    "planted_circle_a": _CIRCLE.format(other="b"),
    "planted_circle_b": _CIRCLE.format(other="a"),
    "planted_self_star": "from planted_self_star import *\n" * 50,
    "planted_alias": "C = D\nD = C\n",
    "planted_alias_chain": "".join(f"C{i} = C{i + 1}\n" for i in range(5000)) + "C = C0\n",
    "planted_helpers": "def f():\n    return f()\nclass C:\n    a: int = f()\n",
    "planted_many_fields": "class C:\n" + "".join(f"    f{i}: int\n" for i in range(20_000)),
    "planted_controls": "class C:\n    '''\x1b[2J'''\n    a: int = '\x1b]52;c;x\x07'\n",
    "planted_unicode": "class C:\n    ªº: int\n    ﬁ: int\n",
    "planted_nested": "class C:\n"
    + "".join("  " * i + "  class C:\n" for i in range(90))
    + "  " * 92
    + "a: int\n",
    "planted_enum": "from enum import Enum\nclass C(Enum):\n    A = "
    + "-" * 3000
    + "1\n    B = 'x' * 10**9\n",
    "planted_namedtuple": "from collections import namedtuple\n"
    "C = namedtuple('C', 'a ' * 100_000)\n",
    "planted_wide_star": _STARS,
    **{f"planted_wide_star_{i}": _STARS for i in range(12)},
    "planted_huge": "class C:\n    a: int\n" + "# x\n" * (5 * 2**18),
    "planted_large": "class C:\n    a: int\n" + "x = 1\n" * 600_000,
}

PLANTED = (
    *_SOURCES,
    "planted_pipe",
    "planted_folder",
    "planted_loop",
    "planted_zero",
    "planted_latin",
    "planted_zeros",
)

_ODD_MODULES = (
    "",
    ".",
    "..",
    "...",
    "..planted_touches",
    "../planted_touches",
    "/etc/passwd",
    "/dev/zero",
    "a/b",
    "a\\b",
    "a\0b",
    "a.\0",
    "C:\\x",
    "\\\\host\\share",
    "http://192.0.2.1/x",
    "a" * 5000,
    "a." * 5000,
    "~root",
    "*",
    "con",
    "planted_touches.py",
    "\ud800",
    "planted_folder.py",
    "__main__",
    "builtins",
    "sys",
    "None",
    "os.path",
)


def _instance(module: str, name: str = "C") -> bytes:
    state = mapping((text("a"), integer(1)), (text("b"), integer(2)))
    return build(new(stacked_reference(module, name)), state)


def _of_every_module(count: int, *packages: str) -> Callable[[], bytes]:
    """Instances of a class in as many real modules as there are files."""

    def content() -> bytes:
        names = sorted(_modules(packages))[:count]
        return whole(sequence(*(_instance(name) for name in names)))

    return content


def _modules(packages: tuple[str, ...]) -> list[str]:
    found = []
    for package in packages:
        top = Path(os.__file__).parent if package == "" else _package(package)
        for path in top.rglob("*.py"):
            parts = path.relative_to(top).with_suffix("").parts
            if package or (parts[0] != "site-packages" and parts[0] != "test"):
                found.append(".".join(filter(None, (package, *parts))))
    return found


def _package(name: str) -> Path:
    return next(Path(root) / name for root in sys.path if (Path(root) / name).is_dir())


CASES = (
    *(
        Case(
            name=f"source {module}",
            content=whole(sequence(_instance(module), integer(7))),
            shows=("7",),
            seconds=6.0 if module == "planted_large" else 2.0,
            mebibytes=512 if module == "planted_large" else 96,
        )
        for module in PLANTED
    ),
    *(
        Case(
            name=f"source of odd module {number}",
            content=whole(sequence(_instance(module), integer(7))),
            shows=("7",),
        )
        for number, module in enumerate(_ODD_MODULES)
    ),
    *(
        Case(
            name=f"source of an odd class {number}",
            content=whole(sequence(_instance(f"{CANARY}_package.inner", name), integer(7))),
            shows=("7",),
        )
        for number, name in enumerate(
            (
                "",
                ".",
                "..",
                "Thing.",
                ".Thing",
                "Thing" + ".Thing" * 200,
                "__class__",
                "a\0b",
                "T" * 4000,
            )
        )
    ),
    Case(
        name="source of the canary is read and not run",
        content=whole(_instance(f"{CANARY}_package.inner", "Thing")),
        shows=("Thing", ".a"),
    ),
    Case(
        name="source of every module of the standard library",
        content=_of_every_module(5000, ""),
        seconds=15.0,
        mebibytes=512,
        faces=("print",),
    ),
    Case(
        name="source of every module of JAX and NumPy",
        content=_of_every_module(5000, "jax", "numpy"),
        seconds=15.0,
        mebibytes=512,
        faces=("print",),
    ),
    Case(
        name="source of a thousand modules that are not there",
        content=whole(sequence(*(_instance(f"jax._src.no.such{i}") for i in range(1000)))),
        seconds=4.0,
    ),
)
