"""The window in which fields of a Module may be assigned: from `__new__` to the end of init."""

from typing import Any

# By identity and not by a flag on the object: an object in the window is alive, so that its id
# is nobody else's; and what is not on the object need not be taken off it.
open_windows: dict[int, tuple[frozenset[str], dict[str, Any]]] = {}
"""The ids of the objects that are being constructed, with the names that may be assigned, and the
dict that their values go into."""

WRAPPER_NAMES = ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__")
"""What `functools.update_wrapper` copies, and what `module_update_wrapper` puts on an instance."""
