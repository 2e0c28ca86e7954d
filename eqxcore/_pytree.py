"""`PyTree` for annotations: jaxtyping's at run time, anything at all to a type checker.

jaxtyping leaves its own unresolved on purpose, so that `PyTree[int]` can be written; but a checker
then reports every function that takes one as incompletely typed, to whoever checks strictly.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import TypeAliasType, TypeVar

    _Leaf = TypeVar("_Leaf", default=Any)

    PyTree = TypeAliasType("PyTree", Any, type_params=(_Leaf,))
else:
    from jaxtyping import PyTree as PyTree
