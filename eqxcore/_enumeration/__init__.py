"""`Enumeration`: a choice among named messages, as an integer that JAX can compute with.

| file | idea |
|---|---|
| `_enumeration.py` | the classes that users write |
| `_item.py` | one of their items, a pytree |
"""

from ._enumeration import Enumeration as Enumeration
from ._item import EnumerationItem as EnumerationItem
