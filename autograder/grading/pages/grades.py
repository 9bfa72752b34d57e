"""How a grade comes about: from marks, what counts of them, and lateness to one score.

Whoever shows a score takes it from here: pages, tables, files of scores and exports.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Counts(StrEnum):
    """How an exercise counts, for everybody."""

    AS_EARNED = "as earned"
    DROPPED = "dropped"  # for nobody: as if it were not there
    IN_FULL = "in full"  # for everybody who handed in, whatever they earned
    AS_BONUS = "as a bonus"  # beyond the points that there are


@dataclass(frozen=True)
class Mark:
    """What one cell earned; extra credit is in its points."""

    points: float
    of: float
    is_waiting: bool = False  # for a grader
    is_given: bool = False  # by a grader
    counts: Counts = Counts.AS_EARNED

    @property
    def worth(self) -> float:
        """What it adds to the points; extra credit beyond them stays where it counts in full."""
        if self.counts is Counts.IN_FULL:
            return max(self.points, self.of)
        return 0.0 if self.counts is Counts.DROPPED else self.points

    @property
    def is_to_mark(self) -> bool:
        """Whether a grader is to look at it, again perhaps; not where its points do not matter."""
        return self.is_waiting and self.counts not in (Counts.DROPPED, Counts.IN_FULL)

    @property
    def is_open(self) -> bool:
        """Whether points still depend on a grader."""
        return self.is_to_mark and not self.is_given


@dataclass(frozen=True)
class Lateness:
    """What lateness costs: days or hours that count, points for each of them, points off in all.

    What is handed in after the cutoff earns nothing.
    """

    count: int = 0
    each: float = 0.0
    penalty: float = 0.0
    unit: str = "day"
    is_cut_off: bool = False
    grace_minutes: float = 0.0  # not counted

    @property
    def is_capped(self) -> bool:
        """Whether it would cost more, but for the policy's maximum."""
        return self.count * self.each > self.penalty + 1e-9


def what_is_left(points: float, penalty: float) -> float:
    """The score: points without the penalty, never below 0."""
    return max(0.0, points - penalty)


def all_points(worth: Iterable[tuple[float, Counts]]) -> float:
    """What an assignment is worth, of cells' points and how they count."""
    return sum(of for of, counts in worth if counts in (Counts.AS_EARNED, Counts.IN_FULL))


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
    seconds_late: float = 0.0
    lateness: Lateness = Lateness()
    bonus_limit: float = math.inf  # how far a bonus may lead beyond all points
    group: str = ""  # that handed in together
    handed_in_by: str = ""  # others of it; empty where all of it is the student's own
    differs_from_own: bool = False  # the student handed in something else, earlier

    @property
    def is_late(self) -> bool:
        """Whether it came after the due date, extension included."""
        return self.seconds_late > 0

    @property
    def of(self) -> float:
        """All points that there are."""
        return all_points((mark.of, mark.counts) for mark in self.marks.values())

    @property
    def bonus_earned(self) -> float:
        """Points of bonus exercises."""
        return self._sum(bonus=True)

    @property
    def bonus(self) -> float:
        """Those of them that count: what a grader gave beyond all points is never cut."""
        room = self.of + self.bonus_limit - self.regular
        return min(self.bonus_earned, max(0.0, room))

    @property
    def regular(self) -> float:
        """Points without a bonus."""
        return self._sum(bonus=False)

    @property
    def earned(self) -> float:
        """Points before the late penalty."""
        return self.regular + self.bonus

    @property
    def penalty(self) -> float:
        """Points off for lateness."""
        return self.earned if self.lateness.is_cut_off else self.lateness.penalty

    @property
    def score(self) -> float:
        """The one final number."""
        return what_is_left(self.earned, self.penalty)

    @property
    def waiting(self) -> list[Mark]:
        """What a grader has not looked at yet."""
        return [mark for mark in self.marks.values() if mark.is_open]

    def _sum(self, *, bonus: bool) -> float:
        marks = self.marks.values()
        return sum(m.worth for m in marks if (m.counts is Counts.AS_BONUS) == bonus)
