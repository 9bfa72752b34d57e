"""Marks given by hand to one member of a group are the others', who wait for the same answer.

Only what waits is filled: a mark that a grader gave one member apart stays that member's own.
"""

from collections.abc import Iterator

from nbgrader.api import Grade, Gradebook, SubmittedAssignment

from autograder.assignment.cells import Kind, named
from autograder.course.groups import groups_of
from autograder.course.marks import Marked, Texts
from autograder.settings import Course


def share_marks(gradebook: Gradebook, course: Course, assignment: str) -> None:
    """Enter them; nothing is committed here. Raises SettingsError."""
    groups = groups_of(course, assignment)
    if not groups:
        return
    found = {each.student_id: each for each in gradebook.assignment_submissions(assignment)}
    for students in groups.values():
        members = [found[student] for student in students if student in found]
        texts = {
            each.student_id: Marked(course, assignment, each.student_id).texts for each in members
        }
        for giver in members:
            for taker in members:
                _give(giver, taker, texts[giver.student_id], texts[taker.student_id])


def _give(
    giver: SubmittedAssignment, taker: SubmittedAssignment, texts: Texts, others: Texts
) -> None:
    marks = {grade.name: grade for grade in _grades(giver) if _is_given(grade)}
    for grade in filter(_has_none, _grades(taker)):
        mark = marks.get(grade.name)
        if mark is not None and _is_same(grade.name, texts, others):
            grade.manual_score, grade.extra_credit = mark.manual_score, mark.extra_credit
            grade.needs_manual_grade = False
            _give_comment(giver, taker, grade.name)


def _is_same(cell: str, texts: Texts, others: Texts) -> bool:
    """Whether two wrote the same answer, as far as is known."""
    name = named(cell)
    if name is None or name.kind is not Kind.ANSWER:
        return False
    return name.name in texts and texts[name.name] == others.get(name.name)


def _give_comment(giver: SubmittedAssignment, taker: SubmittedAssignment, cell: str) -> None:
    said = {each.name: each.manual_comment for book in giver.notebooks for each in book.comments}
    for comment in (each for book in taker.notebooks for each in book.comments):
        if comment.name == cell and comment.manual_comment is None:
            comment.manual_comment = said.get(cell)


def _grades(submission: SubmittedAssignment) -> Iterator[Grade]:
    for notebook in submission.notebooks:
        yield from notebook.grades


def _is_given(grade: Grade) -> bool:
    return grade.manual_score is not None and not grade.needs_manual_grade


def _has_none(grade: Grade) -> bool:
    return grade.manual_score is None and bool(grade.needs_manual_grade)
