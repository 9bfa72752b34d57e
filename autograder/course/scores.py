"""Scores as CSV: a file for each assignment, and one for the course, with everyone in it."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from autograder.course.collecting.people import Student
from autograder.course.rows import Row
from autograder.files import write_rows

# some of them are named as in nbgrader's export
NAMES = ("last_name", "first_name", "email")
COLUMNS = (
    "score",
    "max_score",
    "raw_score",
    "late_penalty",
    "seconds_late",
    "to_grade_by_hand",
)


def write_scores(
    graded: Mapping[str, list[Row]], path: Path, enrolled: Iterable[Student] = ()
) -> None:
    """A line for each assignment and student.

    Cells still to be graded by hand stay empty. Students of the roster who handed in nothing have
    no score, and 0 of the points that there are is for the instructor to say.
    """
    known = {student.id: student for student in enrolled}
    cells = list(dict.fromkeys(c for rows in graded.values() for row in rows for c in row.cells))
    lines = [
        _line(known.get(student) or Student(student), assignment, rows.get(student), worth, cells)
        for assignment, (rows, worth) in _by_student(graded).items()
        for student in sorted({*known, *rows})
    ]
    write_rows(path, [["student", "assignment", *NAMES, *COLUMNS, *cells], *lines])


def _by_student(graded: Mapping[str, list[Row]]) -> dict[str, tuple[dict[str, Row], float | None]]:
    """The rows of each assignment, and what it is worth."""
    return {
        assignment: ({row.student: row for row in rows}, rows[0].max_score if rows else None)
        for assignment, rows in graded.items()
    }


def _line(
    student: Student, assignment: str, row: Row | None, worth: float | None, cells: list[str]
) -> list[object]:
    of = student.last_name, student.first_name, student.email
    if row is None:
        return [student.id, assignment, *of, None, worth, *[None] * (len(COLUMNS) - 2 + len(cells))]
    found = (getattr(row, name) for name in COLUMNS)
    return [student.id, assignment, *of, *found, *map(row.cells.get, cells)]
