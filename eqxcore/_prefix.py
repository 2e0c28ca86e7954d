"""One thing for a whole subtree: what stands at a leaf of a prefix goes for all below it."""

from typing import Any, NamedTuple

import jax.tree_util as jtu
from jaxtyping import PyTree

from eqxcore._trees._mismatch import mismatch_table


class Prefix(NamedTuple):
    """A prefix of pytrees, with each `None` a leaf. It hashes as long as its leaves do."""

    leaves: tuple[Any, ...]
    treedef: Any

    def tree(self) -> PyTree:
        """The prefix as it was given."""
        return self.treedef.unflatten(self.leaves)

    def subtrees(self, tree: PyTree, name: str, whole: str) -> list[PyTree]:
        """For each leaf of the prefix, in order, what is in the tree at its place.

        Raises `ValueError`, showing both, when it is no prefix of the tree. `name` is what the
        user calls the prefix, as in "`in_axes` of `filter_vmap(f)`", and `whole` what the tree is.
        """
        try:
            return self.treedef.flatten_up_to(tree)
        except (TypeError, ValueError) as error:
            table = mismatch_table(
                ("prefix", "found"), self.tree(), tree, is_prefix=True, is_leaf=_is_none
            )
            raise ValueError(
                f"{name} is not a prefix of {whole}:\n{table or error}\n"
                "Give one entry for each part (a tuple, not a list, for several arguments), or a "
                "single one for all."
            ) from None


def prefix_of(tree: PyTree) -> Prefix:
    """The prefix that the tree is, with each `None` in it a leaf."""
    leaves, treedef = jtu.tree_flatten(tree, is_leaf=_is_none)
    return Prefix(tuple(leaves), treedef)


def _is_none(node: Any) -> bool:
    return node is None
