"""Modules, filters and filtered transformations: a library of pytrees for JAX."""

from . import nn as nn
from ._apply_updates import apply_updates as apply_updates
from ._filters import combine as combine
from ._filters import filter as filter
from ._filters import partition as partition
from ._grad import filter_grad as filter_grad
from ._grad import filter_value_and_grad as filter_value_and_grad
from ._jit import filter_jit as filter_jit
from ._module import AbstractClassVar as AbstractClassVar
from ._module import AbstractVar as AbstractVar
from ._module import Module as Module
from ._module import StrictConfig as StrictConfig
from ._module import field as field
from ._module import module_update_wrapper as module_update_wrapper
from ._module import static_field as static_field
from ._partial import Partial as Partial
from ._predicates import is_array as is_array
from ._predicates import is_array_like as is_array_like
from ._predicates import is_inexact_array as is_inexact_array
from ._predicates import is_inexact_array_like as is_inexact_array_like
from ._pretty import tree_pformat as tree_pformat
from ._pretty import tree_pprint as tree_pprint
from ._tree_at import tree_at as tree_at
from ._tree_equal import tree_equal as tree_equal
from ._vmap import filter_vmap as filter_vmap
from ._vmap import if_array as if_array
