"""Files that mean harm, and what eqxview must make of each of them.

| file | what it holds |
|---|---|
| `case.py` | one hostile file, and what is expected of eqxview |
| `assemble.py` | pickles put together opcode by opcode |
| `calls.py` | every opcode that makes an unpickler call, build or look up |
| `gadgets.py` | functions that run code, under the names that scanners trust |
| `evasion.py` | streams that two readers read differently |
| `broken_streams.py` | what no pickler writes: bad arguments, empty stacks, early ends |
| `exhaustion.py` | small files that ask for much memory or time |
| `array_lies.py` | arrays whose shape, dtype and bytes do not agree |
| `injection.py` | control characters and markup in every string that is shown |
| `compressed.py` | bombs and broken streams in gzip, bzip2, xz and zstd |
| `paths.py` | what is no regular file, and what has an odd name |
| `source_hunts.py` | classes whose source is a trap for a reader that looks for it |
| `table.py` | all of them |
| `watch.py` | the child process: opens files under an audit hook, and measures |
| `watching.py` | runs that child, and collects what it saw |
| `expectations.py` | what must hold for every file |
| `live.py` | the child process that shows that the payloads are live |
| `mutate.py`, `fuzz.py` | honest pickles, damaged at random, and what becomes of them |
| `canary/` | modules that leave a marker file when they are imported or used |

The folder is a package so that its file names do not land on the import path of every test.
"""
