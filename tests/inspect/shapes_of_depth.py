"""Trees that are deep and nothing else."""

from eqxview.tree.columns import TreeBuilder
from eqxview.tree.kinds import Kind, Role


def nested(depth):
    """Lists in lists."""
    builder = TreeBuilder()
    for level in range(depth):
        builder.add(
            0,
            level - 1,
            level,
            kind=Kind.LIST,
            role=Role.NODE,
            type_name=("list", "builtins.list"),
        )
    return builder.finish()
