"""Opens damaged pickles one after the other, and tells which ones did harm.

By hand, for many more of them than the suite has time for:

    python -m hostile.fuzz 100000      (in the folder `tests`)
"""

import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hostile.mutate import honest_pickles, mutants

SLOW = 1.0
"""CPU seconds that no file of a few kilobytes may take."""


@dataclass
class Figures:
    """What came of all the mutants."""

    opened: int = 0
    broken: int = 0
    """Of these: read in part, or refused."""
    slowest: float = 0.0
    seconds: float = 0.0
    harm: list[str] = field(default_factory=list)
    """An exception that is none of ours, a file that takes long, a character that acts."""
    kinds: Counter[str] = field(default_factory=Counter)


def fuzz(*, count: int, seconds: float, seed: int, keep: Path | None = None) -> Figures:
    """Open up to `count` mutants in at most `seconds`, with all that follows an opening."""
    from eqxview.errors import EqxviewError
    from eqxview.inspect.analyses import ANALYSES
    from eqxview.readers import ReadOptions, open_file
    from eqxview.render import page_json, page_text
    from eqxview.render.formats import Drawing
    from eqxview.render.page import page_of
    from hostile.expectations import UNSAFE

    figures = Figures()
    originals = honest_pickles()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="eqxview-fuzz-") as folder:
        path = os.path.join(folder, "mutant.pkl")
        for data in mutants(originals, seed):
            if figures.opened >= count or time.perf_counter() - started > seconds:
                break
            with open(path, "wb") as file:
                file.write(data)
            figures.opened += 1
            cpu = time.process_time()
            harm = ""
            try:
                opened = open_file(path, ReadOptions())
                page = page_of(ANALYSES[0], opened.trees, file=opened)
                drawn = (page_text.draw(page, Drawing()), page_json.draw(page, Drawing()))
                text = "\n".join(line for lines in drawn for line in lines)
                if UNSAFE.search(text):
                    harm = f"unsafe: {UNSAFE.search(text)!r}"
                if opened.error is not None:
                    figures.broken += 1
                    if not opened.error.hint:
                        harm = f"no hint: {opened.error}"
            except EqxviewError as error:
                figures.broken += 1
                if error.exit_code != 2 or not error.hint:
                    harm = f"{type(error).__name__}: {error}"
            except Exception as error:  # noqa: BLE001  (which ones escape is the question)
                harm = _told(error)
            took = time.process_time() - cpu
            figures.slowest = max(figures.slowest, took)
            if took > SLOW:
                harm = f"slow: {took:.1f} s"
            if harm:
                figures.kinds[harm] += 1
                if figures.kinds[harm] == 1:
                    figures.harm.append(f"{harm}\n{data!r}")
                    if keep is not None:
                        (keep / f"harm-{seed}-{figures.opened}.pkl").write_bytes(data)
    figures.seconds = time.perf_counter() - started
    return figures


def _told(error: Exception) -> str:
    """The exception and the line it comes from: one kind of harm each."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__} at {where}: {str(error)[:60]}"


if __name__ == "__main__":
    _, wanted, *rest = sys.argv
    found = fuzz(count=int(wanted), seconds=1e9, seed=int(rest[0]) if rest else 1, keep=Path())
    for kind, times in found.kinds.most_common():
        print(f"{times:8,}  {kind}")
    print(
        f"{found.opened:,} mutants, {found.broken:,} broken, slowest {found.slowest * 1000:.0f} ms,"
        f" {found.seconds:.0f} s, harm: {sum(found.kinds.values()):,}"
    )
    sys.exit(bool(found.harm))
