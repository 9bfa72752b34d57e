"""The grades of an assignment that may leave the course, and who has none."""

from collections.abc import Iterable
from dataclasses import dataclass

from autograder.course.collecting.enrolled import students_of
from autograder.course.collecting.people import People, Student
from autograder.course.gradebook import Nbgrader, Row
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
    ungraded = nbgrader.submitted(assignment).keys() - rows.keys()
    return Grades(rows, frozenset(ungraded), everyone(nbgrader, rows))


def everyone(nbgrader: Nbgrader, students: Iterable[str]) -> People:
    """The roster, and these students by their ids, where it has none of them."""
    known = {student.id: student for student in students_of(nbgrader)}
    return People({**{student: Student(student) for student in students}, **known}.values())


def refuse_unfinished(grades: Grades) -> None:
    """Raise UnfinishedError where answers wait for a grader, or submissions for being graded."""
    waiting = [student for student, row in grades.rows.items() if row.to_mark]
    for students, what in ((waiting, "answers to mark"), (sorted(grades.ungraded), "no grade yet")):
        if students:
            names = ", ".join(students[:FEW]) + (", …" if students[FEW:] else "")
            raise UnfinishedError(
                f"{len(students)} with {what} ({names}), and half a grade is a wrong one: finish "
                "them, or say --partial"
            )
