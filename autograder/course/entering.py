"""Entering graded submissions in the gradebook, many at a time, in the rows that nbgrader makes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.orm import selectinload

from autograder.course.apart import Autograded
from autograder.course.marks import Marked
from autograder.settings import Course


@dataclass(frozen=True)
class Rows:
    """What a submission has in the gradebook: grades and comments by grade id."""

    submission: SubmittedAssignment
    grades: Mapping[str, Grade]
    comments: Mapping[str, Comment]


def enter(
    gradebook: Gradebook, course: Course, assignment: str, found: Mapping[str, Autograded]
) -> list[SubmittedAssignment]:
    """Put what was found of students' submissions into their rows; nothing is committed here."""
    rows = rows_of(gradebook, assignment, found)
    for student, autograded in found.items():
        of = rows[student]
        if autograded.timestamp is not None:
            of.submission.timestamp = autograded.timestamp
        before = Marked(course, assignment, student).texts
        autograded.scores.enter(of.grades, of.comments, before)
    return [rows[student].submission for student in found]


def rows_of(gradebook: Gradebook, assignment: str, students: Iterable[str]) -> dict[str, Rows]:
    """By student, with a handful of queries for all; new ones where there are none.

    Raises MissingEntry for an assignment that was not released.
    """
    wanted, of = {*students}, gradebook.find_assignment(assignment)
    query = gradebook.db.query(SubmittedAssignment).filter(
        SubmittedAssignment.assignment_id == of.id, SubmittedAssignment.student_id.in_(wanted)
    )
    notebooks = selectinload(SubmittedAssignment.notebooks)
    found = query.options(
        notebooks.selectinload(SubmittedNotebook.grades),
        notebooks.selectinload(SubmittedNotebook.comments),
    ).all()
    known = {each.student_id for each in found}
    found += _added(gradebook, of, sorted(wanted - known))
    names = _names(of)
    return {each.student_id: _rows(each, names) for each in found}


def _names(of: Assignment) -> dict[str, str]:
    """The grade id of each cell, by its own id."""
    cells = ([*each.grade_cells, *each.solution_cells, *each.task_cells] for each in of.notebooks)
    return {cell.id: cell.name for several in cells for cell in several}


def _rows(submission: SubmittedAssignment, names: Mapping[str, str]) -> Rows:
    return Rows(
        submission,
        {names[each.cell_id]: each for of in submission.notebooks for each in of.grades},
        {names[each.cell_id]: each for of in submission.notebooks for each in of.comments},
    )


def _added(gradebook: Gradebook, of: Assignment, students: list[str]) -> list[SubmittedAssignment]:
    """New submissions, with all their rows, and their students where they are not known."""
    query = gradebook.db.query(Student).filter(Student.id.in_(students))
    known = {each.id: each for each in query} if students else {}
    new = [_new(of, known.get(student) or Student(id=student), gradebook) for student in students]
    gradebook.db.flush()  # which gives all rows their ids
    return new


def _new(of: Assignment, student: Student, gradebook: Gradebook) -> SubmittedAssignment:
    """As `Gradebook.add_submission` makes it."""
    submission = SubmittedAssignment(assignment=of, student=student)
    for notebook in of.notebooks:
        graded = [*notebook.grade_cells, *notebook.task_cells]
        commented = [*notebook.solution_cells, *notebook.task_cells]
        SubmittedNotebook(
            notebook=notebook,
            assignment=submission,
            grades=[Grade(cell_id=cell.id, needs_manual_grade=True) for cell in graded],
            comments=[Comment(cell_id=cell.id) for cell in commented],
        )
    gradebook.db.add(submission)
    return submission
