"""Faces without a screen: trees and documents as text and as JSON.

| file | what it draws |
|---|---|
| `outline.py` | a tree as text, one node a line |
| `file_text.py` | an opened file as text: what it is, its trees, what to know |
| `json_text.py` | an opened file as JSON, every leaf an object |
| `ansi.py` | colour for text |
| `cells.py` | how wide text is on a terminal |
"""
