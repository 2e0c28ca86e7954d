"""A node as Python finds it: `tree.layers[0].weight`."""

import keyword

from eqxview.errors import UsageError
from eqxview.tree.columns import Tree

NAME = "tree"
"""What the object is called in the expression."""


def python_expression(tree: Tree, row: int) -> str:
    """The expression for the node at `row`, e.g. to give to `tree_at`.

    Raises `UsageError` for a node that no expression reaches: below a class that was registered
    without keys, JAX knows children by number only.
    """
    text = NAME
    for entry in tree.entries(row):
        if entry.startswith("."):
            name = entry[1:]
            if name.isidentifier() and not keyword.iskeyword(name):
                text += entry
            else:
                text = f"getattr({text}, {name!r})"
        elif entry.startswith("[<"):
            raise UsageError(
                f"no Python expression for {tree.path(row)}: its class was registered without "
                f"keys, so {entry} is a number of JAX's, not an attribute"
            )
        else:
            text += entry
    return text
