"""What answers cost beside what people have today: pages, filters, and importing eqxcore.

    python benchmarks/answers.py [--repeats N] [--record]

Interleaved in one process (imports: fresh processes), CPU time, medians.
"""

import argparse
import datetime
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import equinox
import jax
import jax.numpy as jnp
from measure import RESULTS, machine

import eqxview
from eqxview.document import Document, Outline
from eqxview.inspect.partition_by_filter import partition_by_filter
from eqxview.render.formats import Drawing, find_format
from eqxview.render.page import Page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()

    pytree = {
        f"layer{i}": {"kernel": jnp.zeros(i % 97 + 1), "bias": jnp.zeros(1)} for i in range(5_000)
    }
    tree = eqxview.tree_of(pytree)
    page = Page("tree", (Document("Tree", (Outline(tree),)),), (tree,))
    html, text = find_format("html"), find_format("text")
    _compare(
        "10,000 leaves drawn",
        ("eqxview HTML", lambda: "".join(html.draw(page, Drawing()))),
        ("equinox.tree_pformat", lambda: equinox.tree_pformat(pytree)),
        options,
    )
    _compare(
        "10,000 leaves as text",
        ("eqxview text", lambda: "".join(text.draw(page, Drawing()))),
        ("equinox.tree_pformat", lambda: equinox.tree_pformat(pytree)),
        options,
    )

    many = [{"kernel": kernel, "bias": bias} for kernel, bias in [(pytree["layer1"]["kernel"], 1)]]
    many = many * 100_000
    large = eqxview.tree_of(many)
    _compare(
        "200,000 leaves in two halves",
        ("eqxview partition report", lambda: partition_by_filter(large, "is_array")),
        ("equinox.partition", lambda: equinox.partition(many, equinox.is_array)),
        options,
    )
    _compare_imports(options)


def _compare(
    title: str, ours: tuple[str, Callable], other: tuple[str, Callable], options: argparse.Namespace
) -> None:
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(options.repeats):
        for (_, run), taken in zip((ours, other), seconds, strict=True):
            start = time.process_time()
            run()
            taken.append(time.process_time() - start)
    _tell(title, ours[0], other[0], *map(statistics.median, seconds), options.record)


def _compare_imports(options: argparse.Namespace) -> None:
    """What each library takes beside JAX, which both need."""
    script = (
        "import time, jax, jax.numpy, numpy; start = time.process_time()\n"
        "import {}; print(time.process_time() - start)"
    )
    names = ("eqxcore", "equinox")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(options.repeats + 1):
        for name in names:
            done = subprocess.run(
                [sys.executable, "-c", script.format(name)],
                capture_output=True,
                text=True,
                check=True,
            )
            seconds[name].append(float(done.stdout))
    # The first of each may have compiled the modules.
    medians = [statistics.median(seconds[name][1:]) for name in names]
    _tell("imported beside JAX", *names, *medians, options.record)


def _tell(title: str, ours: str, other: str, mine: float, theirs: float, record: bool) -> None:
    figures = (f"{ours}: {1000 * mine:.0f} ms CPU", f"{other}: {1000 * theirs:.0f} ms CPU")
    print(f"{title:<32} {figures[0]:<40} {figures[1]:<40} {mine / theirs:.3f}")
    if record:
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(
                f"| {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d} | {title} "
                f"| `python benchmarks/answers.py` | {machine()} "
                f"| {figures[0]} | {figures[1]} | {mine / theirs:.3f} |\n"
            )


if __name__ == "__main__":
    jax.config.update("jax_platforms", "cpu")
    main()
