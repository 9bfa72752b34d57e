"""Graders know wrong answers that no author has listed, by the libraries of the release."""

import pytest
from handing import submission_of, written

from autograder.authoring.build import build
from autograder.grading.submission import Grader

SOFTMAX = "def softmax(x):\n    e = (x - x.max(-1, keepdim=True).values).exp()\n    return {}\n"


@pytest.fixture(scope="module")
def course(module_demo_course):
    build(module_demo_course, "demo")
    return module_demo_course


@pytest.fixture(scope="module")
def verdict_on(course):
    grader = Grader(course, "demo")

    def grade(answer, before=""):
        answers = {"softmax": before + SOFTMAX.format(answer)}
        (verdict,) = submission_of(grader, written(course, answers)).verdicts
        return verdict

    return grade


def test_a_mutant_of_the_reference_is_told(verdict_on):
    verdict = verdict_on("2 * e / e.sum(-1, keepdim=True)")
    assert not verdict.passed and "is doubled" in verdict.diagnosis


def test_a_listed_mistake_keeps_its_name(verdict_on):
    verdict = verdict_on("e / e.sum(0, keepdim=True)")
    assert verdict.mistake == "wrong_axis"


def test_no_points_depend_on_the_public_seed(verdict_on):
    """Nor does what is told, where the hidden cases are right."""
    first = "float(RandomState([1, crc32(b'rows')]).standard_normal())"
    wrong_there = f"(e if abs(x.flatten()[0] - {first}) > 1e-6 else 0 * e)"
    setting = "from numpy.random import RandomState\nfrom zlib import crc32\n"
    assert verdict_on(f"{wrong_there} / e.sum(-1, keepdim=True)", setting).passed


def test_without_a_release_that_has_a_key_nothing_is_known(course):
    notebook = written(course, {"softmax": SOFTMAX.format("2 * e / e.sum(-1, keepdim=True)")})
    path = course.released("demo")
    text = path.read_text()
    try:
        path.write_text(text.replace("check.load(", "print("))
        grader = Grader(course, "demo")
        (verdict,) = submission_of(grader, notebook).verdicts
    finally:
        path.write_text(text)
    assert verdict.diagnosis == "All numbers are the right ones times 2."
