"""`TreeWLCustom`: how we show leaves, for others who lay out pytrees with `wadler_lindig`."""

import dataclasses
from collections.abc import Callable
from typing import Any

import wadler_lindig as wl

from eqxcore._trees._pretty import _document


@dataclasses.dataclass
class TreeWLCustom:
    """The `custom=` of `wadler_lindig.pdoc` with which `tree_pformat` shows a pytree.

    `truncate_leaf`: where true of a node, the node is cut to its type's name. `short_arrays`:
    arrays are shown by dtype and shape. `struct_as_array`: so is a `jax.ShapeDtypeStruct`.
    """

    truncate_leaf: Callable[[Any], bool]
    short_arrays: bool
    struct_as_array: bool

    def __call__(self, node: Any) -> wl.AbstractDoc | None:
        """The document of `node`, or `None` where `wadler_lindig` shows it well by itself."""
        return _document(2, self.short_arrays, self.struct_as_array, self.truncate_leaf, node)
