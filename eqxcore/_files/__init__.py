"""Pytrees in files.

| file | idea |
|---|---|
| `_tree_serialise.py` | leaves one behind the other, without names: Equinox's files |
| `_filter_specs.py` | how one leaf is written and read there |
| `_npy.py` | one record: an array behind its header |
| `_save.py`, `_load.py` | checkpoints that know what is in them |
| `_manifest.py` | what is in a pytree, by key path |
| `_static_text.py` | what is static in it, as text |
| `_trailer.py` | where the manifest stands in the file |
| `_reading.py` | a checkpoint that is open, checked |
| `_difference.py` | how a checkpoint and a model differ |
| `_writing.py` | files that appear when they are complete |
"""

from ._difference import CheckpointDiff as CheckpointDiff
from ._difference import CheckpointMismatch as CheckpointMismatch
from ._filter_specs import default_deserialise_filter_spec as default_deserialise_filter_spec
from ._filter_specs import default_serialise_filter_spec as default_serialise_filter_spec
from ._load import load as load
from ._load import load_matching as load_matching
from ._save import save as save
from ._trailer import CheckpointError as CheckpointError
from ._tree_serialise import tree_deserialise_leaves as tree_deserialise_leaves
from ._tree_serialise import tree_serialise_leaves as tree_serialise_leaves
