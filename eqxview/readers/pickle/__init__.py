"""Pickles, read without running them: an own machine over the opcodes, which calls nothing.

| file | what it holds |
|---|---|
| `descriptions.py` | what the machine makes of a file: references, calls, payloads |
"""
