"""Faces without a screen: pages, documents and trees in every format.

| file | what it holds |
|---|---|
| `formats.py` | the table of formats |
| `page.py` | what a format draws: the documents of one view, the trees, their file |
| `page_text.py`, `page_json.py` | a page as text, as JSON |
| `document_text.py`, `document_json.py` | a document as lines, as plain data |
| `html/`, `dot/` | a page as HTML; as DOT, SVG and PNG |
| `repeats.py` | siblings that are alike, drawn as one |
| `files.py` | a format written to a file |
| `outline.py` | a tree as text, one node a line |
| `values.py` | a value by its unit: `1.5 KB`, `31 ms` |
| `ansi.py` | colour for text |
| `cells.py` | how wide text is on a terminal |
"""
