"""Modules, filters and filtered transformations: a library of pytrees for JAX."""

from typing import TYPE_CHECKING

from . import nn as nn
from ._autodiff import filter_checkpoint as filter_checkpoint
from ._autodiff import filter_closure_convert as filter_closure_convert
from ._autodiff import filter_custom_jvp as filter_custom_jvp
from ._autodiff import filter_custom_vjp as filter_custom_vjp
from ._autodiff import filter_grad as filter_grad
from ._autodiff import filter_hessian as filter_hessian
from ._autodiff import filter_jacfwd as filter_jacfwd
from ._autodiff import filter_jacrev as filter_jacrev
from ._autodiff import filter_jvp as filter_jvp
from ._autodiff import filter_value_and_grad as filter_value_and_grad
from ._autodiff import filter_vjp as filter_vjp
from ._clear_caches import clear_caches as clear_caches
from ._control_flow import filter_cond as filter_cond
from ._control_flow import filter_scan as filter_scan
from ._control_flow import filter_while_loop as filter_while_loop
from ._enumeration import Enumeration as Enumeration
from ._files import CheckpointDiff as CheckpointDiff
from ._files import CheckpointError as CheckpointError
from ._files import CheckpointMismatch as CheckpointMismatch
from ._files import default_deserialise_filter_spec as default_deserialise_filter_spec
from ._files import default_serialise_filter_spec as default_serialise_filter_spec
from ._files import load as load
from ._files import load_matching as load_matching
from ._files import save as save
from ._files import tree_deserialise_leaves as tree_deserialise_leaves
from ._files import tree_serialise_leaves as tree_serialise_leaves
from ._filters import combine as combine
from ._filters import filter as filter
from ._filters import partition as partition
from ._jit import filter_jit as filter_jit
from ._mapping import filter_pmap as filter_pmap
from ._mapping import filter_shard as filter_shard
from ._mapping import filter_shard_map as filter_shard_map
from ._mapping import filter_vmap as filter_vmap
from ._mapping import if_array as if_array
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
from ._runtime_errors import EquinoxRuntimeError as EquinoxRuntimeError
from ._runtime_errors import EquinoxTracetimeError as EquinoxTracetimeError
from ._runtime_errors import branched_error_if as branched_error_if
from ._runtime_errors import error_if as error_if
from ._tracing import filter_eval_shape as filter_eval_shape
from ._tracing import filter_make_jaxpr as filter_make_jaxpr
from ._tracing import filter_pure_callback as filter_pure_callback
from ._trees import apply_updates as apply_updates
from ._trees import tree_at as tree_at
from ._trees import tree_check as tree_check
from ._trees import tree_equal as tree_equal
from ._trees import tree_flatten_one_level as tree_flatten_one_level
from ._trees import tree_pformat as tree_pformat
from ._trees import tree_pprint as tree_pprint
from ._version import __version__ as __version__
from .nn._inference import tree_inference as tree_inference

# Loaded when first used: few programs do, and they would be half of the time of an import.
if TYPE_CHECKING:
    from . import debug as debug
    from . import internal as internal


def __getattr__(name: str) -> object:
    if name in ("debug", "internal"):
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), "debug", "internal"})
