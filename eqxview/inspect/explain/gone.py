"""Arrays that were donated or deleted, and used again."""

import re

from eqxview.inspect.explain.explanation import Explanation, Finding
from eqxview.inspect.explain.scene import Scene
from eqxview.inspect.explain.seen_call import SeenCall
from eqxview.tree.kinds import Flag
from eqxview.tree.live import tree_of
from eqxview.tree.wording import array_type

_MESSAGES = re.compile(r"Array has been deleted|[Bb]uffer has been deleted or donated")


def gone_arrays(scene: Scene) -> Explanation | None:
    """Explains which arguments have no buffer any more."""
    if not _MESSAGES.search(scene.text):
        return None
    call = scene.user_call
    findings = _deleted(call)
    fix = "use what the call returned in place of what was donated to it"
    first = findings[0].path if findings else ""
    root = re.match(r"\w*", first)
    if call is not None and call.text and root and root[0]:
        given = ", ".join(argument.text for argument in call.arguments)
        fix += f": {root[0]} = {call.text}({given})"
    summary = (
        f"{_count(len(findings))} given again after {_have(len(findings))} buffers were donated "
        "to an earlier call, or deleted"
        if findings
        else "an array was used whose buffer had been donated to an earlier call, or deleted"
    )
    return scene.explained(
        "gone",
        summary,
        f"{fix}; or jit it without donation",
        findings=findings,
        sides=("", "array"),
    )


def _count(number: int) -> str:
    return "1 array was" if number == 1 else f"{number:,} arrays were"


def _have(number: int) -> str:
    return "its" if number == 1 else "their"


def _deleted(call: SeenCall | None) -> list[Finding]:
    found: list[Finding] = []
    for argument in [] if call is None else call.known:
        tree = tree_of(argument.value)
        for row in range(len(tree)):
            shape, dtype = tree.array_shape(row), tree.dtype_name(row)
            if tree.has_flag(row, Flag.DELETED) and shape is not None and dtype is not None:
                path = f"{argument.label}{tree.path(row)}"
                found.append(Finding(path, "", array_type(dtype, shape)))
    return found
