"""What opening a file gives: its trees, and what there is to say about the file itself."""

from typing import NamedTuple

from eqxview.errors import UnreadableFile
from eqxview.tree.columns import Tree


class OpenedFile(NamedTuple):
    """One file, read. The trees hold facts; array values stay in the file until asked for."""

    path: str
    """The path as the user gave it."""
    format: str
    """E.g. `pickle, protocol 5`, `pickle, protocol 4, gzip`."""
    nbytes: int
    """Size of the file on disk."""
    seconds: float
    """Wall time of reading, tree included."""
    trees: tuple[Tree, ...]
    """One for each object in the file; a broken file's last tree is the part that could be read."""
    error: UnreadableFile | None = None
    """Why the file could not be read to its end, if it could not."""
    warnings: tuple[str, ...] = ()
    """What is suspicious about the file, one sentence each; sanitised."""
    hints: tuple[str, ...] = ()
    """How to learn what the file alone does not tell, e.g. which fields are static."""
    imports: tuple[str, ...] = ()
    """What the usual way of loading would import and may call; sanitised, sorted."""

    @property
    def safety(self) -> str:
        """What was run to show this file; on screen at all times."""
        return "safe: nothing was run"
