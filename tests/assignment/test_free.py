from pathlib import Path

import pytest

from autograder.assignment.free import ends_of
from autograder.assignment.source import SourceError, parse

TEXT = '''\
# %% solution="f"
def f(x: float) -> float:
    """Doc."""
    ### BEGIN SOLUTION
    beta, gamma = x, x
    beta = 20.0  # large
    low = -1
    return beta * x + low
    ### END SOLUTION
'''


@pytest.fixture
def source():
    return parse(TEXT, Path("demo.py"))


def test_both_ends_of_each_range_are_alternatives(source):
    found = ends_of(source, "f", {"beta": (10, 1e6), "low": (-2.5, 0)})
    assert [each.title for each in found] == ["beta = 10", "beta = 1e+06", "low = -2.5", "low = 0"]
    assert {each.exercise for each in found} == {"f"}
    assert [line for each in found for line in each.solution.split("\n") if " = " in line] == [
        "    beta, gamma = (x, x)", "    beta = 10", "    low = -1",
        "    beta, gamma = (x, x)", "    beta = 1000000.0", "    low = -1",
        "    beta, gamma = (x, x)", "    beta = 20.0", "    low = -2.5",
        "    beta, gamma = (x, x)", "    beta = 20.0", "    low = 0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "free, problem",
    [
        ({"gamma": (1, 2)}, "no number is assigned to 'gamma'"),
        ({"beta": (21, 30)}, "beta = 20 is not from 21 to 30"),
        ({"beta": (10, 19)}, "beta = 20 is not from 10 to 19"),
    ],
)
def test_a_range_that_does_not_fit_the_solution_is_refused(source, free, problem):
    with pytest.raises(SourceError, match=rf"demo\.py:1: {problem}"):
        ends_of(source, "f", free)
