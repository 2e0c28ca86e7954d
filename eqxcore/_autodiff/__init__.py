"""Differentiation of functions whose arguments and results are any pytrees."""

from ._grad import filter_grad as filter_grad
from ._grad import filter_value_and_grad as filter_value_and_grad
