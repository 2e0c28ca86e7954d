"""How one node differs from its partner, its children apart."""

from eqxview.inspect.diff.changes import Change, ChangeKind
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import ROLE_MARKS, Flag, Kind, Role
from eqxview.tree.leaf_line import container_text
from eqxview.tree.wording import array_type, byte_size, counted


def node_changes(a: Tree, x: int, b: Tree, y: int) -> tuple[list[Change], bool]:
    """The differences of two nodes, and whether both are arrays of one shape."""
    changes: list[Change] = []
    are_arrays = a.kind[x] == b.kind[y] == Kind.ARRAY
    same_shape = are_arrays and a.array_shape(x) == b.array_shape(y)
    kind = None
    if a.kind[x] != b.kind[y] or not _is_one_name(a.type_path(x), b.type_path(y)):
        # A function's type is its name: another function is another value.
        is_value = a.kind[x] == b.kind[y] and a.kind[x] in _NAMED
        kind = ChangeKind.STATIC if is_value else ChangeKind.TYPE
    elif are_arrays and not same_shape:
        kind = ChangeKind.SHAPE
    elif are_arrays and (a.dtype_name(x), _is_weak(a, x)) != (b.dtype_name(y), _is_weak(b, y)):
        kind = ChangeKind.DTYPE
    elif a.value_text(x) != b.value_text(y):
        kind = ChangeKind.STATIC
    if kind is not None:
        before, after = node_text(a, x), node_text(b, y)
        if before == after:
            # Two classes, or two functions, of one name: where they are from tells.
            before, after = (
                f"{text} ({tree.type_path(row)})"
                for text, tree, row in ((before, a, x), (after, b, y))
            )
        changes.append(Change(kind, before, after, x, y))
    role_a, role_b = Role(a.role[x]), Role(b.role[y])
    if role_a != role_b and kind is None and Role.UNKNOWN not in (role_a, role_b):
        words = (ROLE_MARKS[role].word for role in (role_a, role_b))
        changes.append(Change(ChangeKind.ROLE, *words, row_a=x, row_b=y))
    return changes, same_shape


def node_text(tree: Tree, row: int) -> str:
    """A node in a word: an array's type, a value, a container's class."""
    shape, dtype = tree.array_shape(row), tree.dtype_name(row)
    if tree.kind[row] == Kind.ARRAY and shape is not None and dtype is not None:
        text = array_type(dtype, shape, weak=_is_weak(tree, row))
        return f"{text} (NumPy)" if tree.flags[row] & Flag.NUMPY else text
    return tree.value_text(row) or container_text(tree, row)


def subtree_text(tree: Tree, row: int) -> str:
    """A subtree in a few words: `Linear, 2 arrays, 1.5 KB`."""
    text = node_text(tree, row)
    if tree.end[row] == row + 1:
        return text
    totals = tree.totals(row)
    size = f"{counted(totals.arrays, 'array')}, {byte_size(totals.nbytes)}"
    return f"{text}, {size if totals.arrays else counted(totals.leaves, 'leaf')}"


_NAMED = (Kind.FUNCTION, Kind.METHOD, Kind.CLASS, Kind.PARTIAL)


def _is_one_name(first: str, second: str) -> bool:
    """Whether two names with their modules may mean one thing, e.g. by its public name.

    A live `jax.nn.relu` says that it is from `jax._src.nn.functions`; a file has either name.
    """
    if first == second:
        return True
    a, b = first.split("."), second.split(".")
    is_private = any(part.startswith("_") for part in (*a[1:-1], *b[1:-1]))
    return is_private and (a[0], a[-1]) == (b[0], b[-1])


def _is_weak(tree: Tree, row: int) -> bool:
    return bool(tree.flags[row] & Flag.WEAK)
