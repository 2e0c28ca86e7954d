"""The `eqxview` command.

| file | what it holds |
|---|---|
| `main.py` | runs a command; every failure ends here in one line, a hint and an exit code |
| `commands.py` | the table of commands |
| `complaint.py` | how an error is told |
| `show.py` | `eqxview FILE` |
| `diff.py` | `eqxview diff A B` |
| `run.py` | `eqxview run SCRIPT` |
| `learn.py` | `eqxview learn` |
| `drawing_options.py` | in which format an answer is written, and to where |
| `demo.py`, `demo_model.py` | `eqxview demo` |
| `faces.py` | terminal app, text or JSON: which one it is to be |
| `parsing.py` | an argument parser that fails as the rest of us does |
"""
