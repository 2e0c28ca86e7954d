"""One function over many examples, many devices: `vmap` and its kin, for any pytrees."""

from ._vmap import filter_vmap as filter_vmap
from ._vmap import if_array as if_array
