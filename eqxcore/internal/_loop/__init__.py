"""Loops with gradients, and buffers that they write in place."""

from ._buffer import MaybeBuffer as MaybeBuffer
from ._buffer import buffer_at_set as buffer_at_set
from ._maybe_set import maybe_set_p as maybe_set_p
from ._scan import scan as scan
from ._scan_trick import scan_trick as scan_trick
from ._select_if_vmap import select_if_vmap_p as select_if_vmap_p
from ._while_loop import while_loop as while_loop
