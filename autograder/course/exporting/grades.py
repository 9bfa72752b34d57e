"""An assignment's grades, put into the gradebook that a system exported.

Only cells of one column change, and only those of students whom the ids in their line name. What
else stands there is somebody's decision: it stays, and is told.
"""

from dataclasses import dataclass, field

from autograder.course.exporting.finished import Grades
from autograder.course.exporting.layout import SheetError, number
from autograder.course.exporting.lines import whose
from autograder.course.exporting.target import EMPTY, Target

NEAR = 0.005  # systems keep two decimals


@dataclass
class Filled:
    """How many grades are in the file, what is to be told, and which grades are in no row."""

    written: int = 0
    absent: int = 0
    told: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def fill(target: Target, grades: Grades, *, zero: bool = False, scale: bool = False) -> Filled:
    """Put an assignment's grades into its column.

    `zero` is for those who handed in nothing; `scale` turns points into those that the assignment
    is worth there. Raises SheetError where it is worth others, and nobody said so.
    """
    factor, filled = _factor(target, grades, scale), Filled()
    rows, filled.told = whose(target.lines, grades.people)
    for student, row in rows.items():
        if student in grades.rows:
            _enter(target, row, student, factor * grades.rows[student].score, filled)
        elif student in grades.ungraded:
            filled.told.append(f"{student}: handed in and not graded, so left as it is")
        else:
            _enter_nothing(target, row, student, zero, filled)
    for student, of in sorted(grades.rows.items()):
        if student not in rows:
            filled.lost.append(f"{student}: {of.score:g} points, and no row of its own there")
    return filled


def _factor(target: Target, grades: Grades, scale: bool) -> float:
    there, here = target.column.points, grades.max_score
    if not there or abs(there - here) < NEAR:
        return 1.0
    if scale and here:
        return there / here
    raise SheetError(
        f"{target.column.heading!r} is worth {there:g} points there, and {here:g} here: make them "
        "the same, or say --scale"
    )


def _enter(target: Target, row: int, student: str, points: float, filled: Filled) -> None:
    system, worth, there = target.layout, target.column.points, target.cell(row)
    if target.is_kept(row):
        filled.lost.append(f"{student}: {points:g} points, and {there or 'a lock'} there")
    elif worth and points > worth + NEAR and not system.takes_more:
        taken = f"{system.name} takes no more than {worth:g}"
        filled.lost.append(f"{student}: {points:g} points, and {taken}")
    else:
        filled.written += 1
        before = number(there)
        if before is None or abs(before - points) >= NEAR:
            target.put(row, points)


def _enter_nothing(target: Target, row: int, student: str, zero: bool, filled: Filled) -> None:
    filled.absent += 1
    there = target.cell(row)
    if zero and number(there) == 0:
        return
    if there not in EMPTY:
        filled.told.append(f"{student}: handed in nothing, and has {there} there: left as it is")
    elif zero and not target.is_kept(row):
        target.put(row, 0.0)
