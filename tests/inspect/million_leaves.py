"""A wide tree, made without the objects it would be of."""

from eqxview.tree.columns import ArrayFacts, Tree, TreeBuilder
from eqxview.tree.kinds import Kind, Role


def tree_of_leaves(count: int) -> Tree:
    """Blocks of eight leaves of four dtypes and shapes: `.attn[i].q`, `.mlp[i].w` ..."""
    block = TreeBuilder()
    block.add("", -1, 0, kind=Kind.LIST, role=Role.NODE, type_name=("list", "builtins.list"))
    for index in range(count // 8):
        entry = index
        parent = block.add(
            entry, 0, 1, kind=Kind.MODULE, role=Role.NODE, type_name=("Block", "model.Block")
        )
        for name, dtype, shape in _LEAVES:
            facts = ArrayFacts(dtype, shape, 4 * shape[0] * shape[1])
            block.add(
                name,
                parent,
                2,
                kind=Kind.ARRAY,
                role=Role.DYNAMIC,
                type_name=("Array", "jax.Array"),
                array=facts,
            )
    return block.finish()


_LEAVES = [
    (f".{part}_{name}", dtype, shape)
    for part in ("attn", "mlp")
    for name, dtype, shape in (
        ("w", "float32", (64, 64)),
        ("b", "float32", (1, 64)),
        ("scale", "bfloat16", (4, 4)),
        ("ids", "int32", (4, 64)),
    )
]
