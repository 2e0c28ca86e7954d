"""Branches of `cond` and steps of loops that returned something else than they should.

What a branch returned is gone when the error arrives: JAX's own words name the place and both
sides, and are taken apart here. Static fields are told by name and value where the classes are
known.
"""

import ast
import dataclasses
import re
import sys
from typing import Any

from eqxview.inspect.explain.explanation import Explanation, Finding
from eqxview.inspect.explain.scene import Scene

_BEGINS = re.compile(
    r"(?P<what>cond|switch|scan|while_loop|fori_loop)\b.{0,40}?"
    r"(?:branch(?:es)?\b|branch outputs|carry input and carry output)"
)
# One difference, in JAX's words: alone in its paragraph, or one of a list.
_CARRY = re.compile(
    r"[Tt]he input carry (?:component )?(?P<path>\S+) "
    r"(?:is (?:a |an )?|has )(?P<before>.+?) "
    r"but the corresponding (?:component of the carry output|output carry component) "
    r"(?:is (?:a |an )?|has )(?P<after>.+?),? so (?P<why>[^.\n]+)"
)
_BRANCH = re.compile(
    r"(?P<first>true_fun|branch ?\d+)(?: output)?(?: at path (?P<path>\S+))? "
    r"(?:is (?:a |an )?|has )(?P<before>.+?) "
    r"but (?:the corresponding output of )?(?P<second>false_fun|branch ?\d+)"
    r"(?: output)?(?: at path \S+)? "
    r"(?:is (?:a |an )?|has )(?P<after>.+?),? so (?P<why>[^.\n]+)"
)
_METADATA = re.compile(r"<class '(?P<name>[\w.<>]+)'> with pytree metadata (?P<data>.*)", re.DOTALL)
_CLASS = re.compile(r"<class '([\w.<>]+)'>")
# The tables that eqxcore's own loops print below their first line.
_ROW = re.compile(r"^  (?P<path>(?:carry|result)\S*)  +(?P<before>.+?)  +(?P<after>.+)$", re.M)
_MORE = re.compile(r"^  … (\d+) more differ", re.M)
_FILTERED = re.compile(r"`(?P<what>filter_(?:scan|cond|while_loop))`")

_FIXES = {
    "scan": "return the carry as it came in: the same classes, the same keys, the same dtypes "
    "(x.astype(carry.dtype)), the same static fields",
    "cond": "build both results in the same way: jnp.asarray for a number in one of them, the same "
    "keys, the same classes",
}


def carry_mismatch(scene: Scene) -> Explanation | None:
    """Explains branches that differ, and a carry that changed."""
    text = scene.text
    filtered = _FILTERED.match(text)
    begun = filtered or _BEGINS.match(text)
    if begun is None:
        return None
    what = begun["what"].removeprefix("filter_")
    is_loop = what not in ("cond", "switch")
    found: list[Finding] = []
    sides = ("carry in", "carry out") if is_loop else ("true_fun", "false_fun")
    if filtered:
        found = [Finding(m["path"], m["before"].strip(), m["after"]) for m in _ROW.finditer(text)]
    else:
        for match in (_CARRY if is_loop else _BRANCH).finditer(text):
            root = "carry" if is_loop else "result"
            path = _path(match["path"] or "", root)
            found += _findings(path, match["before"].strip(), match["after"].strip())
            if not is_loop:
                sides = (_branch(match["first"]), _branch(match["second"]))
    if not found:
        return None
    places = found[0].path if len(found) == 1 else f"{found[0].path} and other places"
    summary = (
        f"{what}: the carry that the step returned is not built like the one it was given, "
        f"at {places}"
        if is_loop
        else f"{what}: the branches returned results that are not built alike, at {places}"
    )
    fix = _FIXES["scan" if is_loop else "cond"]
    kind = "branches" if not is_loop else "carry"
    more = _MORE.search(text)
    notes = (f"and {more[1]} more places",) if more else ()
    return scene.explained(kind, summary, fix, findings=found, sides=sides, notes=notes)


def _path(told: str, root: str) -> str:
    """`c['a']` as `carry['a']`, `['a']` as `result['a']`."""
    rest = told[re.match(r"\w*", told).end() :]  # pyright: ignore[reportOptionalMemberAccess]
    return f"{root}{rest}"


def _branch(told: str) -> str:
    return re.sub(r"branch ?", "branch ", told)


def _findings(path: str, before: str, after: str) -> list[Finding]:
    first, second = _METADATA.match(before), _METADATA.match(after)
    if first is None or second is None or first["name"] != second["name"]:
        return [Finding(path, _plain(before), _plain(after))]
    olds, news = (_fields(side["name"], side["data"]) for side in (first, second))
    if olds is None or news is None:
        return [Finding(path, _plain(before), _plain(after))]
    return [
        Finding(f"{path}.{name}", olds[name], news[name])
        for name in olds
        if name in news and olds[name] != news[name]
    ] or [Finding(path, _plain(before), _plain(after))]


def _plain(text: str) -> str:
    """Classes by their short names, types without the words around them."""
    text = _CLASS.sub(lambda match: match[1].rpartition(".")[2], text)
    text = text.replace("dict with pytree metadata", "dict with the keys")
    text = re.sub(r"\b(?:ShapedArray|ArrayImpl|\w+Tracer)\b", "array", text)
    return text.replace("NoneType", "None").removeprefix("type ")


def _fields(class_name: str, data: str) -> dict[str, str] | None:
    """The static fields with their values, from what a class of pytrees prints."""
    parts = _split(data.strip())
    pairs = [part.partition("=") for part in parts]
    if all(equals and name.isidentifier() for name, equals, _ in pairs):
        return {name: value for name, _, value in pairs}
    # Equinox: values alone, those of the static fields at the end.
    cls = _find_class(class_name)
    if cls is None or not dataclasses.is_dataclass(cls) or not data.startswith("("):
        return None
    names = [field.name for field in dataclasses.fields(cls) if field.metadata.get("static")]
    values = _split(data.strip()[1:-1])
    if not names or len(values) < len(names):
        return None
    return dict(zip(names, values[-len(names) :], strict=True))


def _split(text: str) -> list[str]:
    """Cut at the commas that are in no brackets and in no string."""
    try:
        node = ast.parse(f"f({text})", mode="eval").body
    except (SyntaxError, ValueError):
        return [part.strip() for part in text.split(",")]
    assert isinstance(node, ast.Call)
    return [
        *map(ast.unparse, node.args),
        *(f"{given.arg}={ast.unparse(given.value)}" for given in node.keywords),
    ]


def _find_class(path: str) -> Any:
    """The class, if its module is loaded: nothing is imported for it."""
    module, _, name = path.rpartition(".")
    return vars(sys.modules[module]).get(name) if module in sys.modules else None
