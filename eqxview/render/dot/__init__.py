"""Pytrees as pictures: DOT always, and SVG or PNG where something can lay a graph out.

| file | what it holds |
|---|---|
| `page_dot.py`, `page_svg.py`, `page_png.py` | the three formats |
| `fold.py` | which nodes of a tree are drawn, and what is folded away |
| `source.py`, `outline_source.py` | from what is drawn to DOT |
| `ties.py`, `legend.py` | lines between shared arrays; what shapes mean |
| `frames.py` | what holds boxes together |
| `arrange.py` | how many boxes stand beside each other |
| `captions.py` | what is written into the boxes |
| `style.py` | shapes and colours |
| `escape.py` | text that Graphviz shows letter by letter |
| `engines.py` | the table of what can lay a graph out |
| `system_dot.py`, `wasm.py` | the two of them |
| `finish.py`, `svg_to_png.py` | an SVG made readable, made a PNG |
"""
