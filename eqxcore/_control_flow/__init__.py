"""Loops and branches whose carries and operands are any pytrees.

| file | idea |
|---|---|
| `_scan.py` | `filter_scan` |
| `_cond.py` | `filter_cond` |
| `_while_loop.py` | `filter_while_loop` |
| `_carry.py` | what goes round: arrays that may change, and everything else, which may not |
| `_alike.py` | whether one program serves both of two leaves |
| `_fixes.py` | what to write where two leaves differ that must not |
| `_kept_functions.py` | the same function for JAX each time, so that it finds what it traced |
"""

from ._cond import filter_cond as filter_cond
from ._scan import filter_scan as filter_scan
from ._while_loop import filter_while_loop as filter_while_loop
