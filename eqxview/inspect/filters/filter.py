"""A filter, parsed: what a question holds as text, ready to be asked about any tree."""

from dataclasses import dataclass

from eqxview.inspect.filters.expression import Answers, Expression, Python
from eqxview.inspect.filters.grammar import parse_expression
from eqxview.inspect.filters.predicates import find_predicate
from eqxview.inspect.masks import Mask, both, either, leaf_rows, size
from eqxview.tree.columns import Tree
from eqxview.tree.sanitise import sanitise


@dataclass(frozen=True, slots=True)
class Filter:
    """Which leaves of a tree are meant."""

    text: str
    """As it was typed, spaces around it left out, and safe to show."""
    expression: Expression

    def rows(self, tree: Tree) -> Mask:
        """Every row for which the filter holds: static fields and containers too."""
        return self.expression.rows(Answers(tree))

    def leaves(self, tree: Tree) -> Mask:
        """The leaves for which the filter holds."""
        return both(self.rows(tree), leaf_rows(tree))

    def decisions(self, tree: Tree) -> tuple[Mask, dict[str, Mask]]:
        """The leaves for which the filter holds; and all leaves, by the part that decided.

        Of parts that must all hold, the first that does not has decided; of alternatives, the
        first that holds; where none did so alone, all of them together.
        """
        answers, leaves = Answers(tree), leaf_rows(tree)
        selected = both(self.expression.rows(answers), leaves)
        deciders: dict[str, Mask] = {}
        for text, rows in self.expression.deciders(answers, leaves):
            if size(rows):
                text = sanitise(text)
                # The same text may stand twice in a filter.
                known = deciders.get(text)
                deciders[text] = rows if known is None else either(known, rows)
        return selected, deciders

    def python(self) -> Python | None:
        """The filter as a Python expression of `leaf` and `path`, where Python can tell."""
        return self.expression.python()

    def predicate_spec(self) -> str:
        """`eqx.is_array`, if the filter is one predicate and nothing else; or empty."""
        predicate = find_predicate(self.text)
        return "" if predicate is None else predicate.spec


def parse_filter(text: str) -> Filter:
    """The filter that `text` writes.

    Raises `FilterError`, with the place and with the choices there are.
    """
    return Filter(sanitise(text.strip()), parse_expression(text))
