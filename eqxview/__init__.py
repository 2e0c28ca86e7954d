"""See what JAX programs made of pytrees really do.

The names below are loaded when first used: `import eqxview` itself costs nothing, and loads
neither JAX, NumPy nor Textual.
"""

# Type checkers take this name for true; importing `typing` for it takes longer than all else
# that `eqxview --version` does.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from eqxview.errors import EqxviewError as EqxviewError
    from eqxview.inspect.diff import diff as diff
    from eqxview.inspect.explain import explain as explain
    from eqxview.inspect.partition_by_spec import partition as partition
    from eqxview.inspect.placement import placement as placement
    from eqxview.inspect.roles import roles as roles
    from eqxview.notebook.graph import graph as graph
    from eqxview.notebook.show import show as show
    from eqxview.notebook.watch import watch as watch
    from eqxview.readers import open_file as open_file
    from eqxview.tree import Tree as Tree
    from eqxview.tree.live import tree_of as tree_of
    from eqxview.watching.assertion import TooManyCompiles as TooManyCompiles
    from eqxview.watching.assertion import assert_compiles as assert_compiles

__version__ = "0.1.0"

# Never write `import inspect` in this file: it would put Python's module in the place of our
# subpackage `eqxview.inspect`. A test keeps watch.
_LAZY = {
    "EqxviewError": "eqxview.errors",
    "TooManyCompiles": "eqxview.watching.assertion",
    "Tree": "eqxview.tree",
    "assert_compiles": "eqxview.watching.assertion",
    "diff": "eqxview.inspect.diff",
    "explain": "eqxview.inspect.explain",
    "graph": "eqxview.notebook.graph",
    "open_file": "eqxview.readers",
    "partition": "eqxview.inspect.partition_by_spec",
    "placement": "eqxview.inspect.placement",
    "roles": "eqxview.inspect.roles",
    "show": "eqxview.notebook.show",
    "tree_of": "eqxview.tree.live",
    "watch": "eqxview.notebook.watch",
    # `%load_ext eqxview` calls these two.
    "load_ipython_extension": "eqxview.notebook.extension",
    "unload_ipython_extension": "eqxview.notebook.extension",
}

# Functions that return a report. What they return here has everything that the report has, and
# shows itself in a notebook and at a prompt.
_DISPLAYED = frozenset({"diff", "explain", "partition", "placement", "roles"})

__all__ = [
    "EqxviewError",
    "TooManyCompiles",
    "Tree",
    "__version__",
    "assert_compiles",
    "diff",
    "explain",
    "graph",
    "open_file",
    "partition",
    "placement",
    "roles",
    "show",
    "tree_of",
    "watch",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'eqxview' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_LAZY[name]), name)
    if name in _DISPLAYED:
        value = import_module("eqxview.notebook.display").displayed(value)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
