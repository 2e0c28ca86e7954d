"""Every hostile file of the table, opened with every face under an audit hook."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from hostile.case import Case, Face
from hostile.expectations import check
from hostile.table import FAMILIES
from hostile.watching import Seen, observe

ALL = [
    pytest.param(family, case, id=f"{family}: {case.name}")
    for family, cases in FAMILIES.items()
    for case in cases
]

Observations = dict[str, "Future[dict[tuple[str, Face], Seen]]"]


@pytest.fixture(scope="module")
def observations(request: pytest.FixtureRequest) -> Iterator[Observations]:
    """What came of each family whose tests were asked for; two families are opened at a time."""
    chosen: dict[str, list[Case]] = {}
    for item in request.session.items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "case" in parameters and "family" in parameters:
            chosen.setdefault(parameters["family"], []).append(parameters["case"])
    with ThreadPoolExecutor(2) as pool:
        yield {family: pool.submit(observe, cases) for family, cases in chosen.items()}


@pytest.mark.timeout(600)  # the first test of a family waits for all of it
@pytest.mark.parametrize(("family", "case"), ALL)
def test_a_hostile_file_is_shown_or_refused_in_order(
    family: str, case: Case, observations: Observations
):
    seen = observations[family].result()
    for face in case.faces:
        check(case, face, seen[case.name, face])


def test_names_of_cases_are_unique():
    for family, cases in FAMILIES.items():
        names = [case.name for case in cases]
        assert len(names) == len(set(names)), family
