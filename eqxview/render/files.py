"""Files are written whole or not at all."""

import os
from collections.abc import Iterable

from eqxview.errors import UsageError


def write_file(path: str, pieces: Iterable[str] | Iterable[bytes]) -> None:
    """Write lines (`str`) or pieces (`bytes`) to a file at `path`, replacing what was there.

    Raises `UsageError` where that cannot be done; then nothing is left behind.
    """
    half = f"{path}.part"
    try:
        with open(half, "wb") as file:
            for piece in pieces:
                file.write(piece if isinstance(piece, bytes) else f"{piece}\n".encode())
        os.replace(half, path)
    except OSError as error:
        raise UsageError(
            f"cannot write {path!r}: {error.strerror}", hint="choose another place for the file"
        ) from None
    finally:
        if os.path.exists(half):
            os.unlink(half)
