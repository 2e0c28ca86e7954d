"""What a function would do, and what Python does inside of a compiled one: for any pytrees."""

from ._eval_shape import filter_eval_shape as filter_eval_shape
from ._make_jaxpr import filter_make_jaxpr as filter_make_jaxpr
from ._pure_callback import filter_pure_callback as filter_pure_callback
