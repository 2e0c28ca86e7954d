"""The array leaves of a tree, sorted into groups that are placed alike."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate, pairwise

from eqxview.tree.columns import NOTHING, Placement, Tree
from eqxview.tree.kinds import Flag, Kind


class Home(Enum):
    """What can be said of where an array lives."""

    DEVICE = "device"
    """On one device or on several."""
    HOST = "host"
    """A NumPy array: in the memory of Python."""
    TRACER = "tracer"
    """Nowhere: it stands for a value while a program is traced."""
    DELETED = "deleted"
    """It had a place, and its buffer is gone."""
    UNTOLD = "not told"
    """It lies in a file, and files do not tell."""


@dataclass(frozen=True, slots=True)
class PlaceGroup:
    """The array leaves that are placed alike."""

    home: Home
    device: str
    """The device, or for several of them their platform and number; `host` for NumPy arrays;
    empty where there is none."""
    devices: tuple[str, ...]
    """Every device."""
    committed: bool
    spec: str
    """The PartitionSpec; for several devices without one, the sharding as JAX prints it."""
    mesh: tuple[tuple[str, int], ...]
    memory: str
    """The kind of memory, if it is not the device's usual one."""
    copies: int
    """How many devices hold the same block."""
    leaves: int
    nbytes: int
    """Bytes of these arrays, each counted once however often it is replicated."""
    bytes_a_device: int
    """Bytes that they take on each of their devices."""
    first: int
    """The row of the first of them."""

    @property
    def words(self) -> str:
        """The placement in a few words: `cpu:0*`, `cpu×8* P('data')`; `*` means committed."""
        if self.home not in (Home.DEVICE, Home.HOST):
            return self.home.value
        return f"{self.device}{'*' * self.committed} {self.layout}".rstrip()

    @property
    def layout(self) -> str:
        """How the array lies on its devices, without their names: `P('data')`."""
        return f"{self.spec} {self.memory}".strip()


@dataclass(frozen=True, slots=True)
class PlacedSubtree:
    """A subtree, the largest possible, whose array leaves are all in one group."""

    row: int
    group: int
    """Index of the group, in the order of the survey."""
    leaves: int
    nbytes: int
    bytes_a_device: int


@dataclass(frozen=True, slots=True)
class Survey:
    """Groups, the rarest placement first, and where in the tree they are."""

    groups: tuple[PlaceGroup, ...]
    subtrees: tuple[PlacedSubtree, ...]
    """In the order of the groups, then of the rows."""
    codes: array
    """For each row of the tree: 0 for none; `1 + group` for an array leaf; `1 + len(groups) +
    group` for a container that is a placed subtree."""
    bytes_by_device: tuple[tuple[str, int], ...]
    """Bytes on each device, in the order of the devices' numbers; `host` last."""


_Key = tuple[Home, tuple[str, ...], bool, str, tuple[tuple[str, int], ...], str, int]
_KEPT_FLAGS = int(Flag.COMMITTED | Flag.NUMPY | Flag.TRACER | Flag.DELETED)


def survey(tree: Tree) -> Survey:
    """Sort the array leaves of `tree`. A shared array counts once in the sums of bytes."""
    rows, codes, keys = _coded_leaves(tree)
    running = tree.running_bytes()
    counted = [running[row + 1] - running[row] for row in rows]
    shares = _bytes_a_device(tree, rows, counted)
    order = _rarest_first(codes, keys)
    rank = {code: position for position, code in enumerate(order)}
    codes = [rank[code] for code in codes]
    groups = _groups([keys[code] for code in order], rows, codes, counted, shares)
    subtrees = _placed_subtrees(tree, rows, codes, shares)
    column = array("i", bytes(4 * len(tree)))
    for subtree in subtrees:
        column[subtree.row] = 1 + len(groups) + subtree.group
    for row, code in zip(rows, codes, strict=True):
        column[row] = code + 1
    return Survey(
        groups,
        tuple(sorted(subtrees, key=lambda subtree: (subtree.group, subtree.row))),
        column,
        _bytes_by_device(groups),
    )


def _coded_leaves(tree: Tree) -> tuple[list[int], list[int], list[_Key]]:
    """The rows of the array leaves, for each the number of its group, and the groups' keys."""
    rows: list[int] = []
    codes: list[int] = []
    by_columns: dict[tuple[int, int], int] = {}
    by_key: dict[_Key, int] = {}
    is_array = int(Kind.ARRAY)
    for row, (kind, place, flags) in enumerate(zip(tree.kind, tree.place, tree.flags, strict=True)):
        if kind != is_array or not tree.is_leaf(row):
            continue
        columns = (place, flags & _KEPT_FLAGS)
        code = by_columns.get(columns)
        if code is None:
            # Placements differ for arrays of one and of two axes, and mean the same.
            key = _key(None if place == NOTHING else tree.places[place], flags)
            code = by_columns[columns] = by_key.setdefault(key, len(by_key))
        rows.append(row)
        codes.append(code)
    return rows, codes, list(by_key)


def _key(place: Placement | None, flags: int) -> _Key:
    if flags & Flag.DELETED:
        home = Home.DELETED
    elif flags & Flag.TRACER:
        home = Home.TRACER
    elif flags & Flag.NUMPY:
        home = Home.HOST
    else:
        home = Home.UNTOLD if place is None else Home.DEVICE
    if place is None or home != Home.DEVICE:
        return home, (), False, "", (), "", 1
    # A mesh of one device cuts nothing.
    several = len(place.devices) > 1
    return (
        home,
        place.devices or (place.device,),
        bool(flags & Flag.COMMITTED),
        (place.spec or place.sharding) if several else "",
        place.mesh if several else (),
        place.memory,
        place.copies,
    )


def _rarest_first(codes: list[int], keys: list[_Key]) -> list[int]:
    """The groups by how many leaves share their devices, then by how many are in them."""
    counts = [0] * len(keys)
    for code in codes:
        counts[code] += 1
    together: dict[tuple[Home, tuple[str, ...], bool], int] = {}
    for key, count in zip(keys, counts, strict=True):
        together[key[:3]] = together.get(key[:3], 0) + count
    return sorted(range(len(keys)), key=lambda code: (together[keys[code][:3]], counts[code], code))


def _bytes_a_device(tree: Tree, rows: list[int], counted: list[int]) -> list[int]:
    """For each array leaf the bytes that it takes on each of its devices."""
    parts = [max(1, place.block_count) for place in tree.places]
    return [
        nbytes // parts[place] if (place := tree.place[row]) != NOTHING else nbytes
        for row, nbytes in zip(rows, counted, strict=True)
    ]


def _groups(
    keys: list[_Key], rows: list[int], codes: list[int], counted: list[int], shares: list[int]
) -> tuple[PlaceGroup, ...]:
    sums = [[0, 0, 0, NOTHING] for _ in keys]
    for row, code, nbytes, share in zip(rows, codes, counted, shares, strict=True):
        entry = sums[code]
        if not entry[0]:
            entry[3] = row
        entry[0] += 1
        entry[1] += nbytes
        entry[2] += share
    groups = []
    for (home, devices, committed, spec, mesh, memory, copies), entry in zip(
        keys, sums, strict=True
    ):
        leaves, nbytes, share, first = entry
        groups.append(
            PlaceGroup(
                home,
                _device_words(home, devices),
                devices,
                committed,
                spec,
                mesh,
                memory,
                copies,
                leaves,
                nbytes,
                share if home in (Home.DEVICE, Home.HOST) else 0,
                first,
            )
        )
    return tuple(groups)


def _device_words(home: Home, devices: tuple[str, ...]) -> str:
    if home == Home.HOST:
        return "host"
    if len(devices) > 1:
        return f"{devices[0].partition(':')[0]}×{len(devices)}"
    return devices[0] if devices else ""


def _placed_subtrees(
    tree: Tree, rows: list[int], codes: list[int], shares: list[int]
) -> list[PlacedSubtree]:
    """The largest subtrees with array leaves of one group only, from the top down."""
    # A subtree is a slice of the leaves; it is in one group if no leaf of the slice is in
    # another group than the leaf before it.
    changes = list(accumulate((a != b for a, b in pairwise(codes)), initial=0))
    running = list(accumulate(shares, initial=0))
    nbytes = tree.running_bytes()
    found: list[PlacedSubtree] = []
    waiting = [0] if rows else []
    while waiting:
        row = waiting.pop()
        start, stop = bisect_left(rows, row), bisect_left(rows, tree.end[row])
        if start == stop:
            continue
        if changes[start] == changes[stop - 1]:
            found.append(
                PlacedSubtree(
                    row,
                    codes[start],
                    stop - start,
                    nbytes[tree.end[row]] - nbytes[row],
                    running[stop] - running[start],
                )
            )
        else:
            waiting += tree.children(row)
    return found


def _bytes_by_device(groups: tuple[PlaceGroup, ...]) -> tuple[tuple[str, int], ...]:
    sums: dict[tuple[bool, str, int, str], int] = {}
    for group in groups:
        names = ("host",) if group.home == Home.HOST else group.devices
        for name in names:
            platform, _, number = name.partition(":")
            key = (
                group.home == Home.HOST,
                platform,
                int(number) if number.isdecimal() else 0,
                f"{name} {group.memory}".rstrip(),
            )
            sums[key] = sums.get(key, 0) + group.bytes_a_device
    return tuple((key[-1], sums[key]) for key in sorted(sums))
