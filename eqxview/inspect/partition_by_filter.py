"""The partition that a filter makes, typed as text: of files and of live objects."""

from eqxview.inspect.filters import parse_filter
from eqxview.inspect.masks import labelled
from eqxview.inspect.partition import Partition, partition_of
from eqxview.inspect.report import Question
from eqxview.tree.columns import Tree

DEFAULT_FILTER = "is_array"
"""What is asked where nobody asks: the split that `filter_jit` makes."""


def answer(question: Question) -> Partition:
    """The halves that the question's filter makes; raises `FilterError` for what is none."""
    return partition_by_filter(question.tree, question.filter)


def partition_by_filter(tree: Tree, text: str = "") -> Partition:
    """The halves that a filter makes; for an empty text, those of `is_array`."""
    is_default = not text.strip()
    chosen = parse_filter(DEFAULT_FILTER if is_default else text)
    selected, deciders = chosen.decisions(tree)
    return partition_of(
        tree,
        selected,
        spec=chosen.text,
        is_default=is_default,
        deciders=tuple(deciders),
        decided_by=labelled(len(tree), list(deciders.values())),
        python=chosen.predicate_spec() or None,
        code=chosen.python(),
    )
