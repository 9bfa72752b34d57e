"""Releasing an assignment, for the first time or again, where grades exist."""

from collections.abc import Callable
from datetime import datetime

from autograder.authoring.build import make, write
from autograder.course.gradebook import Nbgrader
from autograder.settings import Course


def release(
    course: Course,
    assignment: str,
    due: datetime | None = None,
    *,
    discard_marks: bool = False,
    tell: Callable[[str], object] = print,
) -> None:
    """Build an assignment and enter it in the gradebook; what changes there is told before.

    Raises MarksError, before anything is written, where marks given by hand would be lost.
    """
    made = make(course, assignment)
    nbgrader = Nbgrader(course)
    for line in nbgrader.changes(assignment, made.student, discard_marks=discard_marks):
        tell(line)
    write(course, assignment, made)
    nbgrader.release(assignment, due, discard_marks=discard_marks)
