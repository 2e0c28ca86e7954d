"""Writes `eqxview/readers/class_source/known_classes.json`, the table that ships with eqxview.

Run it where the libraries are installed, after a release of one of them:

    python tools/known_classes.py

It imports every module of the libraries and writes down the classes whose instances JAX
flattens: Modules, namedtuples, registered dataclasses, other registered classes; and enums.
"""

import dataclasses
import enum
import importlib
import json
import pkgutil
import sys
import warnings
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
from jax._src import tree_util

LIBRARIES = ("equinox", "optax", "flax")
TABLE = Path(__file__).parents[1] / "eqxview/readers/class_source/known_classes.json"


def modules_of(library: str) -> Iterator[ModuleType]:
    """The library and all its modules that can be imported here."""
    package = importlib.import_module(library)
    yield package
    for info in pkgutil.walk_packages(package.__path__, f"{library}.", onerror=lambda name: None):
        if "test" in info.name.rpartition(".")[2] or info.name.endswith("__main__"):
            continue
        try:
            yield importlib.import_module(info.name)
        except Exception as error:  # noqa: BLE001  an optional dependency is missing: say which
            print(f"left out {info.name}: {error}", file=sys.stderr)


def described(cls: type) -> str | None:
    """The line of the table for `cls`; `None` for a class that does not belong in it."""
    import equinox

    if issubclass(cls, equinox.Module):
        return " ".join(["module", *fields_of(cls, "static", False)])
    if issubclass(cls, tuple) and (names := getattr(cls, "_fields", None)) is not None:
        return " ".join(["namedtuple", *names])
    if issubclass(cls, enum.Enum):
        return "enum"
    if cls in tree_util._registry:
        return registered(cls)
    return None


def registered(cls: type) -> str:
    """The line of a registered class: its fields, if these are what JAX flattens it to."""
    declared = [field.name for field in dataclasses.fields(cls)] if is_dataclass(cls) else []
    try:
        instance = object.__new__(cls)
        for name in declared:
            object.__setattr__(instance, name, name)
        keyed, _ = jax.tree_util.tree_flatten_with_path(instance, lambda x: x is not instance)
        dynamic = [path[0].name for path, _ in keyed]
    except Exception:  # noqa: BLE001  a flattening function that wants a real instance
        return "pytree"
    if declared and not dynamic:
        return " ".join(["static", *(f"*{name}" for name in declared)])
    if not declared or not set(dynamic) <= set(declared):
        return "pytree"
    static = [name for name in declared if name not in dynamic]
    if dynamic == [name for name in declared if name in dynamic]:
        return " ".join(["registered", *(f"*{n}" if n in static else n for n in declared)])
    return " ".join(["registered", *dynamic, *(f"*{name}" for name in static)])


def fields_of(cls: type, key: str, dynamic: bool) -> list[str]:
    """The fields of a dataclass; static ones, whose metadata say so under `key`, with a star."""
    return [
        field.name if bool(field.metadata.get(key, dynamic)) is dynamic else f"*{field.name}"
        for field in dataclasses.fields(cls)
    ]


def table_of(library: str) -> dict[str, Any]:
    """What the table holds of one library."""
    classes: dict[str, dict[str, str]] = {}
    aliases: dict[str, str] = {}
    for module in modules_of(library):
        for name, cls in vars(module).items():
            if not isinstance(cls, type) or cls.__module__.partition(".")[0] != library:
                continue
            if "<locals>" in cls.__qualname__ or (line := described(cls)) is None:
                continue
            classes.setdefault(cls.__module__, {})[cls.__qualname__] = line
            is_public = not any(part.startswith("_") for part in module.__name__.split("."))
            alias, full = f"{module.__name__}.{name}", f"{cls.__module__}.{cls.__qualname__}"
            if is_public and alias != full:
                aliases[alias] = full
    return {"version": version(library), "classes": classes, "aliases": aliases}


def main() -> None:
    """Write the table."""
    warnings.simplefilter("ignore")
    table = {library: table_of(library) for library in LIBRARIES}
    TABLE.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"wrote {TABLE}: {sum(len(c) for t in table.values() for c in t['classes'].values())}")


if __name__ == "__main__":
    main()
