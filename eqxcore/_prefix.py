"""One thing for a whole subtree: what stands at a leaf of a prefix goes for all below it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.tree_util as jtu

from eqxcore._pytree import PyTree
from eqxcore._trees._mismatch import mismatch_table


class Prefix(NamedTuple):
    """A prefix of pytrees, with each `None` a leaf. It hashes as long as its leaves do."""

    leaves: tuple[Any, ...]
    treedef: Any

    def tree(self) -> PyTree:
        """The prefix as it was given."""
        return self.treedef.unflatten(self.leaves)

    def subtrees(
        self,
        tree: PyTree,
        *,
        name: str,
        of: str,
        whole: str,
        name_path: Callable[[tuple[Any, ...]], str] = jtu.keystr,
    ) -> list[PyTree]:
        """For each leaf of the prefix, in order, what is in the tree at its place.

        Raises `ValueError`, showing both, when it is no prefix of the tree. In the message, the
        prefix is called `name` "of" `of`, the tree is `whole`, and `name_path` writes key paths.
        """
        try:
            return self.treedef.flatten_up_to(tree)
        except (TypeError, ValueError) as error:
            table = mismatch_table(
                (name, "found"),
                self.tree(),
                tree,
                is_prefix=True,
                is_leaf=_is_none,
                name_path=name_path,
            )
            raise ValueError(
                f"`{name}` of `{of}` is not a prefix of {whole}:\n{table or error}\n"
                "Give one entry for each part (a tuple, not a list, for several arguments), or a "
                "single one for all."
            ) from None


def prefix_of(tree: PyTree) -> Prefix:
    """The prefix that the tree is, with each `None` in it a leaf."""
    leaves, treedef = jtu.tree_flatten(tree, is_leaf=_is_none)
    return Prefix(tuple(leaves), treedef)


def _is_none(node: Any) -> bool:
    return node is None
