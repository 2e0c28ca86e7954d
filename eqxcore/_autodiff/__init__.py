"""Differentiation of functions whose arguments and results are any pytrees.

| file | idea |
|---|---|
| `_grad.py` | `filter_grad`, `filter_value_and_grad` |
| `_jvp.py` | `filter_jvp` |
| `_perturbed.py` | which values depend on what is being differentiated |
| `_vjp.py` | `filter_vjp` |
| `_jacobian.py` | `filter_jacfwd`, `filter_jacrev` |
| `_hessian.py` | `filter_hessian` |
| `_rules.py` | what functions with rules of their own have in common |
| `_custom_jvp.py` | `filter_custom_jvp` |
| `_custom_vjp.py` | `filter_custom_vjp` |
| `_checkpoint.py` | `filter_checkpoint` |
| `_closure_convert.py` | `filter_closure_convert` |
"""

from ._checkpoint import filter_checkpoint as filter_checkpoint
from ._closure_convert import filter_closure_convert as filter_closure_convert
from ._custom_jvp import filter_custom_jvp as filter_custom_jvp
from ._custom_vjp import filter_custom_vjp as filter_custom_vjp
from ._grad import filter_grad as filter_grad
from ._grad import filter_value_and_grad as filter_value_and_grad
from ._hessian import filter_hessian as filter_hessian
from ._jacobian import filter_jacfwd as filter_jacfwd
from ._jacobian import filter_jacrev as filter_jacrev
from ._jvp import filter_jvp as filter_jvp
from ._vjp import filter_vjp as filter_vjp
