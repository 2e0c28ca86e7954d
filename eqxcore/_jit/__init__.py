"""`filter_jit`.

| file | idea |
|---|---|
| `_filter_jit.py` | `filter_jit`, and the callable that it returns |
| `_options.py` | donation, and what goes on to `jax.jit` |
| `_shardings.py` | `in_shardings` and `out_shardings` |
| `_call_form.py` | one form for all ways of writing a call |
| `_split.py` | a pytree as arrays and everything else |
| `_dispatch.py` | from a call to its program |
| `_traces.py` | what has been traced, for all functions |
| `_cache.py` | `f.cache`: what was compiled, and how often it may be |
| `_cache_entry.py` | one entry of it |
| `_cache_text.py` | the cache as a table, and the error for one too many |
| `_heard.py` | hears from JAX that it compiles |
| `_signature.py` | what a program was compiled for, as text |
| `_changes.py` | in what two signatures differ |
| `_made_once.py` | an attribute that threads make together |
| `_output.py` | a result on its way through `jax.jit` |
| `_waited.py` | a result that is handed over when its program is done |
| `_lowered.py` | `.lower(...).compile()` |
| `_hashable.py` | says which static value does not hash |
"""

from ._cache import clear_jit_caches as clear_jit_caches
from ._filter_jit import filter_jit as filter_jit
from ._traces import clear_traces as clear_traces
