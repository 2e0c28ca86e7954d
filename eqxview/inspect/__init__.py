"""The analyses: each computes a frozen report, which describes itself as a document.

| file | what it holds |
|---|---|
| `analyses.py` | the table of analyses of a tree |
| `report.py` | what an analysis is asked, and what it returns |
| `tree_view.py` | the tree itself |
| `node_detail.py` | one node |
| `value_summary.py` | the numbers of one array |
"""
