"""Makes `docs/screenshot.svg`, the picture of the app in the README, by the app's own export.

    python docs/make_screenshot.py [OUTPUT]

The model is the one of `eqxview demo`, saved and opened as the command does it. What differs
from run to run (reading time, ids in the SVG) is set to the same, so that the picture changes
only when the app does.
"""

import asyncio
import pickle
import re
import sys
import tempfile
from pathlib import Path

from eqxview.cli.demo_model import demo_state
from eqxview.readers import ReadOptions, open_file
from eqxview.readers.opened import OpenedFile
from eqxview.tui.app import EqxviewApp
from eqxview.tui.opening import Opening
from eqxview.tui.subject import Subject

SIZE = (132, 34)
KEYS = ("slash", *"mlp.layers[0].w", "enter", "escape")


def main() -> None:
    """Write the picture."""
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("screenshot.svg")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.pkl"
        path.write_bytes(pickle.dumps(demo_state(), protocol=5))
        opened = open_file(str(path), ReadOptions())._replace(seconds=0.012)
        svg = asyncio.run(picture(opened))
    output.write_text(svg, encoding="utf-8")


async def picture(opened: OpenedFile) -> str:
    """The app's screen as SVG, after `KEYS`."""
    app = EqxviewApp(Opening(lambda: Subject(opened)), "demo.pkl")
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, lambda: app.focused is not None)
        await pilot.press(*KEYS)
        await settled(pilot, lambda: "histogram" in text(app))
        svg = app.export_screenshot(title="eqxview demo.pkl")
    # Rich numbers the classes of each picture by a hash of its content.
    return re.sub(r"terminal-\d+", "terminal-eqxview", svg)


async def settled(pilot, condition) -> None:
    """Wait until `condition` holds, and what it led to is drawn."""
    for _ in range(2000):
        if condition():
            break
        await pilot.pause(0.01)
    else:
        raise SystemExit("the screen never showed what the picture is to show")
    await pilot.pause(0.1)


def text(app: EqxviewApp) -> str:
    """All that is on screen."""
    return re.sub(r"<[^>]*>", "", app.export_screenshot())


if __name__ == "__main__":
    main()
