"""An ordinary nbgrader assignment in the same course: one odd notebook costs no other its grade."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory

from autograder.course.gradebook import Nbgrader, without_noise

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def cell(make, source, name, **of):
    flags = {"grade": False, "solution": False, "locked": False, "task": False, **of}
    return make(source, metadata={"nbgrader": {"schema_version": 3, "grade_id": name, **flags}})


def duplicated(nb):
    nb.cells = [each for cell in nb.cells for each in (cell, copy.deepcopy(cell))]


def of_another_version(nb):
    nb.cells[1].metadata.nbgrader.schema_version = 9


def unchanged(nb):
    pass


@pytest.fixture
def course(make_course):
    return make_course({})


def convert(kind, course):
    directory = CourseDirectory(config=course.config, assignment_id="ps1")
    with without_noise():
        kind(coursedir=directory, config=course.config).start()


def test_duplicated_cells_and_versions_of_metadata(course):
    cells = [
        cell(new_code_cell, "### BEGIN SOLUTION\nx = 1\n### END SOLUTION", "x", solution=True),
        cell(new_code_cell, "assert x == 1", "test", grade=True, locked=True, points=2),
        cell(new_markdown_cell, "why", "why", grade=True, solution=True, points=1),
    ]
    source = course.build / "source/ps1/ps1.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), source)
    convert(GenerateAssignment, course)
    released = nbformat.read(course.notebooks / "ps1/ps1.ipynb", as_version=4)
    released.cells[0].source = "x = 1"
    for student, change in zip("abc", (duplicated, of_another_version, unchanged), strict=True):
        path = course.build / f"submitted/{student}/ps1/ps1.ipynb"
        path.parent.mkdir(parents=True)
        nb = copy.deepcopy(released)
        change(nb)
        path.write_text(nbformat.v4.nbjson.writes(nb))
    with pytest.raises(NbGraderException):  # at the end, as one could not be graded
        convert(Autograde, course)
    with Nbgrader(course).gradebook() as gradebook:
        found = {each.student_id: each.score for each in gradebook.assignment_submissions("ps1")}
    assert found == {"a": 2, "b": 0, "c": 2}
