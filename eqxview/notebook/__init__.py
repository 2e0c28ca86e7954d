"""What a notebook, or a Python prompt, shows.

| file | what it holds |
|---|---|
| `display.py` | an answer that shows itself: HTML in a notebook, text at a prompt |
| `show.py` | `eqxview.show(x)`: any analysis of a live object or a file |
| `graph.py` | `eqxview.graph(x)`: the same as a picture |
| `watch.py` | `eqxview.watch()`: what JAX compiles, and why it compiles again |
| `extension.py` | `%load_ext eqxview`: Modules that show themselves, `%%recompiles`, `%explain` |
"""
