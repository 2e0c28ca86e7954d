"""One function over many examples, many devices: `vmap` and its kin, for any pytrees.

| file | idea |
|---|---|
| `_axes.py` | axes of arguments and results; `if_array` |
| `_vmap.py` | `filter_vmap` |
| `_pmap.py` | `filter_pmap` |
| `_mapped_output.py` | a result on its way out of `jax.pmap` |
| `_shard.py` | `filter_shard` |
| `_shard_map.py` | `filter_shard_map` |
"""

from ._axes import if_array as if_array
from ._pmap import filter_pmap as filter_pmap
from ._shard import filter_shard as filter_shard
from ._shard_map import filter_shard_map as filter_shard_map
from ._vmap import filter_vmap as filter_vmap
