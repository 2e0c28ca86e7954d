"""The layer that got an array of a wrong shape: where it is in the model, and what it takes."""

import re
from typing import Any

from eqxview.inspect.diff.node_changes import node_text
from eqxview.inspect.explain.explanation import Explanation, Finding
from eqxview.inspect.explain.naming import name_of, objects_called, places
from eqxview.inspect.explain.scene import Scene
from eqxview.inspect.explain.seen_call import seen_call
from eqxview.inspect.explain.steps import Step
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Kind
from eqxview.tree.live import tree_of

_MESSAGES = re.compile(
    r"dot_general requires|contracting dimension|[Ii]ncompatible shapes|of shape \("
    r"|shapes? must|must have the same shape|expected shape|broadcast|feature_group_count"
    r"|requires lhs feature dimension|rank \d|axis \d+ is out of bounds|[Ss]hape mismatch"
)
_LIBRARIES = ("equinox", "eqxcore")
_MAX_FIELDS = 6


def layer_shapes(scene: Scene) -> Explanation | None:
    """Explains which layer was given an array that it cannot take."""
    if not isinstance(scene.error, TypeError | ValueError) or not _MESSAGES.search(scene.text):
        return None
    if _is_raised_by_user(scene):
        return None
    step = _layer(scene)
    if step is None:
        return _from_message(scene)
    layer = step.local("self")
    name = type(layer).__name__
    path = name_of(layer, scene.steps) or _below_outer(layer, scene)
    tree = tree_of(layer)
    given = [Finding(f"{path}({text})", "given", node_text(t, 0)) for text, t in _inputs(step)]
    own = [Finding(f"{path}{where}", "its own", what) for where, what in _own(tree)]
    first = given[0] if given else None
    got = f" was given {first.after}" if first else " was given arrays of other shapes"
    return scene.explained(
        "layer-shape",
        f"{path} ({name}){got}, which does not fit its weights",
        _fix(tree, step, path),
        findings=[*given, *own],
        sides=("", "array"),
    )


def _is_raised_by_user(scene: Scene) -> bool:
    """Whether the last line is a `raise` of the user's: then it means what it says."""
    if not scene.steps or scene.steps[-1].owner:
        return False
    call = seen_call(scene.steps[-1])
    made = None if call is None else call.function
    return isinstance(made, type) and issubclass(made, BaseException)


def _layer(scene: Scene) -> Step | None:
    """The innermost frame of a Module's method."""
    for step in reversed(scene.steps):
        layer = step.local("self")
        if layer is not None and _is_module(type(layer)):
            return step
    return None


# In the words of the layers of eqxcore, which know their places.
_TOLD = re.compile(
    r"`(?P<class>\w+)` \((?P<place>`[^`]*`(?: of `\w+`)?)\) got `(?P<name>\w+)` of shape "
    r"(?P<given>\([\d, ]*\)); expected (?:shape )?(?P<expected>[^,]*\([^)]*\)[^,]*)"
)


def _from_message(scene: Scene) -> Explanation | None:
    told = _TOLD.match(scene.text)
    if told is None:
        return None
    path, _, outer = told["place"].replace("`", "").partition(" of ")
    path = f"{_user_name(outer, scene)}{path}"
    width = told["given"].count(",") > 1
    fix = f"layers take one example; for a batch, jax.vmap({path})(x)" if width else ""
    return scene.explained(
        "layer-shape",
        f"{path} ({told['class']}) was given an array of shape {told['given']}; it takes "
        f"{told['expected']}",
        fix or f"give it {told['expected']}, or build the layer for {told['given']}",
        findings=[Finding(f"{path}({told['name']})", "given", f"shape {told['given']}")],
        sides=("", "array"),
    )


def _user_name(class_name: str, scene: Scene) -> str:
    """What the user calls the one object of a class that is called on the way."""
    names = {
        called.text
        for step, call in scene.calls
        if not step.owner
        for called in objects_called(call)
        if type(called.value).__name__ == class_name
    }
    return names.pop() if len(names) == 1 else class_name


def _is_module(cls: type) -> bool:
    """Whether this is a layer: a Module, and none of those that libraries wrap functions in."""
    library, _, rest = cls.__module__.partition(".")
    if library in _LIBRARIES and not rest.startswith("nn"):
        return False
    return any(
        base.__name__ == "Module" and base.__module__.partition(".")[0] in _LIBRARIES
        for base in cls.__mro__
    )


def _below_outer(layer: Any, scene: Scene) -> str:
    """The place of `layer` in the outermost Module that called it, by the class of that."""
    for step in scene.steps:
        outer = step.local("self")
        if outer is None or not _is_module(type(outer)):
            continue
        for path, value in places(outer, _called_like(outer, scene)):
            if value is layer:
                return path
    return type(layer).__name__


def _called_like(outer: Any, scene: Scene) -> str:
    """What the user calls an object of the same class: inside of a transformation, the layer is a
    copy of it. The name of the class where there is none, or more than one.
    """
    names = {
        argument.label
        for step, call in scene.calls
        if not step.owner
        for argument in (*objects_called(call), *call.known)
        if type(argument.value) is type(outer)
    }
    return names.pop() if len(names) == 1 else type(outer).__name__


def _inputs(step: Step) -> list[tuple[str, Tree]]:
    """The arrays among the arguments of the method."""
    code = step.frame.f_code
    names = code.co_varnames[1 : code.co_argcount]
    trees = ((name, tree_of(step.local(name))) for name in names if step.local(name) is not None)
    return [(name, tree) for name, tree in trees if tree.kind[0] == Kind.ARRAY]


def _own(tree: Tree) -> list[tuple[str, str]]:
    rows = [row for row in tree.leaves() if tree.kind[row] == Kind.ARRAY][:_MAX_FIELDS]
    return [(tree.path(row), node_text(tree, row)) for row in rows]


def _fix(tree: Tree, step: Step, path: str) -> str:
    shapes = [tree.array_shape(row) for row in tree.leaves() if tree.kind[row] == Kind.ARRAY]
    inputs = [t.array_shape(0) for _, t in _inputs(step)]
    weight, given = (next(iter(found), None) for found in (shapes, inputs))
    if weight is None or given is None:
        return f"eqxview.show({path}) shows what it is built for"
    if tree.type_name(0) == "Linear" and len(weight) == 2:
        if len(given) > 1 and given[-1] == weight[1]:
            return f"it takes one vector; for a batch, jax.vmap({path})(x)"
        width = weight[1]
        return f"give it a vector of {width}, or build the layer for {given[-1] if given else 1}"
    if len(given) > 1:
        return f"layers take one example; for a batch, jax.vmap({path})(x)"
    return f"eqxview.show({path}) shows what it is built for"
