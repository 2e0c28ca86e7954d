"""Where the field of a Module class is declared: file and line, for messages."""

import inspect
import os
import re
import weakref

# Looking for the line parses the file.
_found: weakref.WeakKeyDictionary[type, dict[str, str]] = weakref.WeakKeyDictionary()


def declared_at(cls: type, name: str) -> str:
    """`", declared at models.py:12"` for the field `name` of `cls`; empty where it is not known.

    The file is relative to the working directory if it is below it.
    """
    places = _found.setdefault(cls, {})
    if name not in places:
        places[name] = _look(cls, name)
    return places[name]


def _look(cls: type, name: str) -> str:
    owner = next(
        (base for base in cls.__mro__ if name in inspect.get_annotations(base)),
        cls,
    )
    try:
        lines, first = inspect.getsourcelines(owner)
        file = inspect.getsourcefile(owner)
    except (OSError, TypeError):
        # Made without a file: in a shell, by `exec`.
        return ""
    if file is None:
        return ""
    declaration = re.compile(rf"\s*{re.escape(name)}\s*:")
    offset = next((place for place, line in enumerate(lines) if declaration.match(line)), 0)
    return f", declared at {_short(file)}:{first + offset}"


def _short(file: str) -> str:
    here = os.path.join(os.getcwd(), "")
    return file.removeprefix(here)
