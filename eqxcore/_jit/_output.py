"""The result of a traced function on its way through `jax.jit`: arrays, and the structure."""

from typing import Any

import jax.tree_util as jtu


class Output:
    """Arrays as children, and the structure that they came from as metadata.

    It travels with JAX's own record of the trace, so that each trace of a function, for other
    shapes say, has its own structure.
    """

    __slots__ = ("arrays", "structure")

    def __init__(self, arrays: Any, structure: Any) -> None:
        self.arrays = arrays
        self.structure = structure

    def unflatten(self) -> Any:
        """The result, put together."""
        return self.structure.unflatten(self.arrays)


jtu.register_pytree_node(
    Output,
    lambda output: (output.arrays, output.structure),
    lambda structure, arrays: Output(arrays, structure),
)
