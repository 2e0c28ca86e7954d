"""`%load_ext eqxview`: Modules that show themselves, `%%recompiles`, and `%explain`.

Only IPython imports this file, so IPython is there.
"""

import ast
from collections.abc import Callable
from itertools import takewhile
from typing import Any

from IPython.core.error import UsageError as MagicUsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.display import display

from eqxview.inspect.explain import explain
from eqxview.notebook.display import Display, displayed
from eqxview.notebook.show import show
from eqxview.notebook.watch import watch

_explain = displayed(explain)

# By name: a library is asked for its class only where somebody has imported it. IPython looks
# at the classes that an object inherits from, too.
_SHOWN_CLASSES = (
    ("eqxcore._module._module", "Module"),
    ("equinox._module._module", "Module"),
)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext eqxview` does."""
    shell.register_magics(EqxviewMagics)
    formatter = _formatter(shell)
    for module, name in _SHOWN_CLASSES:
        formatter.for_type_by_name(module, name, _bundle_of)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What `%unload_ext eqxview` does: Modules print as they did, the magics are gone."""
    shell.magics_manager.magics["cell"].pop("recompiles", None)
    shell.magics_manager.magics["line"].pop("explain", None)
    formatter = _formatter(shell)
    for module, name in _SHOWN_CLASSES:
        formatter.pop(f"{module}.{name}", None)


@magics_class
class EqxviewMagics(Magics):
    """Our magics."""

    @line_magic
    def explain(self, line: str) -> Display:
        """What the last error was about; or what was compiled for a function, and why.

        %explain
        %explain train_step
        """
        name = line.strip()
        if not name:
            return _explain()
        shell: Any = self.shell
        if name not in shell.user_ns:
            raise MagicUsageError(
                f"%explain takes the name of a jitted function or of an error, and got {name!r}"
            )
        return _explain(shell.user_ns[name])

    @cell_magic
    def recompiles(self, line: str, cell: str) -> Any:
        """Run the cell, and show what JAX compiled in it, and why it compiled again.

        %%recompiles
        for batch in batches:
            model, state = step(model, state, batch)
        """
        if line.strip():
            raise MagicUsageError(f"%%recompiles takes no arguments, and got {line.strip()!r}")
        run = _runner(self.shell, cell)
        watching = watch()
        try:
            with watching:
                return run()
        finally:
            # Also where the cell fails: what it compiled until then is part of the story.
            display(watching)


def _runner(shell: Any, cell: str) -> Callable[[], Any]:
    """What runs the cell as IPython does, and returns the value of its last line.

    Not `shell.run_cell`, which prints an error and goes on: the cell would not fail.
    """
    # IPython takes the magic's own line away, and empty ones at the top: they are put back, for
    # lines to be numbered as the notebook numbers them.
    above = 1 + sum(1 for _ in takewhile(lambda text: not text.strip(), cell.splitlines()))
    source = "\n" * above + shell.transform_cell(cell)
    # Under this name tracebacks, and the sites in our table, find the lines of the cell.
    name = shell.compile.cache(source, shell.execution_count, raw_code=cell)
    tree = shell.transform_ast(shell.compile.ast_parse(source, filename=name))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    body = shell.compile(tree, name, "exec")
    value = shell.compile(ast.Expression(last.value), name, "eval") if last else None

    def run() -> Any:
        exec(body, shell.user_global_ns, shell.user_ns)
        return None if value is None else eval(value, shell.user_global_ns, shell.user_ns)

    return run


def _bundle_of(x: object) -> dict[str, str]:
    return show(x)._repr_mimebundle_()


def _formatter(shell: Any) -> Any:
    # `Any`: IPython declares the display formatter as an object that may be `None`.
    return shell.display_formatter.mimebundle_formatter
