"""HTML: one file that needs nothing beside it, and the same inside a notebook.

| file | what it holds |
|---|---|
| `page_html.py` | a page as a file of its own, and as a fragment of another page |
| `document_html.py` | the parts of a document |
| `outline_html.py` | a tree: nodes that fold, without a script |
| `extent.py` | which nodes of a tree are drawn, and which of them start open |
| `escape.py` | text made safe for HTML |
| `style.css` | how it looks, in light and in dark |
"""
