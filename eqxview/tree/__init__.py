"""The tree: facts about every node of a pytree, live or from a file, and no arrays owned.

| file | what it holds |
|---|---|
| `kinds.py` | what a node can be, and what part it plays for JAX |
| `columns.py` | `Tree` and its builder: one row per node |
| `walk.py` | from a root to a tree, by way of sights |
| `containers.py`, `value_text.py` | sights and words that live objects and files share |
| `callable_content.py` | what a callable is made of, beyond its name |
| `key_path.py` | key paths: written, parsed, elided |
| `wording.py` | `f32w[5,3]`, `1.5 KB`: how types and sizes are written |
| `leaf_line.py` | one node in one line, everywhere the same |
| `sanitise.py` | text made safe for a screen |
| `live/` | trees of live objects |
"""

from eqxview.tree.columns import Placement as Placement
from eqxview.tree.columns import Totals as Totals
from eqxview.tree.columns import Tree as Tree
from eqxview.tree.kinds import Flag as Flag
from eqxview.tree.kinds import Hashing as Hashing
from eqxview.tree.kinds import Kind as Kind
from eqxview.tree.kinds import Role as Role
