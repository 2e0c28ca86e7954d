"""Lines between the places at which one array appears."""

from dataclasses import dataclass
from itertools import pairwise

from eqxview.render.dot.fold import Item, Plan
from eqxview.tree.wording import counted

_MAX_LINES = 60
_MAX_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class TieLines:
    """The lines to draw, and what there is to say about the others."""

    edges: tuple[tuple[Item, Item, str], ...]
    """Two drawn items, and the ties between them: `~1, ~2`."""
    not_drawn: int
    """Lines that are too many."""
    hidden: int
    """Ties whose places all lie in one folded container."""

    def words(self) -> list[str]:
        """What the lines do not show, for below the picture."""
        words = []
        if self.edges:
            words.append("dashed line, ~1: the same array, counted once")
        if self.hidden:
            words.append(f"{counted(self.hidden, 'shared array')} inside of folded containers")
        if self.not_drawn:
            words.append(f"{counted(self.not_drawn, 'more tie')} not drawn as lines")
        return words


def tie_lines(plan: Plan) -> TieLines:
    """The lines between what is drawn of shared arrays, each joined to the next place."""
    places: dict[int, list[Item]] = {}
    for row, tie in sorted(plan.outline.tree.ties.items()):
        item = plan.item_at(row)
        if item is None:
            continue
        met = places.setdefault(tie, [])
        if not met or met[-1] is not item:
            met.append(item)
    joined: dict[tuple[int, int], tuple[Item, Item, list[int]]] = {}
    hidden = 0
    for tie, items in places.items():
        hidden += len(items) == 1
        for one, other in pairwise(items):
            joined.setdefault((id(one), id(other)), (one, other, []))[2].append(tie)
    edges = tuple((one, other, _numbers(ties)) for one, other, ties in joined.values())
    return TieLines(edges[:_MAX_LINES], max(len(edges) - _MAX_LINES, 0), hidden)


def _numbers(ties: list[int]) -> str:
    text = ", ".join(f"~{tie}" for tie in ties[:_MAX_NUMBERS])
    return text if len(ties) <= _MAX_NUMBERS else f"{text} … ({len(ties):,} shared arrays)"
