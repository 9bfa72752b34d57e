"""The grades of an assignment that may leave the course, and who has none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course.collecting.enrolled import students_of
from autograder.course.collecting.people import People, Student
from autograder.course.collecting.submitted import TIMESTAMP, stated_time
from autograder.course.gradebook import Nbgrader
from autograder.course.rows import Row
from autograder.errors import ToldError
from autograder.settings import Course

FEW = 5  # names in a sentence


class UnfinishedError(ToldError):
    """Grades that would be wrong elsewhere; the message says whose, and what to do."""


@dataclass(frozen=True)
class Grades:
    """Whoever handed in, by id, with penalties as they are now; and all whom the course knows."""

    rows: dict[str, Row]
    ungraded: frozenset[str]  # handed in, and nothing of it in the gradebook
    people: People
    outdated: frozenset[str] = frozenset()  # handed in again since

    @property
    def max_score(self) -> float:
        """What the assignment is worth."""
        return next(iter(self.rows.values())).max_score


def grades_of(course: Course, assignment: str) -> Grades:
    """What the gradebook says now. Raises UnfinishedError where nothing is graded."""
    nbgrader = Nbgrader(course)
    nbgrader.settle_late_penalties(assignment)
    rows = {row.student: row for row in nbgrader.rows(assignment)}
    if not rows:
        raise UnfinishedError(f"nothing graded for {assignment!r}: run `grade {assignment}` first")
    folders = {student: path.parent for student, path in nbgrader.submitted(assignment).items()}
    ungraded, outdated = folders.keys() - rows.keys(), _outdated(nbgrader, assignment, folders)
    return Grades(rows, frozenset(ungraded), everyone(nbgrader, rows), frozenset(outdated))


def _outdated(nbgrader: Nbgrader, assignment: str, folders: dict[str, Path]) -> Iterator[str]:
    """Those whose submission is of a later time than the one that was graded."""
    with nbgrader.gradebook() as gradebook:
        graded = {each.student_id: each for each in gradebook.assignment_submissions(assignment)}
        for student in folders.keys() & graded.keys():
            now, before = stated_time(folders[student] / TIMESTAMP), graded[student].timestamp
            if now and before and now.replace(tzinfo=None) > before:
                yield student


def everyone(nbgrader: Nbgrader, students: Iterable[str]) -> People:
    """The roster, and these students by their ids, where it has none of them."""
    known = {student.id: student for student in students_of(nbgrader)}
    return People({**{student: Student(student) for student in students}, **known}.values())


def refuse_unfinished(grades: Grades) -> None:
    """Raise UnfinishedError where answers wait for a grader, or submissions for being graded."""
    waiting = [student for student, row in grades.rows.items() if row.to_mark]
    for students, what in (
        (grades.ungraded, "no grade yet"),
        (grades.outdated, "a grade for what they handed in before"),
        (waiting, "answers to mark"),
    ):
        if students:
            names = ", ".join(sorted(students)[:FEW]) + (", …" if len(students) > FEW else "")
            raise UnfinishedError(
                f"{len(students)} with {what} ({names}), and such a grade is a wrong one: finish "
                "them, or say --partial"
            )
