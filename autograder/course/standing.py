"""Where students stand: what the gradebook says of submissions, for the students' pages."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import true
from sqlalchemy.orm import Query, joinedload, selectinload
from traitlets.config import Config

from autograder.course.clock import later, length, shown, zone_of
from autograder.course.counting import counting_of
from autograder.course.extensions import extensions_of
from autograder.course.groups import read_shared
from autograder.course.late_policy import policy_of, seconds_late
from autograder.grading.pages.grades import Counts, Grades, Lateness, Mark, all_points
from autograder.grading.steps.by_kind import course_of


def standings(
    gradebook: Gradebook, assignment: str, students: Collection[str] | None, config: Config
) -> dict[str, Grades]:
    """Grades by student, with a handful of queries for all of them; None is everybody.

    Raises SettingsError for rules that cannot be followed.
    """
    marks: dict[str, dict[str, Mark]] = defaultdict(dict)
    comments: dict[str, dict[str, str]] = defaultdict(dict)
    rules = Rules(assignment, config)
    ways = rules.ways.of(_names(gradebook, assignment))  # in the order of the notebook
    for student, cell, *graded in _of_cells(gradebook, assignment, students, Grade, GradeCell):
        marks[student][cell] = _mark(ways[cell], *graded)
    for student, cell, comment in _of_cells(gradebook, assignment, students, Comment, SolutionCell):
        if comment:
            comments[student][cell] = comment
    submissions = gradebook.db.query(SubmittedAssignment).join(Assignment)
    submissions = submissions.filter(Assignment.name == assignment, _whose(students))
    return {
        each.student_id: _grades(
            each, _ordered(marks[each.student_id], ways), comments[each.student_id], rules
        )
        for each in submissions.options(
            joinedload(SubmittedAssignment.assignment), selectinload(SubmittedAssignment.notebooks)
        )
    }


class Rules:
    """What the course says about the grades of an assignment. Raises SettingsError."""

    def __init__(self, assignment: str, config: Config) -> None:
        self.config, self.zone = config, zone_of(config)
        self.ways = counting_of(config).ways(assignment)
        policy = policy_of(config)
        self._late = policy.rules(assignment) if policy else None
        self._extensions = extensions_of(course_of(config), assignment)
        self.shared = read_shared(config, assignment)

    def extension(self, submission: SubmittedAssignment) -> timedelta:
        """As it was granted, also where it is not in the gradebook yet."""
        entered, due = submission.extension, submission.assignment.duedate
        if due is None:
            return timedelta()
        return self._extensions.of(submission.student_id, due, entered)

    def lateness(self, submission: SubmittedAssignment, late: float, points: float) -> Lateness:
        """What it costs, by the course's policy; by another plugin, what that entered."""
        if self._late is None:
            return Lateness(penalty=submission.late_submission_penalty or 0.0)
        return self._late.lateness(late, points)

    def shown(self, time: datetime | None) -> str:
        """A time as people read it; nothing for none."""
        return shown(time, self.zone) if time else ""


def _whose(students: Collection[str] | None) -> Any:
    return true() if students is None else SubmittedAssignment.student_id.in_(students)


def _names(gradebook: Gradebook, assignment: str) -> list[str]:
    """Grade ids of an assignment."""
    query: Query[Any] = gradebook.db.query(GradeCell.name).join(
        Notebook, Notebook.id == GradeCell.notebook_id
    )
    query = query.join(Assignment, Assignment.id == Notebook.assignment_id)
    return [name for (name,) in query.filter(Assignment.name == assignment)]


WANTED = {
    Grade: (
        *(GradeCell.max_score, Grade.auto_score, Grade.manual_score, Grade.extra_credit),
        Grade.needs_manual_grade,
    ),
    Comment: (Comment.comment,),
}


def _of_cells(
    gradebook: Gradebook, assignment: str, students: Collection[str] | None, kind: Any, cell: Any
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
    query = query.filter(Assignment.name == assignment, _whose(students))
    yield from query.order_by(SubmittedAssignment.student_id, cell.name)


def _mark(
    counts: Counts,
    of: float,
    auto: float | None,
    manual: float | None,
    extra: float | None,
    waits: bool,
) -> Mark:
    points = auto or 0.0 if manual is None else manual
    return Mark(points + (extra or 0.0), of, waits, manual is not None, counts)


def _ordered(marks: Mapping[str, Mark], names: Iterable[str]) -> dict[str, Mark]:
    return {name: marks[name] for name in names if name in marks}


def _grades(
    submission: SubmittedAssignment,
    marks: dict[str, Mark],
    comments: dict[str, str],
    rules: Rules,
) -> Grades:
    due, extension = submission.assignment.duedate, rules.extension(submission)
    late = seconds_late(submission, extension, rules.zone)
    points = all_points((mark.of, mark.counts) for mark in marks.values())
    shared = rules.shared.get(submission.student_id)
    return Grades(
        course=rules.config.CourseDirectory.course_id.replace("_", " "),
        student=submission.student_id,
        marks=marks,
        comments=comments,
        handed_in=rules.shown(submission.timestamp),
        due=rules.shown(later(due, extension, rules.zone) if due else None),
        extension=length(extension),
        seconds_late=late,
        lateness=rules.lateness(submission, late, points),
        bonus_limit=rules.ways.bonus_limit,
        group=shared.group if shared else "",
        handed_in_by=shared.by if shared else "",
        differs_from_own=bool(shared and shared.differs),
    )
