"""What a notebook calls the cell that code was typed in."""

import sys


def cell_name(file: str) -> str:
    """`In[3]` for the file name of a cell that IPython has compiled; else empty.

    A kernel compiles a cell under the name of a file that is nowhere, made of a hash: nobody
    would find the cell by it.
    """
    # Where nobody has imported IPython there are no cells: we must not import it to find out.
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    compiler = getattr(shell, "compile", None)
    # Younger than the compiler: IPython 8.
    ask = getattr(compiler, "format_code_name", None)
    found = None if ask is None else ask(file)
    return "" if found is None else found[1]
