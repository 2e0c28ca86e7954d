"""The analyses: each computes a frozen report, which describes itself as a document.

| file | what it holds |
|---|---|
| `analyses.py` | the table of analyses of a tree |
| `report.py` | what an analysis is asked, and what it returns |
| `tree_view.py` | the tree itself |
| `node_detail.py` | one node |
| `value_summary.py` | the numbers of one array |
| `any_tree.py` | the tree of whatever is asked about: a live object, a file, a tree |
| `roles.py`, `role_reasons.py`, `hash_classes.py` | the part each node plays for JAX, and why |
| `partition.py`, `sides.py`, `filter_spec.py` | the two halves of a pytree, and Python for them |
| `partition_by_filter.py`, `partition_by_spec.py` | halves by a filter as text, by a live spec |
| `placement/` | where each array lives, and how it is sharded |
| `diff/` | how two trees differ |
| `explain/` | what an error is about; what was compiled for a function |
| `elided_path.py` | a key path in few characters |
| `filters/` | filters as text |
| `jit_cache.py` | what was compiled, and why again |
| `masks.py`, `tallies.py` | sets of rows; rows in groups, and what they add up to |
"""
