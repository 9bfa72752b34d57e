"""Where students stand: what the gradebook says of submissions, for the students' pages."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    SolutionCell,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.orm import Query
from traitlets.config import Config

from autograder.course.clock import shown, zone_of
from autograder.course.late_policy import policy_of
from autograder.grading.pages.grades import Grades, Lateness, Mark

HOUR = 3600


def standings(
    gradebook: Gradebook, assignment: str, students: Collection[str], config: Config
) -> dict[str, Grades]:
    """Grades by student, with a handful of queries for all of them."""
    marks: dict[str, dict[str, Mark]] = defaultdict(dict)
    comments: dict[str, dict[str, str]] = defaultdict(dict)
    for student, cell, *graded in _of_cells(gradebook, assignment, students, Grade, GradeCell):
        marks[student][cell] = _mark(*graded)
    for student, cell, comment in _of_cells(gradebook, assignment, students, Comment, SolutionCell):
        if comment:
            comments[student][cell] = comment
    submissions = gradebook.db.query(SubmittedAssignment).join(Assignment)
    submissions = submissions.filter(Assignment.name == assignment)
    return {
        each.student_id: _grades(each, marks[each.student_id], comments[each.student_id], config)
        for each in submissions.filter(SubmittedAssignment.student_id.in_(students))
    }


WANTED = {
    Grade: (
        *(GradeCell.max_score, Grade.auto_score, Grade.manual_score, Grade.extra_credit),
        Grade.needs_manual_grade,
    ),
    Comment: (Comment.comment,),
}


def _of_cells(
    gradebook: Gradebook, assignment: str, students: Collection[str], kind: Any, cell: Any
) -> Iterator[tuple[Any, ...]]:
    """Student, cell, and what is wanted of it, in the order of their names."""
    query: Query[Any] = gradebook.db.query(SubmittedAssignment.student_id, cell.name, *WANTED[kind])
    for joined, on in (
        (Assignment, Assignment.id == SubmittedAssignment.assignment_id),
        (SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id),
        (kind, kind.notebook_id == SubmittedNotebook.id),
        (cell, cell.id == kind.cell_id),
    ):
        query = query.join(joined, on)
    query = query.filter(
        Assignment.name == assignment, SubmittedAssignment.student_id.in_(students)
    )
    yield from query.order_by(SubmittedAssignment.student_id, cell.name)


def _mark(
    of: float, auto: float | None, manual: float | None, extra: float | None, waits: bool
) -> Mark:
    points = auto or 0.0 if manual is None else manual
    return Mark(points + (extra or 0.0), of, is_waiting=waits, is_given=manual is not None)


def _grades(
    submission: SubmittedAssignment,
    marks: dict[str, Mark],
    comments: dict[str, str],
    config: Config,
) -> Grades:
    zone = zone_of(config)

    def told(time: datetime | None) -> str:
        return shown(time, zone) if time else ""

    return Grades(
        course=config.CourseDirectory.course_id.replace("_", " "),
        student=submission.student_id,
        marks=marks,
        comments=comments,
        handed_in=told(submission.timestamp),
        due=told(submission.duedate) if submission.assignment.duedate else "",
        extension=_duration(submission.extension or timedelta()),
        is_late=submission.total_seconds_late > 0,
        lateness=_lateness(submission, config),
    )


def _lateness(submission: SubmittedAssignment, config: Config) -> Lateness:
    policy = policy_of(config)
    if policy is None:
        return Lateness(penalty=submission.late_submission_penalty or 0.0)
    return policy.lateness(submission)


def _duration(time: timedelta) -> str:
    """In days, or hours where those are not whole; nothing for none."""
    days, rest = divmod(time.total_seconds(), 24 * HOUR)
    count, unit = (days, "day") if not rest else (time.total_seconds() / HOUR, "hour")
    return f"{count:g} {unit}{'s' if count != 1 else ''}" if count else ""
