"""The tables that are committed: real, and what the one page says."""

import re

import pytest
from handing import ROOT

from autograder.assignment.measured import read_table
from autograder.figures.declared import read_runs
from autograder.figures.reproduce import page_of
from autograder.settings import find_course

COURSE = find_course(ROOT)
each_assignment = pytest.mark.parametrize("assignment", COURSE.assignments())


@each_assignment
def test_figures_are_declared_and_measured_by_runs_that_there_are(assignment):
    folder = COURSE.source_path(assignment).parent
    runs, rows = read_runs(folder), read_table(folder)
    assert runs and rows
    assert {row.run for row in rows} <= set(runs)
    assert all(re.fullmatch("[0-9a-f]{12}", row.digest) for row in rows)
    assert all("PyTorch" in row.machine for row in rows)


def test_the_page_says_what_the_tables_say():
    assert (ROOT / "FIGURES.md").read_text(encoding="utf-8") == page_of(COURSE)
