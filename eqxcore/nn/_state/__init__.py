"""State: what a model changes as it is called, kept apart from the model.

| file | idea |
|---|---|
| `_marker.py` | what tells one piece of state from another, and what it is called in messages |
| `_state_index.py` | `StateIndex`: a layer's claim to a piece of state |
| `_state.py` | `State`: the values, which are used once |
| `_fit.py` | whether a new value may take the place of an old one |
| `_make.py` | `make_with_state`, `delete_init_state`: take the state out of a model |
"""

from ._make import delete_init_state as delete_init_state
from ._make import make_with_state as make_with_state
from ._state import State as State
from ._state_index import StateIndex as StateIndex
