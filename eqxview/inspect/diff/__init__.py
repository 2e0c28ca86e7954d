"""How two trees differ: structure, static values, shapes, dtypes, and numbers.

| file | what it holds |
|---|---|
| `side.py` | a tree whose rows have keys that are comparable with another's |
| `pairing.py` | which node is which: by key path, by place in a list, by structure |
| `node_changes.py` | how one node differs from its partner |
| `moves.py` | subtrees that moved |
| `values.py`, `array_difference.py` | the values of arrays, fetched within bounds |
| `changes.py` | the kinds of change, and their marks |
| `compare.py` | all of that, one after the other |
| `any_two.py` | `eqxview.diff`: live objects, files, one with the other |
| `merged_tree.py` | what differs as one tree |
| `report.py` | the report, and how it describes itself |
"""

from eqxview.inspect.diff.any_two import diff as diff
from eqxview.inspect.diff.changes import Change as Change
from eqxview.inspect.diff.changes import ChangeKind as ChangeKind
from eqxview.inspect.diff.compare import compare as compare
from eqxview.inspect.diff.report import DiffReport as DiffReport
from eqxview.inspect.diff.values import DEFAULT_MAX_BYTES as DEFAULT_MAX_BYTES
