"""The visible key as it is taken from a released notebook."""

import copy

import pytest
from handing import find

from autograder.assignment.current import StaleError
from autograder.checks.key import VISIBLE_SEEDS
from autograder.grading.submission import Grader
from autograder.grading.visible import VisibleVerifier, key_in


def test_only_visible_cases_are_planned_and_judged(module_demo_course):
    from autograder.authoring.build import build

    build(module_demo_course, "demo")
    verifier = Grader(module_demo_course, "demo", VisibleVerifier).verifier
    assert {case.probe for case in verifier.key.exercises["softmax"].cases} == {"rows"}
    planned = verifier.planned()["softmax"]
    assert planned.seeds == VISIBLE_SEEDS and "def large" not in planned.text


@pytest.mark.parametrize("text", ["", 'check.load("AAAA")'])
def test_a_notebook_without_a_readable_key_is_stale(released, text):
    nb = copy.deepcopy(released)
    find(nb, "course-visible_key").source = text
    with pytest.raises(StaleError, match="autograder build"):
        key_in(nb)
