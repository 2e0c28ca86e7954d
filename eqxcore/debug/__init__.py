"""Tools for looking into a program while it is traced and run.

| file | answers |
|---|---|
| `_announce_transform.py` | which transformations reach this value, and in which order? |
| `_assert_max_traces.py` | how often is this traced, and which argument is the reason? |
| `_backward_nan.py` | where does a gradient become NaN? |
| `_breakpoint_if.py` | what are the values here, when something is true of them? |
| `_dce.py` | is this value computed at all, or was it optimised away? |
"""

from ._announce_transform import announce_transform as announce_transform
from ._assert_max_traces import assert_max_traces as assert_max_traces
from ._assert_max_traces import get_num_traces as get_num_traces
from ._backward_nan import backward_nan as backward_nan
from ._breakpoint_if import breakpoint_if as breakpoint_if
from ._dce import inspect_dce as inspect_dce
from ._dce import store_dce as store_dce
