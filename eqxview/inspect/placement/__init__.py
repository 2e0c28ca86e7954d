"""Where the arrays of a tree live: devices, commitment, shards, and what is held twice.

| file | what it holds |
|---|---|
| `survey.py` | the leaves sorted into groups that are placed alike, and sums over them |
| `report.py` | the report, and how it describes itself |
| `advice.py` | what a jitted call will make of these placements |
| `sharding_drawing.py` | one array's blocks, drawn as a table of devices |
"""

from eqxview.inspect.any_tree import any_tree
from eqxview.inspect.placement.report import PlacementReport as PlacementReport
from eqxview.inspect.placement.report import placement_report
from eqxview.inspect.report import Question


def answer(question: Question) -> PlacementReport:
    """Where the arrays of the question's tree live."""
    return placement_report(question.tree)


def placement(pytree: object) -> PlacementReport:
    """Where every array of `pytree` lives: its device, whether committed, how it is sharded.

    `pytree` is any live object, a `Tree`, or a file or its path (which does not tell where its
    arrays live). Nothing is moved, gathered or waited for: of an
    array whose shards are in several processes, the facts are all here.

    >>> import jax.numpy as jnp
    >>> placement({"w": jnp.zeros((2, 3))}).bytes_by_device
    (('cpu:0', 24),)
    """
    return placement_report(any_tree(pytree))
