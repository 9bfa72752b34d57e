"""The class table's rows: of each student what was earned, in all and by cell."""

from dataclasses import dataclass

from autograder.grading.pages.grades import Grades, what_is_left


@dataclass(frozen=True)
class Row:
    """One student's line in the class table; scores in points, lateness in seconds."""

    student: str
    raw_score: float  # before the late penalty
    late_penalty: float
    max_score: float
    seconds_late: float
    cells: dict[str, float | None]
    to_mark: frozenset[str]  # cells that wait for a grader

    @property
    def to_grade_by_hand(self) -> int:
        """How many cells wait for a grader."""
        return len(self.to_mark)

    @property
    def score(self) -> float:
        """What is left after the late penalty, never below 0."""
        return what_is_left(self.raw_score, self.late_penalty)


def row_of(grades: Grades) -> Row:
    """A row of what a page says of the same grades."""
    marks = grades.marks
    return Row(
        grades.student,
        grades.earned,
        grades.penalty,
        grades.of,
        grades.seconds_late,
        {
            name: None if mark.is_waiting and not mark.is_given else mark.points
            for name, mark in marks.items()
        },
        frozenset(name for name, mark in marks.items() if mark.is_to_mark),
    )
