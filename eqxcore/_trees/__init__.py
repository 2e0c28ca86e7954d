"""What can be asked of a pytree and done to one: compare, check, print, change in one place."""

from ._apply_updates import apply_updates as apply_updates
from ._pretty import tree_pformat as tree_pformat
from ._pretty import tree_pprint as tree_pprint
from ._tree_at import tree_at as tree_at
from ._tree_check import tree_check as tree_check
from ._tree_check import tree_flatten_one_level as tree_flatten_one_level
from ._tree_equal import tree_equal as tree_equal
