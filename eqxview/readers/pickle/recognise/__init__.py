"""What the descriptions in a pickle mean: recognisers, and the one table of them.

| file | what it recognises |
|---|---|
| `table.py` | the table: which recogniser is asked when |
| `containers.py`, `keys.py` | dicts, sets, those of `collections`; keys as JAX sorts them |
| `values.py` | paths, ranges, `bytearray`s |
| `callables.py` | functions, classes, methods, partials, jitted functions |
| `by_value.py` | the functions and classes that cloudpickle keeps by value |
| `instances.py` | Modules, namedtuples, dataclasses, enum members, other objects |
| `layer_state.py` | `nn.State` of eqxcore and Equinox |
| `libraries.py` | Flax: `FrozenDict`, and the objects of nnx |
| `opaque.py` | everything else: a node with what the file holds of it inside |
| `names.py`, `state.py` | names as they are today, and what BUILD put into an object |
| `context.py` | what recognisers share while a tree is built |
"""

from eqxview.readers.pickle.recognise.table import Recognisers as Recognisers
