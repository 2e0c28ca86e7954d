"""Files, read without running them: one folder or file for each format.

| file | what it holds |
|---|---|
| `open.py` | `open_file`, and the table of readers |
| `reader.py`, `opened.py` | what a reader takes, and what it gives |
| `sniff.py` | what a file is, by its content |
| `byte_source.py`, `compressed.py` | bytes of a file by position, unpacked if need be |
| `cut_short.py` | the errors of files that were read only as far as a limit allows |
| `described/` | what a file holds, described: what the readers of all formats share |
| `pickle/` | pickles |
| `eqx/` | arrays: `.npy`, Equinox's `.eqx`, checkpoints of eqxcore |
| `class_source/` | what classes are, learnt from their source |
"""

from eqxview.readers.open import open_file as open_file
from eqxview.readers.opened import OpenedFile as OpenedFile
from eqxview.readers.reader import ReadOptions as ReadOptions
