"""Rules while grading: they judge the cells that ran before a check, and nothing else."""

import textwrap

import nbformat
import pytest
from handing import submission_of, written

from autograder.assignment.source import SourceError
from autograder.authoring.build import build
from autograder.course.sample import references
from autograder.grading.submission import Grader

SOURCE = textwrap.dedent('''
    # %% [markdown]
    # # Sum

    # %%
    import torch

    from autograder import check, summary


    # %% solution="total"
    def total(x: torch.Tensor) -> torch.Tensor:
        """The sum of all elements."""
        ### BEGIN SOLUTION
        return x.sum()
        ### END SOLUTION


    # %% check="total" points=3
    check("total", total)

    # %%
    summary()
''').lstrip()
CHECKS = """
from autograder.checks.rules import no_loops
from autograder.checks.spec import call, probe, rules

rules("total", no_loops)


@probe("total")
def some(rng):
    return call(rng.normal(5))


@probe("total", hidden=True)
def more(rng):
    return call(rng.normal(7))
"""
FILES = {"sum.py": SOURCE, "checks.py": CHECKS}
LOOPING = """def total(x):
    result = torch.zeros(())
    for number in x:
        result = result + number
    return result
"""


@pytest.fixture
def grader(make_course):
    course = make_course({"sum": FILES})
    build(course, "sum")
    return Grader(course, "sum")


def cell(text):
    return nbformat.v4.new_code_cell(text)


def graded(grader, solution, *between, behind=()):
    """The verdict on a solution cell, cells after it, and cells behind the check."""
    nb = written(grader.course, {"total": solution}, "sum")
    at = next(i for i, each in enumerate(nb.cells) if each.source.startswith("check("))
    nb.cells[at:at] = map(cell, between)
    nb.cells += map(cell, behind)
    (verdict,) = submission_of(grader, nb).verdicts
    return verdict


def reference(grader):
    return references(grader.verifier.source)["total"]


def test_a_loop_earns_nothing_whatever_its_numbers(grader):
    verdict = graded(grader, LOOPING)
    assert (verdict.score, verdict.passed) == (0, False)
    assert verdict.line == "✗ total  loops with `for` in line 4"  # the exercise's name is line 1


def test_the_reference_and_magics_do_not_loop(grader):
    assert graded(grader, reference(grader)).passed
    assert graded(grader, "%matplotlib inline\n" + reference(grader)).passed


def test_wrong_numbers_are_told_first(grader):
    verdict = graded(grader, LOOPING.replace("return result", "return 2 * result"))
    assert "error" in verdict.feedback


def test_a_definition_in_another_cell_is_looked_at_too(grader):
    verdict = graded(grader, reference(grader), LOOPING)
    assert (verdict.score, verdict.feedback) == (0, "loops with `for` in line 3")


@pytest.mark.parametrize("before", ["1 / 0\n", "raise SystemExit\n"])
def test_a_definition_that_never_ran_hides_none_that_did(grader, before):
    verdict = graded(grader, LOOPING, f"{before}total = torch.sum")
    assert verdict.feedback.startswith("loops with `for` in line 4")


def test_a_cell_that_fails_after_its_definition_breaks_no_rule(grader):
    assert graded(grader, reference(grader) + "\nassert total(torch.ones(2)) == 3").passed


def test_a_cell_with_magics_is_read_and_one_that_hides_earns_nothing(grader):
    assert graded(grader, LOOPING + "\nlisting = !ls").feedback == "loops with `for` in line 4"
    hidden = "total = eval('lambda x: sum(y for y in x)')"
    assert graded(grader, hidden).feedback.startswith("runs code out of a string (`eval` in line")


def test_a_loop_under_the_name_of_another_exercise_is_a_loop(make_course):
    """One definition may serve several exercises; it obeys the rules of each."""
    second = SOURCE[SOURCE.index("# %% solution") : SOURCE.index("# %%\nsummary")]
    source = SOURCE.replace(
        "# %%\nsummary()", second.replace("total", "norm") + "\n# %%\nsummary()"
    )
    checks = CHECKS + '\n\n@probe("norm")\ndef some(rng):\n    return call(rng.normal(5))\n'
    course = make_course({"sum": {"sum.py": source, "checks.py": checks}})
    build(course, "sum")
    grader = Grader(course, "sum")
    looping = LOOPING.replace("total", "norm")
    nb = written(course, {"total": f"{looping}\n\ntotal = norm\n", "norm": looping}, "sum")
    total, norm = submission_of(grader, nb).verdicts
    assert norm.passed and total.feedback == "loops with `for` in line 4"


def test_what_comes_after_the_check_is_not_looked_at(grader):
    """The check was of the definition before it."""
    verdict = graded(grader, LOOPING, behind=["total = torch.sum"])
    assert verdict.feedback == "loops with `for` in line 4"


def test_a_loop_of_ones_own_in_another_cell_is_nobodys_business(grader):
    assert graded(grader, reference(grader), "for i in range(3):\n    print(i)").passed


def test_a_reference_must_obey_its_own_rules(make_course):
    looping = SOURCE.replace("return x.sum()", "return torch.stack([y for y in x]).sum()")
    with pytest.raises(SourceError, match="loops in a comprehension"):
        build(make_course({"sum": {**FILES, "sum.py": looping}}), "sum")
