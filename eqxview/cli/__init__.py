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
| `log.py` | `eqxview LOG`, of a run that was watched |
| `limits.py` | the flags of the limits of reading |
| `writing.py` | an answer on standard output |
| `drawing_options.py` | in which format an answer is written, and to where |
| `demo.py`, `demo_model.py` | `eqxview demo` |
| `faces.py` | whether this terminal can show the app, and colour |
| `parsing.py` | an argument parser that fails as the rest of us does |
"""
