"""Python that asked a traced array for its value, and tracers that outlived their trace."""

import re

from eqxview.inspect.explain.explanation import Explanation, Finding
from eqxview.inspect.explain.scene import Scene
from eqxview.inspect.explain.seen_call import SeenCall, text_of
from eqxview.inspect.explain.steps import Step
from eqxview.tree.kinds import Kind
from eqxview.tree.live import tree_of
from eqxview.watching.site import Site

_NAMES = frozenset(
    {
        "TracerBoolConversionError",
        "TracerIntegerConversionError",
        "TracerArrayConversionError",
        "ConcretizationTypeError",
        "NonConcreteBooleanIndexError",
    }
)
_SHAPES = "Shapes must be 1D sequences of concrete values of integer type"
_DEPENDS = re.compile(
    r"while tracing the function (?P<function>\S+) at (?P<place>\S+) for (?P<how>\w+)"
    r".*?depends on the values? of the arguments? (?P<path>[^\n]+?)\.?(?:\n|$)",
    re.DOTALL,
)
_LEAKED = re.compile(r"created on line (?P<file>[^\n]+?):(?P<line>\d+)(?::\d+)? \((?P<in>[^)]*)\)")
_TYPE = re.compile(r"with type (?P<type>\S+)")
# How Equinox's wrapper calls the array leaves of a call; eqxcore gives JAX the user's own names.
_EQUINOX_LEAF = re.compile(r"dynamic_(?:no)?donate\['?(first|rest)'?\]\[(\d+)\]")


def traced_value(scene: Scene) -> Explanation | None:
    """Explains an `if`, an `int()`, a shape that needs the value of a traced array."""
    name = type(scene.error).__name__
    if name not in _NAMES and _SHAPES not in scene.text:
        return None
    depends = _DEPENDS.search(scene.text)
    step = scene.users[-1] if scene.users else None
    paths = [] if depends is None else _arguments(depends["path"], scene)
    function = "" if depends is None else depends["function"]
    findings = [Finding(path, function, _asked(step)) for path in paths]
    needed = _NEEDS.get(name, "its value")
    if _SHAPES in scene.text:
        needed = "a shape"
    of = f" of {', '.join(paths)}, an argument of {function}" if paths else ""
    asked = _asked(step)
    what = f"`{asked}` needs" if asked else "Python needs"
    return scene.explained(
        "traced-value",
        f"{what} {needed} while the program is traced, when no value{of} is known yet",
        _fix(name, scene, paths[0] if len(paths) == 1 else "", function),
        findings=findings,
        sides=("argument of", "asked for by"),
    )


_NEEDS = {
    "TracerBoolConversionError": "true or false",
    "TracerIntegerConversionError": "an integer",
    "TracerArrayConversionError": "a NumPy array",
    "ConcretizationTypeError": "a number",
    "NonConcreteBooleanIndexError": "to know how many elements a mask selects",
}


def _fix(name: str, scene: Scene, path: str, function: str) -> str:
    static = _as_static(scene, path, function)
    if _SHAPES in scene.text or name == "TracerIntegerConversionError":
        return f"take it from a shape, x.shape[0]{static}"
    if name == "TracerBoolConversionError":
        return f"jnp.where(condition, a, b) or jax.lax.cond(condition, f, g, x){static}"
    if name == "TracerArrayConversionError":
        return "use jax.numpy in place of numpy inside of the function; or return the array"
    if name == "NonConcreteBooleanIndexError":
        return "jnp.where(mask, x, 0), which keeps the shape; or jnp.nonzero(mask, size=n)"
    return f"x.astype(float) keeps it an array; return it and convert outside{static}"


def _as_static(scene: Scene, path: str, function: str) -> str:
    """How to make the argument static, where it is a whole one and may be a plain number."""
    if not path.isidentifier():
        return ""
    given = (argument for _, call in scene.calls for argument in call.known)
    value = next((a.value for a in given if path in (a.parameter, a.text)), None)
    if getattr(value, "shape", ()) != ():
        return ""
    if _filtered_call(scene) is not None:
        return f"; or give {path} as a Python number, which a filtered jit takes for static"
    name = function if function.isidentifier() else "f"
    return (
        f"; or, if {path} is one of a few plain numbers, make it static: "
        f'jax.jit({name}, static_argnames="{path}")'
    )


def escaped_tracer(scene: Scene) -> Explanation | None:
    """Explains a tracer that was kept after the trace that made it."""
    if type(scene.error).__name__ != "UnexpectedTracerError":
        return None
    leaked, type_ = _LEAKED.search(scene.text), _TYPE.search(scene.text)
    made = "" if leaked is None else str(Site(leaked["file"], int(leaked["line"])))
    function = "" if leaked is None else leaked["in"].rpartition("<locals>.")[2]
    what = _asked(scene.users[-1] if scene.users else None)
    findings = [Finding(what or "a value", made, type_["type"] if type_ else "")] if made else []
    return scene.explained(
        "escaped-tracer",
        "a value that was traced was kept, and used after the trace had ended"
        + (f": it was made in {function} at {made}" if made else ""),
        f"return it from {function or 'the traced function'} in place of keeping it in a list, "
        "a global or an attribute",
        findings=findings,
        sides=("made at", "type"),
    )


def _asked(step: Step | None) -> str:
    """What the user's line was at, as it is written."""
    node = None if step is None else step.node
    if node is None:
        return ""
    return text_of(node)


def _arguments(told: str, scene: Scene) -> list[str]:
    """The arguments by the names of the user's: those of a filtered jit are looked up."""
    return [_renamed(path.strip(), scene) for path in re.split(r", (?:and )?| and ", told)]


def _renamed(path: str, scene: Scene) -> str:
    leaf = _EQUINOX_LEAF.fullmatch(path)
    if leaf is None:
        return path
    call = _filtered_call(scene)
    if call is None or len(call.known) < len(call.arguments):
        return "an array among its arguments"
    arguments = call.arguments[:1] if leaf[1] == "first" else call.arguments[1:]
    number = int(leaf[2])
    for argument in arguments:
        tree = tree_of(argument.value)
        for row in tree.leaves():
            if tree.kind[row] == Kind.ARRAY:
                if number == 0:
                    return f"{argument.parameter or argument.text}{tree.path(row)}"
                number -= 1
    return "an array among its arguments"


def _filtered_call(scene: Scene) -> SeenCall | None:
    """The user's call that went into a filtered jit."""
    outer: Step | None = None
    for step in scene.steps:
        if step.owner in ("equinox", "eqxcore") and outer is not None and not outer.owner:
            return next((call for at, call in scene.calls if at is outer), None)
        outer = step
    return None
