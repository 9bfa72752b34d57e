"""What stands below each exercise's heading, and what each notebook begins with."""

import re

import pytest
from handing import ROOT

from autograder.assignment.cells import Role
from autograder.assignment.sections import HEADING
from autograder.assignment.validation import read_source
from autograder.settings import find_course

COURSE = find_course(ROOT)
SOURCES = {name: read_source(COURSE.source_path(name)) for name in COURSE.assignments()}
EXERCISES = [(name, each) for name, source in SOURCES.items() for each in source.checks]
LINE = re.compile(
    r"(?P<points>[\d½]+) points? · difficulty (●○○|●●○|●●●) · importance (●○○|●●○|●●●)"
    r" · \d+ minutes( · about \d+ lines?)?"
)


@pytest.mark.parametrize(("assignment", "exercise"), EXERCISES)
def test_points_difficulty_importance_minutes_and_lines(assignment, exercise):
    source = SOURCES[assignment]
    solution = source.cells.index(source.solutions[exercise])
    texts = [cell.source for cell in source.cells[:solution] if cell.kind == "markdown"]
    heading = next(text for text in reversed(texts) if HEADING.search(text))
    below = heading[[*HEADING.finditer(heading)][-1].end() :].strip()
    said = LINE.match(below)
    assert said, below[:100]
    points = 0.5 if said["points"] == "½" else float(said["points"])
    assert points == source.checks[exercise].points


@pytest.mark.parametrize("assignment", SOURCES)
def test_a_picture_of_what_will_be_built_comes_before_the_first_exercise(assignment):
    cells = SOURCES[assignment].cells
    looks = [i for i, cell in enumerate(cells) if "diagrams." in cell.source and cell.role]
    first = next(i for i, cell in enumerate(cells) if cell.role is Role.SOLUTION)
    assert looks and looks[0] < first and cells[looks[0]].role is Role.LOOK
    assert "will have" in cells[looks[0] - 1].source
