"""Where every array of a tree lives, as a report."""

from dataclasses import dataclass

from eqxview.document import (
    NO_MARK,
    Bar,
    Bars,
    Column,
    Document,
    Fact,
    Facts,
    Mark,
    MarkColumn,
    Outline,
    Part,
    Table,
    Tone,
)
from eqxview.inspect.elided_path import elided_path
from eqxview.inspect.placement.advice import advice
from eqxview.inspect.placement.sharding_drawing import drawing_of
from eqxview.inspect.placement.survey import (
    Home,
    PlacedSubtree,
    PlaceGroup,
    Survey,
    survey,
)
from eqxview.tree.columns import Tree
from eqxview.tree.wording import array_type

MAX_SUBTREES = 500
"""Rows of the table of subtrees; of more, those of the rarest placements."""
MAX_DRAWINGS = 4
"""Shardings that are drawn, the rarest first."""
MAX_BARS = 32
"""Devices whose bytes are drawn."""

_MAX_PATH = 200


@dataclass(frozen=True, slots=True)
class PlacementReport:
    """Where the array leaves of a tree live."""

    tree: Tree
    survey: Survey

    @property
    def groups(self) -> tuple[PlaceGroup, ...]:
        """The arrays that are placed alike, the rarest placement first."""
        return self.survey.groups

    @property
    def bytes_by_device(self) -> tuple[tuple[str, int], ...]:
        """Bytes on each device, shared arrays counted once, replicas on each device."""
        return self.survey.bytes_by_device

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, each counted once."""
        return sum(group.nbytes for group in self.groups)

    @property
    def replicated_bytes(self) -> int:
        """Bytes that would be saved if every block were on one device only."""
        return sum(
            group.bytes_a_device * len(group.devices) - group.nbytes
            for group in self.groups
            if group.home == Home.DEVICE and group.copies > 1
        )

    def document(self) -> Document:
        """Bytes a device, what a jitted call makes of it, and the odd ones first."""
        parts: list[Part] = [self._facts()]
        if len(self.bytes_by_device) > 1:
            parts.append(self._bars())
        parts += advice(self.groups)
        if any(group.home != Home.UNTOLD for group in self.groups):
            parts += (self._groups(), self._subtrees(), *self._drawings(), self._outline())
        return Document("Devices", tuple(parts))

    def _facts(self) -> Facts:
        groups = self.groups
        on_devices = [group for group in groups if group.home == Home.DEVICE]
        rows = [
            Fact("arrays", sum(group.leaves for group in groups), "count"),
            Fact("bytes", self.nbytes, "bytes"),
        ]
        if on_devices:
            devices = {device for group in on_devices for device in group.devices}
            committed = sum(group.leaves for group in on_devices if group.committed)
            rows += [
                Fact("devices", len(devices), "count"),
                Fact("committed", committed, "count"),
                Fact("replicated bytes", self.replicated_bytes, "bytes"),
            ]
        return Facts(tuple(rows))

    def _bars(self) -> Bars:
        """Of more devices than fit on a screen, the fullest and the emptiest."""
        amounts, title = self.bytes_by_device, "bytes on each device"
        if len(amounts) > MAX_BARS:
            fullest = sorted(amounts, key=lambda amount: amount[1])
            extremes = {*fullest[: MAX_BARS // 2], *fullest[-MAX_BARS // 2 :]}
            title += f" (of {len(amounts):,}, the emptiest and the fullest)"
            amounts = [amount for amount in amounts if amount in extremes]
        return Bars(tuple(Bar(*amount) for amount in amounts), unit="bytes", title=title)

    def _groups(self) -> Table:
        return Table(
            (
                Column("placement"),
                Column("committed"),
                Column("arrays", "count"),
                Column("bytes", "bytes"),
                Column("a device", "bytes"),
                Column("copies", "count"),
                Column("mesh"),
                Column("first", "path"),
            ),
            tuple(
                (
                    group.words,
                    group.committed if group.home == Home.DEVICE else None,
                    group.leaves,
                    group.nbytes,
                    group.bytes_a_device if group.home == Home.DEVICE else None,
                    group.copies if group.home == Home.DEVICE else None,
                    ", ".join(f"{name}={size}" for name, size in group.mesh) or None,
                    _path(self.tree, group.first),
                )
                for group in self.groups
            ),
            title="placements, the rarest first (*: committed)",
            tones=tuple(self._tone(index) for index in range(len(self.groups))),
        )

    def _subtrees(self) -> Table:
        subtrees = self.survey.subtrees
        shown = subtrees[:MAX_SUBTREES]
        title = "where they are: the largest subtrees that are placed alike"
        if len(shown) < len(subtrees):
            title += f" (the first {len(shown):,} of {len(subtrees):,})"
        return Table(
            (
                Column("subtree", "path"),
                Column("placement"),
                Column("arrays", "count"),
                Column("shard"),
                Column("bytes", "bytes"),
                Column("a device", "bytes"),
            ),
            tuple(
                (
                    _path(self.tree, subtree.row),
                    self.groups[subtree.group].words,
                    subtree.leaves,
                    self._shard(subtree),
                    subtree.nbytes,
                    subtree.bytes_a_device
                    if self.groups[subtree.group].home == Home.DEVICE
                    else None,
                )
                for subtree in shown
            ),
            title=title,
            tones=tuple(self._tone(subtree.group) for subtree in shown),
        )

    def _shard(self, subtree: PlacedSubtree) -> str | None:
        """The type of a single array's shard, where it has several."""
        tree, row = self.tree, subtree.row
        place, shape = tree.placement(row), tree.array_shape(row)
        if place is None or shape is None or len(place.devices) < 2:
            return None
        return array_type(tree.dtypes[tree.dtype[row]], place.shard_shape(shape))

    def _tone(self, group: int) -> Tone:
        """Marks what is placed otherwise than most leaves are: on other devices, or committed."""
        home, usual = self.groups[group], self.groups[-1]
        if home.home in (Home.UNTOLD, Home.TRACER):
            return "faint"
        if home.home == Home.DELETED:
            return "error"
        is_usual = (home.home, home.devices, home.committed) == (
            usual.home,
            usual.devices,
            usual.committed,
        )
        return "plain" if is_usual else "warning"

    def _drawings(self) -> list[Table]:
        tree = self.tree
        drawings = []
        for group in self.groups:
            if len(group.devices) > 1 and len(drawings) < MAX_DRAWINGS:
                drawings.append(drawing_of(tree, group.first))
        return [drawing for drawing in drawings if drawing is not None]

    def _outline(self) -> Outline:
        tree = self.tree
        # A leaf's own line names its device, a container's does not: so each group has two marks.
        tones: list[Tone] = [self._tone(index) for index in range(len(self.groups))]
        marks = [NO_MARK]
        for words in (
            [group.layout if group.devices else group.words for group in self.groups],
            [group.words for group in self.groups],
        ):
            marks += (Mark(text, tone) for text, tone in zip(words, tones, strict=True))
        rows: set[int] = set()
        for subtree in self.survey.subtrees:
            row = subtree.row
            while row >= 0 and row not in rows:
                rows.add(row)
                row = tree.parent[row]
        return Outline(
            tree,
            (MarkColumn("placement", tuple(marks), self.survey.codes),),
            title="the tree, down to where all arrays are placed alike",
            rows=sorted(rows),
        )


def placement_report(tree: Tree) -> PlacementReport:
    """Where the arrays of `tree` live."""
    return PlacementReport(tree, survey(tree))


def _path(tree: Tree, row: int) -> str:
    return elided_path(tree, row, _MAX_PATH) or "the root"
