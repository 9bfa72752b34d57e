"""What the gradebook says of one submission, as its student's page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """What one cell earned; extra credit is in its points."""

    points: float
    of: float
    is_waiting: bool = False  # for a grader
    is_given: bool = False  # by a grader


@dataclass(frozen=True)
class Lateness:
    """What lateness costs: days that count, points for each of them, and points off in all."""

    days: int = 0
    a_day: float = 0.0
    penalty: float = 0.0

    @property
    def is_capped(self) -> bool:
        """Whether it would cost more, but for the policy's maximum."""
        return self.days * self.a_day > self.penalty


@dataclass(frozen=True)
class Grades:
    """A submission in the gradebook: marks and comments by grade id, times as people read them."""

    course: str
    student: str
    marks: Mapping[str, Mark]
    comments: Mapping[str, str]
    handed_in: str = ""
    due: str = ""  # with the extension
    extension: str = ""
    is_late: bool = False
    lateness: Lateness = Lateness()

    @property
    def earned(self) -> float:
        """Points before the late penalty."""
        return sum(mark.points for mark in self.marks.values())

    @property
    def score(self) -> float:
        """What is left of them, never below 0."""
        return max(0.0, self.earned - self.lateness.penalty)

    @property
    def of(self) -> float:
        """All points that there are."""
        return sum(mark.of for mark in self.marks.values())

    @property
    def waiting(self) -> list[Mark]:
        """What a grader has not looked at yet."""
        return [mark for mark in self.marks.values() if mark.is_waiting and not mark.is_given]
