"""One array's sharding, drawn: its blocks as the cells of a table, with the devices in them."""

from collections.abc import Sequence
from itertools import islice, product
from math import prod

from eqxview.document import Column, Table, Value
from eqxview.inspect.elided_path import elided_path
from eqxview.tree.columns import Placement, Tree
from eqxview.tree.wording import array_type

MAX_ACROSS = 8
"""Blocks beside each other; an axis that is cut into more is drawn downwards."""
MAX_DOWN = 32
"""Rows of blocks; of more, the first."""

_MAX_PATH = 200
_NAMED = 4


def drawing_of(tree: Tree, row: int) -> Table | None:
    """The sharding of the array at `row` as a table of its blocks; `None` for one device."""
    place, shape, dtype = tree.placement(row), tree.array_shape(row), tree.dtype_name(row)
    if place is None or shape is None or dtype is None or len(place.devices) < 2:
        return None
    return sharding_drawing(elided_path(tree, row, _MAX_PATH) or "the root", dtype, shape, place)


def sharding_drawing(path: str, dtype: str, shape: tuple[int, ...], placement: Placement) -> Table:
    """The blocks of an array of `shape`, and which devices hold each of them.

    The last axis that is cut runs across, all others down; any number of axes may be cut.
    A device in several cells would hold several blocks: it never does; several devices in one
    cell hold copies.
    """
    grid = placement.grid
    cut = [axis for axis, count in enumerate(grid) if count > 1]
    holders: dict[int, list[str]] = {}
    for device, block in zip(placement.devices, placement.blocks, strict=True):
        holders.setdefault(block, []).append(device)
    title = " ".join(filter(None, (path, array_type(dtype, shape), placement.spec)))
    mesh = ", ".join(f"{name}={size}" for name, size in placement.mesh)
    title += f" on a mesh of {mesh}" if mesh else ""
    if not cut:
        rows: tuple[tuple[Value, ...], ...] = (("all of it", _names(holders.get(0, []))),)
        return Table((Column("block"), Column("devices")), rows, title=title)
    across = cut[-1] if len(cut) > 1 and grid[cut[-1]] <= MAX_ACROSS else None
    down = [axis for axis in cut if axis != across]
    columns = [Column(f"axis {axis}") for axis in down]
    if across is None:
        columns.append(Column("devices"))
    else:
        columns += (
            Column(f"axis {across}: {_range(shape, grid, across, part)}")
            for part in range(grid[across])
        )
    drawn: list[tuple[Value, ...]] = []
    for parts in islice(product(*(range(grid[axis]) for axis in down)), MAX_DOWN):
        at = [0] * len(grid)
        for axis, part in zip(down, parts, strict=True):
            at[axis] = part
        cells: list[Value] = [_range(shape, grid, axis, at[axis]) for axis in down]
        for part in range(1 if across is None else grid[across]):
            if across is not None:
                at[across] = part
            cells.append(_names(holders.get(_block(grid, at), [])))
        drawn.append(tuple(cells))
    left_out = prod(grid[axis] for axis in down) - len(drawn)
    if left_out:
        drawn.append(("…", *("" for _ in columns[2:]), f"{left_out:,} more rows of blocks"))
    return Table(tuple(columns), tuple(drawn), title=title)


def _block(grid: Sequence[int], at: Sequence[int]) -> int:
    block = 0
    for count, part in zip(grid, at, strict=True):
        block = block * count + part
    return block


def _range(shape: Sequence[int], grid: Sequence[int], axis: int, part: int) -> str:
    piece = shape[axis] // grid[axis]
    return f"{part * piece}:{(part + 1) * piece}"


def _names(devices: list[str]) -> str:
    if len(devices) <= _NAMED:
        return " ".join(devices)
    return f"{' '.join(devices[:2])} … {devices[-1]} ({len(devices)} copies)"
