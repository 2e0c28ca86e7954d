"""The shipped table: classes of well-known libraries, for where these are not installed.

`known_classes.json` is written by `tools/known_classes.py`, which looks at the live classes.
For each library: its version, and for each module its classes, each as one string: the kind,
then the fields in order, static ones with a star.

    "equinox": {
      "version": "0.13.8",
      "classes": {"equinox.nn._mlp": {"MLP": "module layers activation *use_bias"}},
      "aliases": {"equinox.nn.MLP": "equinox.nn._mlp.MLP"}
    }
"""

import json
import os

from eqxview.readers.class_source.facts import ClassFacts, ClassKind, FieldFacts
from eqxview.tree.kinds import Hashing

_PATH = os.path.join(os.path.dirname(__file__), "known_classes.json")


def known_classes() -> dict[str, ClassFacts]:
    """The facts by qualified name: the one where a class is defined, and its public ones."""
    with open(_PATH, encoding="utf-8") as file:
        libraries = json.load(file)
    table: dict[str, ClassFacts] = {}
    for library in libraries.values():
        for module, classes in library["classes"].items():
            for name, text in classes.items():
                table[f"{module}.{name}"] = _facts(text)
        for alias, name in library["aliases"].items():
            table[alias] = table[name]
    return table


def only_ones(table: dict[str, ClassFacts]) -> dict[tuple[str, str], ClassFacts]:
    """The facts by library and class name, where the library has but one class of that name."""
    found: dict[tuple[str, str], set[ClassFacts]] = {}
    for qualified, facts in table.items():
        library, last = qualified.partition(".")[0], qualified.rpartition(".")[2]
        found.setdefault((library, last), set()).add(facts)
    return {key: facts.pop() for key, facts in found.items() if len(facts) == 1}


def _facts(text: str) -> ClassFacts:
    kind, *names = text.split(" ")
    fields = tuple(FieldFacts(name.lstrip("*"), name.startswith("*")) for name in names)
    hashing = Hashing.BY_VALUE if kind in ("namedtuple", "enum") else Hashing.UNKNOWN
    return ClassFacts(ClassKind(kind), fields, hashing)
