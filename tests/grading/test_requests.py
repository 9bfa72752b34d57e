"""What the grader asks of the zygote comes out as it went in."""

from dataclasses import replace

import pytest
from small_jobs import CHECKS, job

from autograder.grading.execute import cells_request, confinement
from autograder.grading.forks.requests import (
    CellsRequest,
    ReaderRequest,
    Step,
    from_bytes,
    to_bytes,
)

STEPS = [Step(0, "x = 'é\n\\ud800'"), Step(2, "", "f")]
WHOLE = CellsRequest(
    confinement(), {"LANG": "C"}, STEPS, "import torch", [*CHECKS.values()], {"model": "model"}
)
REQUESTS = {
    "a reader": ReaderRequest(confinement()),
    "an unconfined reader": ReaderRequest(None),
    "a kernel": WHOLE,
    "an unconfined kernel": CellsRequest(None, {}, [], "", []),
    "of a job": cells_request(job("x = 1"), job("x = 1").steps),
}


@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS)
def test_a_request_comes_back(asked):
    found = from_bytes(to_bytes(asked))
    assert type(found) is type(asked) and to_bytes(found) == to_bytes(asked)


def test_its_parts_are_what_they_were():
    found = from_bytes(to_bytes(WHOLE))
    assert found.steps == STEPS
    assert [replace(check, seeds=tuple(check.seeds)) for check in found.checks] == WHOLE.checks
    assert replace(found.confinement, readable=WHOLE.confinement.readable) == WHOLE.confinement
    assert (*found.confinement.readable,) == WHOLE.confinement.readable


def test_a_request_is_one_line():
    """The benchmark's floor reads them by lines."""
    assert b"\n" not in to_bytes(WHOLE)


def test_only_checks_of_its_steps_are_in_a_request():
    whole = job(("check", "f"), checks={**CHECKS, "g": CHECKS["f"]})
    assert [check.exercise for check in cells_request(whole, whole.steps).checks] == ["f"]
