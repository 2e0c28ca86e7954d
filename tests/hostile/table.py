"""All hostile files, family by family."""

from hostile import (
    array_files,
    array_lies,
    broken_streams,
    calls,
    compressed,
    evasion,
    exhaustion,
    gadgets,
    injection,
    paths,
    source_hunts,
)
from hostile.case import Case

FAMILIES: dict[str, tuple[Case, ...]] = {
    "calls": calls.CASES,
    "gadgets": gadgets.CASES,
    "evasion": evasion.CASES,
    "broken streams": broken_streams.CASES,
    "exhaustion": exhaustion.CASES,
    "array lies": array_lies.CASES,
    "array files": array_files.CASES,
    "injection": injection.CASES,
    "compressed": compressed.CASES,
    "paths": paths.CASES,
    "source hunts": source_hunts.CASES,
}


def case_named(family: str, name: str) -> Case:
    """The case of that name."""
    return next(case for case in FAMILIES[family] if case.name == name)
