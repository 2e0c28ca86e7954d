"""The tree of whatever somebody asks about: a live object, a file, or a tree."""

import os

from eqxview.errors import UsageError
from eqxview.readers.opened import OpenedFile
from eqxview.tree.columns import Tree


def any_tree(x: object) -> Tree:
    """The tree of `x`: as it is, of the file that `x` is or names, or of a live pytree.

    A `str` or a path names a file. Raises `UnreadableFile` for one that cannot be read to its
    end, `UsageError` for one that holds several objects.
    """
    if isinstance(x, Tree):
        return x
    opened = opened_file(x)
    if opened is not None:
        return _only_tree(opened)
    from eqxview.tree.live import tree_of

    return tree_of(x)


def opened_file(x: object) -> OpenedFile | None:
    """The file that `x` is, or whose path it is; `None` for everything else."""
    if isinstance(x, OpenedFile):
        return x
    if not isinstance(x, str | os.PathLike):
        return None
    from eqxview.readers import open_file

    return open_file(os.fspath(x))


def _only_tree(opened: OpenedFile) -> Tree:
    if opened.error is not None:
        raise opened.error
    if len(opened.trees) != 1:
        raise UsageError(
            f"{opened.path!r} holds {len(opened.trees):,} objects: which one is meant?",
            hint="pass one of eqxview.open_file(path).trees",
        )
    return opened.trees[0]
