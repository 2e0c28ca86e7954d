"""Arguments that are committed to different devices."""

import re

from eqxview.inspect.explain.explanation import Explanation, Finding
from eqxview.inspect.explain.scene import Scene
from eqxview.inspect.placement.advice import advice
from eqxview.inspect.placement.report import placement_report
from eqxview.inspect.placement.survey import Home
from eqxview.tree.columns import Tree
from eqxview.tree.live import tree_of
from eqxview.tree.wording import counted

_MAX_PLACES = 8
_BEGINS = "Received incompatible devices for jitted computation"
_SIDE = re.compile(
    r"argument (?P<path>\S+) of (?P<of>\S+) with shape (?P<type>\S+) and "
    r"with device ids \[(?P<ids>[\d, ]*)\] on platform (?P<platform>\w+)"
)


def incompatible_devices(scene: Scene) -> Explanation | None:
    """Explains which arguments are where, the few that are elsewhere first."""
    if _BEGINS not in scene.text:
        return None
    told = list(_SIDE.finditer(scene.text))
    findings = [
        Finding(m["path"], m["type"], ", ".join(_devices(m["platform"], m["ids"]))) for m in told
    ]
    call = scene.user_call
    given = [] if call is None else call.known
    report = placement_report(tree_of({a.label: a.value for a in given})) if given else None
    on = [] if report is None else [g for g in report.groups if g.home == Home.DEVICE]
    committed = [group for group in on if group.committed]
    if report is None or len({group.devices for group in committed}) < 2:
        return scene.explained(
            "devices",
            "one call was given arrays that are committed to different devices",
            "move the few to where the rest is: jax.device_put(x, jax.devices()[0])",
            findings=findings,
            sides=("array", "committed to"),
        )
    tree, survey = report.tree, report.survey
    few, most = committed[0], committed[-1]
    rows = [
        Finding(
            _path(tree, subtree.row),
            counted(subtree.leaves, "array"),
            survey.groups[subtree.group].words,
        )
        for subtree in survey.subtrees[:_MAX_PLACES]
        if survey.groups[subtree.group].committed
    ]
    stray = next(found for found in rows if found.after == few.words)
    others = tuple(
        f"and {counted(len(survey.subtrees) - _MAX_PLACES, 'more place')}"
        for _ in range(len(survey.subtrees) > _MAX_PLACES)
    )
    where = "device" if len(most.devices) == 1 else "sharding"
    target = _target(most.devices) if where == "device" else "the sharding of the rest"
    return scene.explained(
        "devices",
        f"one call was given arrays that are committed to different devices: {stray.path} "
        f"to {few.device}, the most to {most.device}"
        if len(on) > 1
        else "arrays committed to different devices",
        f"{stray.path} = jax.device_put({stray.path}, {target})"
        if stray.path.isidentifier()
        else f"put it there too: jax.device_put({stray.path}, {target})",
        findings=rows,
        sides=("arrays", "placed on"),
        notes=(*others, *(note.text for note in advice(report.groups)[1:])),
    )


def _path(tree: Tree, row: int) -> str:
    """The path below the dict of arguments: `model.w`, for `['model'].w`."""
    first, *rest = tree.entries(row) or ["['the arguments']"]
    return first[2:-2] + "".join(rest)


def _target(devices: tuple[str, ...]) -> str:
    platform, _, number = devices[0].partition(":")
    return f'jax.devices("{platform}")[{number or 0}]'


def _devices(platform: str, ids: str) -> list[str]:
    return [f"{platform.lower()}:{number.strip()}" for number in ids.split(",") if number.strip()]
