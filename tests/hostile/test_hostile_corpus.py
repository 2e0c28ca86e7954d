"""Every hostile file of the table, opened with every face under an audit hook."""

from functools import cache

import pytest

from hostile.case import Case
from hostile.expectations import check
from hostile.table import FAMILIES
from hostile.watching import observe

seen_in = cache(lambda family: observe(FAMILIES[family]))

ALL = [
    pytest.param(family, case, id=f"{family}: {case.name}")
    for family, cases in FAMILIES.items()
    for case in cases
]


@pytest.mark.parametrize(("family", "case"), ALL)
def test_a_hostile_file_is_shown_or_refused_in_order(family: str, case: Case):
    seen = seen_in(family)
    for face in case.faces:
        check(case, face, seen[case.name, face])


def test_names_of_cases_are_unique():
    for family, cases in FAMILIES.items():
        names = [case.name for case in cases]
        assert len(names) == len(set(names)), family
