"""What other libraries build on: primitives, finalisation, pytree arithmetic.

Useful to those who write libraries, and rarely to those who write models.

| file | idea |
|---|---|
| `_loop/` | loops with gradients, and buffers that they write in place |
| `_progress_meter/` | how far along a solve is |
| `_omega.py` | `ω`: arithmetic on pytrees |
| `_filter_primitive.py` | primitives of any pytrees |
| `_batched_primitive.py` | primitives that batch themselves |
| `_identity_primitive.py` | primitives that return what they get |
| `_nondifferentiable.py`, `_nonbatchable.py`, `_nontraceable.py` | identities that refuse |
| `_finalise.py` | programs without what only transformations need |
| `_noinline/` | functions compiled by themselves |
| `_assert_dce.py` | shows that something is never computed |
| `_cached_eval_shape.py`, `_filled_result.py` | what a function would return |
| `_hashable_split.py` | a pytree as leaves and something that hashes |
| `_closure_to_pytree.py` | functions with what they close over as leaves |
| `_str2jax.py` | a string as a pytree |
| `_container_meta.py` | numbered names |
| `_materialise_zeros.py`, `_left_broadcast.py`, `_next_float.py` | arrays |
| `_documentation.py`, `_tree_wl_custom.py` | how things are shown |
| `_get_key.py` | random keys for tests |
| `_to_onnx.py` | a function as an ONNX model |
"""

from eqxcore._enumeration import Enumeration as Enumeration
from eqxcore._module import AbstractClassVar as AbstractClassVar
from eqxcore._module import AbstractVar as AbstractVar
from eqxcore._runtime_errors import branched_error_if as branched_error_if
from eqxcore._runtime_errors import error_if as error_if
from eqxcore._static import Static as Static
from eqxcore._unvmap import unvmap_all as unvmap_all
from eqxcore._unvmap import unvmap_all_p as unvmap_all_p
from eqxcore._unvmap import unvmap_any as unvmap_any
from eqxcore._unvmap import unvmap_any_p as unvmap_any_p
from eqxcore._unvmap import unvmap_max as unvmap_max
from eqxcore._unvmap import unvmap_max_p as unvmap_max_p
from eqxcore.debug import announce_transform as announce_transform
from eqxcore.debug import backward_nan as _backward_nan
from eqxcore.debug import breakpoint_if as breakpoint_if
from eqxcore.debug import inspect_dce as inspect_dce
from eqxcore.debug import store_dce as store_dce
from eqxcore.debug._announce_transform import announce_jaxpr_p as announce_jaxpr_p

from ._assert_dce import assert_dce as assert_dce
from ._batched_primitive import create_vprim as create_vprim
from ._cached_eval_shape import cached_filter_eval_shape as cached_filter_eval_shape
from ._closure_to_pytree import closure_to_pytree as closure_to_pytree
from ._container_meta import ContainerMeta as ContainerMeta
from ._documentation import doc_remove_args as doc_remove_args
from ._documentation import doc_repr as doc_repr
from ._filled_result import eval_empty as eval_empty
from ._filled_result import eval_zero as eval_zero
from ._filter_primitive import filter_primitive_batching as filter_primitive_batching
from ._filter_primitive import filter_primitive_bind as filter_primitive_bind
from ._filter_primitive import filter_primitive_def as filter_primitive_def
from ._filter_primitive import filter_primitive_jvp as filter_primitive_jvp
from ._filter_primitive import filter_primitive_transpose as filter_primitive_transpose
from ._finalise import finalise_eval_jaxpr as finalise_eval_jaxpr
from ._finalise import finalise_fn as finalise_fn
from ._finalise import finalise_jaxpr as finalise_jaxpr
from ._finalise import finalise_jaxpr_as_fn as finalise_jaxpr_as_fn
from ._finalise import finalise_make_jaxpr as finalise_make_jaxpr
from ._finalise import primitive_finalisations as primitive_finalisations
from ._finalise import register_impl_finalisation as register_impl_finalisation
from ._get_key import GetKey as GetKey
from ._hashable_split import hashable_combine as hashable_combine
from ._hashable_split import hashable_partition as hashable_partition
from ._left_broadcast import left_broadcast_to as left_broadcast_to
from ._loop import MaybeBuffer as MaybeBuffer
from ._loop import buffer_at_set as buffer_at_set
from ._loop import maybe_set_p as maybe_set_p
from ._loop import scan as scan
from ._loop import scan_trick as scan_trick
from ._loop import select_if_vmap_p as select_if_vmap_p
from ._loop import while_loop as while_loop
from ._materialise_zeros import materialise_zeros as materialise_zeros
from ._next_float import nextafter as nextafter
from ._next_float import prevbefore as prevbefore
from ._noinline import noinline as noinline
from ._noinline import noinline_p as noinline_p
from ._nonbatchable import nonbatchable as nonbatchable
from ._nonbatchable import nonbatchable_p as nonbatchable_p
from ._nondifferentiable import nondifferentiable as nondifferentiable
from ._nondifferentiable import nondifferentiable_backward as nondifferentiable_backward
from ._nondifferentiable import nondifferentiable_backward_p as nondifferentiable_backward_p
from ._nontraceable import nontraceable as nontraceable
from ._nontraceable import nontraceable_p as nontraceable_p
from ._omega import ω as ω
from ._progress_meter import AbstractProgressMeter as AbstractProgressMeter
from ._progress_meter import NoProgressMeter as NoProgressMeter
from ._progress_meter import TextProgressMeter as TextProgressMeter
from ._progress_meter import TqdmProgressMeter as TqdmProgressMeter
from ._str2jax import str2jax as str2jax
from ._to_onnx import to_onnx as to_onnx
from ._tree_wl_custom import TreeWLCustom as TreeWLCustom

debug_backward_nan = _backward_nan
