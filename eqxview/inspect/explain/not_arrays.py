"""Leaves that a transformation does not take: which ones, and what takes them."""

import re
from dataclasses import dataclass
from types import FunctionType

from eqxview.inspect.diff.node_changes import node_text
from eqxview.inspect.explain.explanation import Explanation, Finding
from eqxview.inspect.explain.scene import Scene
from eqxview.inspect.explain.seen_call import Argument, SeenCall
from eqxview.inspect.explain.static_value import UNKNOWN
from eqxview.inspect.explain.steps import owner_of
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Kind
from eqxview.tree.live import tree_of
from eqxview.tree.wording import counted

_MESSAGES = re.compile(
    r"Error interpreting argument to|is not a valid JAX type|as an abstract array"
    r"|(?:grad|value_and_grad|jacfwd|jacrev|hessian) requires (?:real|real- or complex)"
    r"|requires ndarray or scalar arguments"
    r"|its rank should be at least \d+, but is only 0"
)
_JIT_PATH = re.compile(r"was passed to the function at path (?P<path>\S+?)\.?(?:\s|$)")
_TYPE = re.compile(r"(?:of type|got) '?<class '(?P<type>[\w.]+)'>")

_DTYPE = re.compile(r"but got (?P<dtype>\w+)")
_NO_ARRAY = ("not an array", "not arrays")
_MAX_WRAPPERS = 4
_GRADS = frozenset({"grad", "value_and_grad", "jacfwd", "jacrev", "hessian"})


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a transformation takes."""

    name: str
    instead: str
    """The transformation of eqxcore and Equinox that takes any leaf."""
    takes_numbers: bool = True
    takes_integers: bool = True


_JIT = _Rule("jax.jit", "filter_jit")
_GRAD = _Rule("jax.grad", "filter_grad", takes_integers=False)
_VMAP = _Rule("jax.vmap", "filter_vmap", takes_numbers=False)
_INIT = _Rule("optimiser.init", "")
_LOOP = _Rule("jax.lax", "")


def not_arrays(scene: Scene) -> Explanation | None:
    """Explains leaves that are no arrays, or not of a dtype that is differentiated."""
    if not _MESSAGES.search(scene.text):
        return None
    call = scene.user_call
    rule = _rule(scene, call)
    if call is None:
        return _from_message(scene, rule)
    found: list[Finding] = []
    roots: list[str] = []
    for argument in _taken(call, rule, scene):
        tree = tree_of(argument.value)
        for row in tree.leaves():
            if not _takes(rule, tree, row):
                path = f"{argument.label}{tree.path(row)}"
                found.append(Finding(path, _refused_by(tree, row), node_text(tree, row)))
                roots.append(argument.label)
    if not found:
        return _from_message(scene, rule)
    transform = f"jax.{call.transform}" if call.transform in _GRADS else rule.name
    is_dtype = rule is _GRAD and all("grad" in f.before and "jit" not in f.before for f in found)
    one, more = ("not a real number", "not real numbers") if is_dtype else _NO_ARRAY
    what = f"is {one}" if len(found) == 1 else f"are {more}"
    return scene.explained(
        "not-an-array",
        f"{transform} was given {counted(len(found), 'leaf')} that {what}: {_listed(found)}",
        _fix(scene, call, rule, roots[0]),
        findings=found,
        sides=("refused by", "leaf"),
    )


def _listed(found: list[Finding]) -> str:
    shown = ", ".join(finding.path for finding in found[:3])
    return f"{shown}, and {len(found) - 3:,} more" if len(found) > 3 else shown


def _rule(scene: Scene, call: SeenCall | None) -> _Rule:
    text = scene.text
    if "Error interpreting argument" in text or "as an abstract array" in text:
        return _JIT
    if " requires " in text and "-valued" in text:
        return _GRAD
    if "rank should be at least" in text:
        return _VMAP
    names = {""} if call is None else {call.transform, call.name, _made_by(call)}
    if names & _GRADS:
        return _GRAD
    if names & {"vmap", "pmap"}:
        return _VMAP
    if names & {"scan", "while_loop", "fori_loop", "cond", "switch", "map", "associative_scan"}:
        return _LOOP
    if "init" in names or any(step.owner == "optax" for step in scene.steps):
        return _INIT
    return _JIT


def _made_by(call: SeenCall) -> str:
    """The transformation that made the function that is called; empty where it cannot be told.

    By the name of the function that JAX wraps around it: private, and the same from 0.6 to 0.12.
    """
    wrapper = _wrapper(call)
    return "" if wrapper is None else wrapper.__code__.co_name.removesuffix("_f")


def _wrapper(call: SeenCall) -> FunctionType | None:
    """The function that a transformation of JAX put around the user's."""
    function = call.function
    for _ in range(_MAX_WRAPPERS):
        if not isinstance(function, FunctionType):
            return None
        code = function.__code__
        if owner_of(code.co_filename) != "jax":
            return None
        if code.co_name.endswith("_f"):
            return function
        # What takes JAX's frames out of tracebacks is around it, and says nothing of it but here.
        function = _held(function, "fun")
    return None


def _held(function: FunctionType, name: str) -> object:
    """The value of a variable that a function closes over; `UNKNOWN` where there is none."""
    names = function.__code__.co_freevars
    if name not in names:
        return UNKNOWN
    return (function.__closure__ or ())[names.index(name)].cell_contents


def _taken(call: SeenCall, rule: _Rule, scene: Scene) -> list[Argument]:
    """The arguments that have to be arrays."""
    if rule is not _GRAD:
        return [argument for argument in call.known if not _is_function(argument, rule)]
    numbers = call.options.get("argnums", _closed_over(call, "argnums"))
    numbers = (numbers,) if isinstance(numbers, int) else numbers
    chosen = set(numbers) if isinstance(numbers, tuple | list) else {0}
    given = call.positional()
    return [given[at] for at in sorted(chosen) if at < len(given) and given[at].is_known]


def _is_function(argument: Argument, rule: _Rule) -> bool:
    # Loops and branches are given functions, which are meant.
    return (
        rule is _LOOP
        and callable(argument.value)
        and type(argument.value).__name__
        in (
            "function",
            "PjitFunction",
            "partial",
            "method",
        )
    )


def _closed_over(call: SeenCall, name: str) -> object:
    wrapper = _wrapper(call)
    return UNKNOWN if wrapper is None else _held(wrapper, name)


def _takes(rule: _Rule, tree: Tree, row: int) -> bool:
    kind, dtype = tree.kind[row], tree.dtype_name(row)
    if kind == Kind.ARRAY:
        return rule.takes_integers or _is_inexact(dtype or "")
    if kind in (Kind.NUMBER, Kind.BOOL):
        if not rule.takes_numbers:
            return False
        return rule.takes_integers or "." in tree.value_text(row) or "j" in tree.value_text(row)
    return False


def _is_inexact(dtype: str) -> bool:
    return dtype.startswith(("float", "bfloat", "complex"))


def _refused_by(tree: Tree, row: int) -> str:
    names = [rule.name for rule in (_JIT, _GRAD, _VMAP, _INIT) if not _takes(rule, tree, row)]
    return ", ".join(names)


def _fix(scene: Scene, call: SeenCall, rule: _Rule, root: str) -> str:
    library = scene.library
    if rule is _INIT:
        return (
            f"give it the arrays only: {call.text}"
            f"({library}.filter({root}, {library}.is_inexact_array))"
        )
    if rule is _LOOP:
        return (
            f"let the arrays through and close over the rest: arrays, static = "
            f"{library}.partition({root}, {library}.is_array), and inside "
            f"{library}.combine(arrays, static)"
        )
    instead, name = rule.instead, rule.name
    if "value_and_grad" in (call.transform, _made_by(call)):
        instead, name = "filter_value_and_grad", "jax.value_and_grad"
    text = f"{library}.{instead} in place of {name}: it leaves alone what it cannot take"
    if rule is _JIT and not _is_module_path(call, root):
        text += "; or name it static: jax.jit(f, static_argnames=...)"
    return text


def _is_module_path(call: SeenCall, root: str) -> bool:
    return any(
        argument.label == root and hasattr(type(argument.value), "__dataclass_fields__")
        for argument in call.known
    )


def _from_message(scene: Scene, rule: _Rule) -> Explanation:
    path = _JIT_PATH.search(scene.text)
    where = path["path"] if path else "an argument"
    what = "no array"
    if type_ := _TYPE.search(scene.text):
        what = type_["type"].rpartition(".")[2]
    elif dtype := _DTYPE.search(scene.text):
        what = dtype["dtype"]
    library = scene.library
    fix = (
        f"{library}.{rule.instead} in place of {rule.name}"
        if rule.instead
        else f"give it the arrays only: {library}.filter(x, {library}.is_array)"
    )
    return scene.explained(
        "not-an-array",
        f"{rule.name} was given a leaf that it does not take: {where} ({what})",
        fix,
        findings=[Finding(where, rule.name, what)],
        sides=("refused by", "leaf"),
    )
