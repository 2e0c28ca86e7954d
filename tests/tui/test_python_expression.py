"""A node as Python finds it."""

import jax
import pytest

from eqxview.errors import UsageError
from eqxview.tree.live import tree_of
from eqxview.tui.python_expression import python_expression


class Odd:
    def __init__(self, child):
        self.child = child


jax.tree_util.register_pytree_node(Odd, lambda odd: ((odd.child,), None), lambda _, c: Odd(*c))


def test_the_expression_evaluates_to_the_node():
    tree = {"a": [1, (2, {"b c": 3, 4: 5})], "é'\"": 6}
    rows = tree_of(tree)
    for row in rows.leaves():
        assert str(eval(python_expression(rows, row), {"tree": tree})) == rows.value_text(row)


def test_what_no_expression_reaches_says_why():
    rows = tree_of({"a": Odd(1)})
    with pytest.raises(UsageError, match="registered without keys"):
        python_expression(rows, rows.find("['a'][<flat index 0>]"))
