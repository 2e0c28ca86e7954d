"""`eqxview demo`: build a small model with eqxcore, pickle it, and open the pickle."""

import os
import pickle
import tempfile
from collections.abc import Sequence

from eqxview.cli.parsing import Parser
from eqxview.cli.show import add_show_options, show_file


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
        _save(options.save, data)
        return show_file(options.save, options)
    with tempfile.TemporaryDirectory(prefix="eqxview-") as folder:
        path = os.path.join(folder, "demo.pkl")
        _save(path, data)
        return show_file(path, options)


def _save(path: str, data: bytes) -> None:
    """Write the file whole or not at all."""
    from eqxview.errors import EqxviewError

    half = f"{path}.part"
    try:
        with open(half, "wb") as file:
            file.write(data)
        os.replace(half, path)
    except OSError as error:
        raise EqxviewError(
            f"cannot write {path!r}: {error.strerror}", hint="choose another place with --save"
        ) from None
