"""Static values that do not hash or compare: unhashable ones, and arrays in static fields."""

import ast
import inspect
import linecache
import re
from typing import Any

from eqxview.inspect.diff.node_changes import node_text
from eqxview.inspect.explain.explanation import Explanation, Finding
from eqxview.inspect.explain.naming import objects_called, places
from eqxview.inspect.explain.scene import Scene
from eqxview.inspect.explain.seen_call import Argument, SeenCall
from eqxview.tree.columns import NOTHING, Tree
from eqxview.tree.kinds import Hashing, Kind, Role
from eqxview.tree.live import tree_of
from eqxview.watching.site import Site

_ARRAY_MESSAGES = re.compile(
    r"checking equality of metadata fields|should be comparable using __eq__|arrays do not hash"
    r"|unhashable type: '(?:\w*Array|ArrayImpl|(?:numpy\.)?ndarray|\w*Tracer)'"
)
# Also said of any other array in a condition: then JAX was not asked for anything.
_TRUTH = "truth value of an array"
_HASH_MESSAGES = re.compile(r"Non-hashable static arguments|unhashable type|is not hashable")
_INSIDE_STATIC = frozenset({Role.STATIC_FIELD, Role.INSIDE})

_HASHABLE_TWINS = {
    Kind.LIST: "a tuple",
    Kind.DICT: "a tuple of pairs, or types.MappingProxyType's items as a tuple",
    Kind.SET: "a frozenset",
}


def arrays_in_statics(scene: Scene) -> Explanation | None:
    """Explains an array that is in a static field."""
    is_compared = _TRUTH in scene.text and scene.user_call is not None and scene.user_call.text
    if not is_compared and not _ARRAY_MESSAGES.search(scene.text):
        return None
    found: list[Finding] = []
    sites: list[Site] = []
    names: list[str] = []
    for argument, tree in _argument_trees(scene):
        for row in range(len(tree)):
            if tree.kind[row] != Kind.ARRAY or tree.role[row] not in _INSIDE_STATIC:
                continue
            field = _static_field(tree, row)
            if field == NOTHING:
                continue
            path = f"{argument.label}{tree.path(row)}"
            site = _declaration(argument, tree, field)
            declared = "" if site is None else str(site)
            if any(finding.path == path for finding in found):
                continue
            found.append(Finding(path, node_text(tree, row), declared))
            names.append(f"{tree.type_name(tree.parent[field])}{tree.entry(field)}")
            sites += () if site is None else (site,)
    if not found:
        return None
    name = names[0].rpartition(".")[2]
    where = f" (declared at {sites[0]})" if sites else ""
    return scene.explained(
        "array-in-static-field",
        f"{found[0].path} is an array in the static field {names[0]}{where}: "
        "JAX has to hash and compare static fields, which arrays cannot do",
        f"write `{name}: jax.Array`, without static=True; for one that is not to be trained, "
        f"jax.lax.stop_gradient(self.{name}) where it is used",
        findings=found,
        sides=("array", "field declared at"),
    )


def unhashable_statics(scene: Scene) -> Explanation | None:
    """Explains a static argument, leaf or field that does not hash."""
    if not _HASH_MESSAGES.search(scene.text):
        return None
    call = scene.user_call
    found: list[Finding] = []
    kinds: list[Kind] = []
    for argument, tree in _argument_trees(scene):
        for row in range(len(tree)):
            if not _is_unhashable(tree, row, argument, call):
                continue
            finding = Finding(
                f"{argument.label}{tree.path(row)}", tree.type_name(row), node_text(tree, row)
            )
            if finding not in found:
                found.append(finding)
                kinds.append(Kind(tree.kind[row]))
    if not found:
        return scene.explained(
            "unhashable-static",
            "a static argument does not hash, and JAX finds compiled programs by the hashes of "
            "static arguments",
            "give tuples in place of lists, frozensets in place of sets",
            findings=_told(scene.text),
            sides=("type", ""),
        )
    twin = _HASHABLE_TWINS.get(kinds[0], "of a class with __hash__ and __eq__ by value")
    return scene.explained(
        "unhashable-static",
        f"{found[0].path} is static and does not hash ({found[0].before}): JAX finds compiled "
        "programs by the hashes of what is static",
        f"make it {twin}; or, if it holds arrays, do not make it static",
        findings=found,
        sides=("type", "value"),
    )


def _argument_trees(scene: Scene) -> list[tuple[Argument, Tree]]:
    """The trees of the arguments of the calls on the way, the user's innermost first."""
    seen: set[int] = set()
    pairs = []
    for step, call in scene.calls:
        if step.owner:
            continue
        for argument in (*objects_called(call), *call.known):
            if id(argument.value) not in seen and not _is_plain(argument.value):
                seen.add(id(argument.value))
                pairs.append((argument, tree_of(argument.value)))
    return pairs


def _is_plain(value: Any) -> bool:
    return type(value) in (int, float, bool, complex, str, bytes, type(None))


def _is_unhashable(tree: Tree, row: int, argument: Argument, call: SeenCall | None) -> bool:
    """Whether JAX hashes this node, and cannot."""
    if tree.hashing[row] == Hashing.UNHASHABLE:
        return tree.role[row] in (Role.STATIC_LEAF, Role.STATIC_FIELD)
    if row != 0 or call is None or type(argument.value).__hash__ is not None:
        return False
    # A whole argument that `static_argnums` or `static_argnames` name is hashed as one.
    return argument.parameter in static_parameters(call)


def static_parameters(call: SeenCall) -> frozenset[str]:
    """The names of the parameters that are static in a function of `jax.jit`.

    By an attribute of the jitted function that is private to JAX, and the same from 0.6 to 0.12;
    where it is not there, by what is written beside it.
    """
    info = getattr(call.function, "_jit_info", None)
    names = getattr(info, "static_argnames", None) or call.options.get("static_argnames") or ()
    numbers = getattr(info, "static_argnums", None) or call.options.get("static_argnums") or ()
    names = (names,) if isinstance(names, str) else names
    numbers = (numbers,) if isinstance(numbers, int) else numbers
    if not isinstance(names, tuple | list) or not isinstance(numbers, tuple | list):
        return frozenset()
    given = call.positional()
    placed = [given[at].parameter for at in numbers if isinstance(at, int) and at < len(given)]
    return frozenset((*names, *placed))


def _static_field(tree: Tree, row: int) -> int:
    """The row of the static field around `row`; `NOTHING` where there is none."""
    while row != NOTHING and tree.role[row] != Role.STATIC_FIELD:
        row = tree.parent[row]
    return row


_TYPE = re.compile(r"object of type <class '(?P<type>[\w.]+)'>|unhashable type: '(?P<short>[^']+)'")


def _told(text: str) -> list[Finding]:
    match = _TYPE.search(text)
    return [Finding("a static argument", match["type"] or match["short"], "")] if match else []


def _declaration(argument: Argument, tree: Tree, field: int) -> Site | None:
    """The line that declares the static field at row `field`."""
    path = f"{argument.label}{tree.path(tree.parent[field])}"
    name = tree.entry(field).removeprefix(".")
    for place, value in places(argument.value, argument.label):
        if place == path:
            return declaration_of(type(value), name)
    return None


def declaration_of(cls: type, name: str) -> Site | None:
    """The line that declares the field `name` of `cls`, read from the file of the class."""
    import sys

    for owner in cls.__mro__:
        if name not in inspect.get_annotations(owner):
            continue
        file = _file_of(owner, sys.modules)
        if not file:
            return None
        try:
            tree = ast.parse("".join(linecache.getlines(file)))
        except (SyntaxError, ValueError, RecursionError):
            return None
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name == owner.__name__:
                for statement in node.body:
                    if (
                        isinstance(statement, ast.AnnAssign)
                        and isinstance(statement.target, ast.Name)
                        and statement.target.id == name
                    ):
                        return Site(file, statement.lineno, owner.__qualname__)
    return None


def _file_of(cls: type, modules: Any) -> str:
    """The file that `cls` is written in; of a class that was typed, the file of its methods."""
    for member in vars(cls).values():
        code = getattr(member, "__code__", None)
        if code is not None and getattr(member, "__module__", None) == cls.__module__:
            return code.co_filename
    return getattr(modules.get(cls.__module__), "__file__", None) or ""
