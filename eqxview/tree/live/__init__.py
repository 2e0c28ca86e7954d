"""Trees of live objects: anything that `jax.tree_util` takes, seen with its static half.

| file | what it recognises |
|---|---|
| `arrays.py` | JAX and NumPy arrays and scalars, tracers, `ShapeDtypeStruct` |
| `placements.py` | where a `jax.Array` lives, and how it is cut into shards |
| `modules.py` | Modules of eqxcore and Equinox, with their static fields |
| `containers.py` | the containers of Python that JAX flattens |
| `registered.py` | every other class registered with `jax.tree_util` |
| `callable_contents.py` | what a callable is made of, for those who compare two |
| `leaves.py` | everything else: JAX takes it for a leaf |
| `look.py` | the table of all of them, in order |
"""

from eqxview.tree.live.build import tree_of as tree_of
