"""Files written as a whole: under another name first, and put in place once they are complete."""

import contextlib
import os
import pathlib
import stat
import tempfile
from collections.abc import Iterator
from typing import IO, TypeAlias

Path: TypeAlias = str | pathlib.Path

SUFFIX = ".eqx"


def with_suffix(path: Path) -> pathlib.Path:
    """The path, with `.eqx` appended if it has no suffix."""
    path = pathlib.Path(path)
    return path if path.suffix else path.with_suffix(SUFFIX)


@contextlib.contextmanager
def written_whole(path: pathlib.Path) -> Iterator[IO[bytes]]:
    """A file to write to, that stands at `path` once the block has ended without an exception.

    Until then, and for good if there was one, what stood there before stays. Raises `OSError`
    when the file cannot be made, or something that is no file has its name.
    """
    # A symbolic link stays one, and what it points to is replaced.
    target = pathlib.Path(os.path.realpath(path))
    before = _mode_of(target)
    if before is not None and not stat.S_ISREG(before):
        # Putting a file in the place of a pipe or a device would do more harm than good.
        raise OSError(
            f"'{path}' is there and is no regular file. Expected the name of a file, or of none "
            "yet. To write to a stream, hand it over: `eqx.tree_serialise_leaves(stream, model)`."
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"There is no directory '{target.parent}' to write '{path}' into. Expected one that "
            "is there. Make it: `pathlib.Path(path).parent.mkdir(parents=True)`."
        )
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            # Else a crash of the machine could leave the new name with none of the bytes.
            os.fsync(file.fileno())
        os.chmod(temporary, _usual_mode() if before is None else stat.S_IMODE(before))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _mode_of(path: pathlib.Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _usual_mode() -> int:
    """The permissions that `open` gives a new file; `mkstemp` gives fewer."""
    # Asking for the mask means setting it: there is no other way.
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask
