"""Run each program of this folder under eqxcore and under Equinox, and compare their losses.

    python examples/programs/compare.py [PROGRAM ...]

The programs import eqxcore. For Equinox that one line is replaced, and nothing else.
"""

import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np

HERE = Path(__file__).parent
PROGRAMS = sorted(path.stem for path in HERE.glob("*.py") if path.stem != "compare")
LINE = "import eqxcore as eqx\n"
LIBRARIES = ("eqxcore", "equinox")


def losses_of(program: str, library: str) -> list[float]:
    """What `train()` of the program returns when `eqx` is `library`."""
    path = HERE / f"{program}.py"
    source = path.read_text()
    if source.count(LINE) != 1:
        raise ValueError(f"{path.name} is expected to have the line {LINE.strip()!r} once")
    module = ModuleType(f"{program}_under_{library}")
    # Modules look up the module of their class, as pickle and dataclasses do.
    sys.modules[module.__name__] = module
    try:
        code = compile(source.replace(LINE, f"import {library} as eqx\n"), str(path), "exec")
        exec(code, module.__dict__)
        return module.train()
    finally:
        del sys.modules[module.__name__]


def main(programs: list[str]) -> int:
    """Print one line a program; 1 if any two differ by more than float32 rounding explains."""
    unknown = [program for program in programs if program not in PROGRAMS]
    if unknown:
        print(f"no program {', '.join(unknown)}; there are {', '.join(PROGRAMS)}", file=sys.stderr)
        return 64
    status = 0
    print(f"{'program':16}{'losses':>7}  {'eqxcore':>9}  {'equinox':>9}   largest difference")
    for program in programs or PROGRAMS:
        runs, seconds = [], []
        for library in LIBRARIES:
            start = time.perf_counter()
            runs.append(np.asarray(losses_of(program, library)))
            seconds.append(time.perf_counter() - start)
        ours, theirs = runs
        agree = ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-3, atol=1e-4)
        difference = np.max(np.abs(ours - theirs)) if ours.shape == theirs.shape else np.nan
        times = "  ".join(f"{value:7.1f} s" for value in seconds)
        print(f"{program:16}{len(ours):7}  {times}   {difference:.1e}{'' if agree else '  DIFFER'}")
        status |= not agree
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
