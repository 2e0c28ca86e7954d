"""The child process that shows that the payloads are live: loads them the usual way.

Run as `python -P live.py MANIFEST` in an empty folder; every load is a fork of its own. Prints
the names of the files that made no marker.
"""

import json
import os
import pickle
import sys
import time
from contextlib import suppress
from pathlib import Path


def main(manifest: str) -> None:
    """Load each file in a fork, and look for the marker."""
    plan = json.loads(Path(manifest).read_text())
    marker = Path(plan["marker"])
    # Imported once here: a fork must not pay for NumPy and JAX again.
    for name in plan["modules"]:
        with suppress(ImportError):
            __import__(name)
    sys.stdout.flush()
    idle = []
    for name, path, how in plan["files"]:
        child = os.fork()
        if child == 0:
            _load(path, how, plan["canary"], marker)
        os.waitpid(child, 0)
        # Some payloads start a process that nobody waits for.
        patience = time.monotonic() + 5
        while not marker.exists() and time.monotonic() < patience:
            time.sleep(0.01)
        if not marker.exists():
            idle.append(name)
        marker.unlink(missing_ok=True)
    print(json.dumps(idle))


def _load(path: str, how: str, canary: str, marker: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    if how == "call":
        # The import alone leaves the marker too: that is not what this file is about.
        __import__(canary)
        marker.unlink(missing_ok=True)
    try:
        with open(path, "rb") as file:
            pickle.load(file)
    except BaseException:  # noqa: BLE001  (many payloads raise once they have run)
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
