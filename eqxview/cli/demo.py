"""`eqxview demo`: build a small model with eqxcore, pickle it, and open the pickle."""

import os
import pickle
import tempfile
from collections.abc import Sequence

from eqxview.cli.parsing import Parser
from eqxview.cli.show import add_show_options, show_file
from eqxview.render.files import write_file


def run(arguments: Sequence[str]) -> int:
    """Run `eqxview demo`."""
    parser = Parser(
        prog="eqxview demo",
        description="Build a small model with eqxcore, pickle it, and show the pickle.",
    )
    parser.add_argument(
        "--save", metavar="FILE", help="keep the pickle as FILE (default: removed afterwards)"
    )
    add_show_options(parser)
    options = parser.parse_args(arguments)

    from eqxview.cli.demo_model import demo_state

    data = pickle.dumps(demo_state(), protocol=5)
    if options.save is not None:
        write_file(options.save, [data])
        return show_file(options.save, options)
    with tempfile.TemporaryDirectory(prefix="eqxview-") as folder:
        path = os.path.join(folder, "demo.pkl")
        write_file(path, [data])
        return show_file(path, options)
