"""Files of arrays: `.npy`, Equinox's `.eqx`, and the checkpoints of `eqxcore.save`.

All three are `.npy` records, one behind the other. A checkpoint has a manifest behind the last
of them that names them; the others hold shapes and dtypes, and no names.

| file | what it holds |
|---|---|
| `header.py` | what the header of one record says |
| `records.py` | the records of a file, found by their headers |
| `manifest.py` | the manifest of a checkpoint, checked |
| `named.py` | what its nodes are |
| `reader.py` | the reader |
"""

from eqxview.readers.eqx.reader import EqxReader as EqxReader
