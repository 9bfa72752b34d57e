"""The folded cells, which hold the visible cases, run after what the notebook gives alone."""

from pathlib import Path

import pytest

from autograder.assignment.checks_text import ChecksText
from autograder.assignment.definitions import definitions
from autograder.assignment.validation import read_source
from autograder.settings import find_course

COURSE = find_course(Path(__file__).parent)
SOURCES = {name: read_source(COURSE.source_path(name)) for name in COURSE.assignments()}


@pytest.mark.parametrize("assignment", SOURCES)
def test_visible_cases_name_nothing_that_is_hidden(assignment):
    source = SOURCES[assignment]
    given = vars(definitions(source.given_text, source.path, f"folded_{assignment}"))
    for exercise in source.checks:
        exec(ChecksText(source).visible(exercise), given)
