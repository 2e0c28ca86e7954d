"""One function over many examples, many devices: `vmap` and its kin, for any pytrees.

| file | idea |
|---|---|
| `_axes.py` | axes of arguments and results; `if_array` |
| `_vmap.py` | `filter_vmap` |
"""

from ._axes import if_array as if_array
from ._vmap import filter_vmap as filter_vmap
