"""Pickles, read without running them: an own machine over the opcodes, which calls nothing.

What it makes of a file are the descriptions of `described/`.

| file | what it holds |
|---|---|
| `tape.py` | the file's bytes, read forward through a window |
| `machine.py` | the machine: its state, its loop, its limits |
| `opcodes.py` | the table of opcodes; they are in `plain_`, `container_`, `object_opcodes.py` |
| `calls.py` | what the few calls stand for that are described better than as calls |
| `arrays.py` | arrays as pickles write them |
| `array_runs.py` | a shortcut for the opcodes that arrays are written as |
| `joblib_arrays.py` | arrays of joblib, whose bytes lie between the opcodes |
| `salvage.py` | what a broken pickle has described before it breaks |
| `record.py` | what the usual way would import, and what is suspicious |
| `recognise/` | what calls, references, dicts and sets stand for |
| `function_content.py` | what a function by value is made of, for those who compare two |
| `reader.py` | the reader: all of it, for one file |
"""
