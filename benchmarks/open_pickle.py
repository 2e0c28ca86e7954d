"""What it costs to look into a pickle, beside what people do today.

    python benchmarks/make_pickles.py
    python benchmarks/open_pickle.py [--repeats N] [--record]

Fails (exit code 1) if printing the 2.1 GB pickle takes 1.5 times as long as printing the small
one, or 50 MB more memory: the cost of opening follows leaves, not bytes.
"""

import argparse
import sys

from measure import DATA, Command, compare

_EMPTY_APP = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("empty app")
Empty().run()
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    small, big, many = (str(DATA / name) for name in ("small.pkl", "big.pkl", "many.pkl"))
    eqxview = [sys.executable, "-m", "eqxview"]

    def compared(title, *commands):
        return compare(title, commands, repeats=options.repeats, record=options.record)

    compared(
        "--version",
        Command("eqxview --version", [*eqxview, "--version"]),
        Command("python -c pass", [sys.executable, "-c", "pass"]),
        Command("less --version", ["less", "--version"]),
    )
    of_big, of_small, *_ = compared(
        "print a pickle",
        Command("eqxview big.pkl --print", [*eqxview, big, "--print"]),
        Command("eqxview small.pkl --print", [*eqxview, small, "--print"]),
        Command("pickle.load(big.pkl)", _load(big)),
    )
    compared(
        "print 100,000 leaves",
        Command("eqxview many.pkl --print", [*eqxview, many, "--print"]),
        Command("pickle.load(many.pkl)", _load(many)),
    )
    compared(
        "first paint, small file",
        Command("eqxview small.pkl", [*eqxview, small], paints=".layers"),
        Command("empty Textual app", [sys.executable, "-c", _EMPTY_APP], paints="empty app"),
        Command("less (a text file)", ["less", __file__], paints="What it costs"),
    )
    compared(
        "first paint, large file",
        Command("eqxview big.pkl", [*eqxview, big], paints="layer0"),
        Command("empty Textual app", [sys.executable, "-c", _EMPTY_APP], paints="empty app"),
    )

    time_ratio = of_big.wall / of_small.wall
    memory = (of_big.peak - of_small.peak) / 1e6
    print(f"\nbig against small: {time_ratio:.2f}x the time, {memory:+.1f} MB")
    return 0 if time_ratio < 1.5 and memory < 50 else 1


def _load(path: str) -> list[str]:
    return [sys.executable, "-c", f"import pickle; pickle.load(open({path!r}, 'rb'))"]


if __name__ == "__main__":
    sys.exit(main())
