"""In what a call differs from those that have been compiled for, and what to do about it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from eqxcore._trees._mismatch import Difference, table_of

from ._signature import Row


class Change(NamedTuple):
    """A place in a call that is not as it was in another one."""

    path: str
    before: Row | None
    """`None` where there was no such place."""
    after: Row | None
    """`None` where there is no such place any more."""

    @property
    def texts(self) -> tuple[str, str]:
        """What was there, and what is there."""
        before, after = (row.text if row else "(missing)" for row in (self.before, self.after))
        if before == after:
            after = f"{after} (another one)"
        return before, after

    def __str__(self) -> str:
        before, after = self.texts
        return f"{self.path}: {before} → {after}"


def changes(before: Mapping[str, Row], after: Mapping[str, Row]) -> list[Change]:
    """Every place that differs, in the order of the call, and nothing that is below of one."""
    found: list[Change] = []
    hidden: list[str] = []
    for path in (*after, *(path for path in before if path not in after)):
        old, new = before.get(path), after.get(path)
        if old == new or _is_below(path, hidden):
            continue
        if "container" in (old and old.role, new and new.role):
            hidden.append(path)
        found.append(Change(path, old, new))
    return found


def _is_below(path: str, places: Iterable[str]) -> bool:
    return any(path.startswith(place) and path[len(place) :][:1] in (".", "[") for place in places)


def nearest(
    earlier: Iterable[Mapping[str, Row]], now: Mapping[str, Row]
) -> tuple[int, list[Change]] | None:
    """The index of the signature that differs least, the latest of equals, with what differs."""
    compared = [(index, changes(before, now)) for index, before in enumerate(earlier)]
    if not compared:
        return None
    return min(reversed(compared), key=lambda pair: len(pair[1]))


def table(
    names: tuple[str, str], found: list[Change], before: Mapping[str, Row], after: Mapping[str, Row]
) -> str:
    """Lines that show what differs, and of how many leaves that do not."""
    differences = [Difference(change.path, *change.texts) for change in found]
    leaves = (row for row in after.values() if row.role in ("array", "static"))
    return table_of(names, differences, sum(before.get(row.path) == row for row in leaves))


_FUNCTIONS = ("function", "builtin_function_or_method", "partial", "method", "PjitFunction")
_NUMBERS = ("bool", "int", "float", "complex")


def advice(change: Change) -> str:
    """What to do so that one program serves both, in a sentence or two."""
    before, after = change.before, change.after
    if before is None or after is None:
        return "Give the same arguments, of the same structure, in all calls."
    if after.role == "setting":
        return "Set it once, at the start of the program."
    if before.role != after.role:
        return "Make it an array in all calls, or in none: an array is an argument of the program."
    if after.role == "array":
        if before.text.split(" on ")[0] == after.text.split(" on ")[0]:
            return "Put it in one place before the first call: `jax.device_put(x, sharding)`."
        if before.text.removeprefix("weak_") == after.text.removeprefix("weak_"):
            return (
                "A weakly typed array is one made of a Python number. Give it a dtype where it is "
                "made: `jnp.asarray(x, dtype=...)`."
            )
        if before.text.partition("[")[0] == after.text.partition("[")[0]:
            return "Each shape has a program of its own. Pad to a few shapes."
        return "Each dtype has a program of its own. Cast to one: `x.astype(...)`."
    if after.role == "container":
        return "Build it in the same way, with the same length and keys, for all calls."
    if after.type_name in _NUMBERS:
        return (
            "A Python number is part of the program. Hand over an array, which is an argument of "
            f"it: `jnp.asarray({change.path})`."
        )
    if after.type_name in _FUNCTIONS:
        return (
            "Functions are told apart by identity. Make it once, outside of what calls this, and "
            "not anew as a lambda or closure."
        )
    return (
        "Whatever is no array is part of the program. Make it once; or give its class an `__eq__` "
        "and a `__hash__`, as a frozen dataclass has them."
    )
