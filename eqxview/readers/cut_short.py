"""The errors of files that were read only as far as a limit allows: which limit, and its flag.

What could be shown is a beginning, and a script must not take it for the whole.
"""

from eqxview.errors import LimitExceeded
from eqxview.limits import Limits
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Cut


def limit_that_cut(tree: Tree, limits: Limits) -> LimitExceeded | None:
    """The limit that kept `tree` from being whole; `None` if it is whole."""
    if Cut.TIME in tree.cuts:
        seconds = limits.seconds
        return _cut(
            f"the tree is shown only in part: {len(tree):,} nodes were read in {seconds:g} seconds",
            f"--max-seconds {2 * seconds:g}",
        )
    if Cut.NODES in tree.cuts:
        most = 2 * (limits.nodes or len(tree))
        return _cut(
            f"the tree is shown only in part: its first {len(tree):,} nodes", f"--max-nodes {most}"
        )
    if Cut.DEPTH in tree.cuts:
        return _cut(
            f"the tree is shown only in part: what is nested deeper than {limits.nesting:,} levels "
            "was not followed",
            f"--max-nesting {2 * limits.nesting}",
        )
    return None


def too_many_objects(limits: Limits, offset: int) -> LimitExceeded:
    """More pickles in the file than are shown; `offset` is where the first of the others begins."""
    return _cut(
        f"more than {limits.objects:,} pickles are in the file: those from byte {offset:,} on are "
        "not shown",
        f"--max-objects {2 * limits.objects}",
        offset,
    )


def _cut(what: str, flag: str, offset: int | None = None) -> LimitExceeded:
    hint = f"if you trust the file's size, raise the limit: {flag}"
    return LimitExceeded(what, hint=hint, offset=offset)
