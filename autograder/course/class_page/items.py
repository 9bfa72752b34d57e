"""Item analysis: how hard each graded cell was, and how well it tells students apart.

Source: R. L. Ebel and D. A. Frisbie, "Essentials of Educational Measurement", chapter 13.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import StatisticsError, correlation, fmean

from autograder.assignment.cells import Kind, named
from autograder.grading.pages.grades import Grades, Mark
from autograder.grading.pages.tasks import Section, Tasks

FEWEST = 4  # students, for a correlation of whom an interval can be given
ALMOST_1 = 1 - 1e-9
NORMAL_95 = 1.96  # standard deviations around the mean


@dataclass(frozen=True)
class Correlation:
    """Pearson's coefficient, and the ends of its 95 % confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Item:
    """A graded cell and its marks, by student; those who left it blank have earned nothing."""

    id: str
    name: str
    heading: str
    of: float
    marks: Mapping[str, Mark]
    is_written: bool
    blank: frozenset[str] = frozenset()
    discrimination: Correlation | None = None

    @cached_property
    def points(self) -> dict[str, float]:
        """What was earned, where it is known."""
        return {student: m.points for student, m in self.marks.items() if not _waits(m)}

    @property
    def waiting(self) -> list[str]:
        """Students whose answer waits for a grader, for the first time or again."""
        return [student for student, mark in self.marks.items() if mark.is_to_mark]

    @property
    def mean_share(self) -> float | None:
        """The mean of what was earned, as a share of what it is worth: its difficulty."""
        return fmean(self.points.values()) / self.of if self.points and self.of else None

    @cached_property
    def by_result(self) -> dict[str, list[str]]:
        """Students with all of the points, some, none, and those who are not graded yet."""
        found: dict[str, list[str]] = {"all": [], "some": [], "none": [], "waiting": []}
        for student, mark in self.marks.items():
            found[_result(mark)].append(student)
        return found


def items_of(
    grades: Mapping[str, Grades], tasks: Tasks, blank: Mapping[str, frozenset[str]]
) -> list[Item]:
    """The graded cells of an assignment, in the notebook's order.

    `blank` are the students who left an exercise as it was, by its name; who wrote nothing where a
    person grades, the gradebook knows.
    """
    found = {cell for each in grades.values() for cell in each.marks}
    order = {cell: at for at, cell in enumerate(tasks.sections)}
    cells = sorted(found, key=lambda cell: (order.get(cell, len(order)), cell))
    items = [_item(cell, grades, tasks.sections.get(cell), blank) for cell in cells]
    return [_with_discrimination(item, items) for item in items]


def _item(
    cell: str,
    grades: Mapping[str, Grades],
    section: Section | None,
    blank: Mapping[str, frozenset[str]],
) -> Item:
    marks = {student: of.marks[cell] for student, of in grades.items() if cell in of.marks}
    name = named(cell)
    is_written = (
        name.kind is Kind.ANSWER
        if name
        else any(m.is_waiting or m.is_given for m in marks.values())
    )
    short = name.name if name else cell
    unwritten = {s for s, m in marks.items() if is_written and not (m.is_waiting or m.is_given)}
    return Item(
        cell,
        short,
        section.heading if section and section.level > 1 else "",
        next(iter(marks.values())).of,
        marks,
        is_written,
        frozenset(unwritten) or blank.get(short, frozenset()) & marks.keys(),
    )


def _result(mark: Mark) -> str:
    if _waits(mark):
        return "waiting"
    return "all" if mark.points >= mark.of else "some" if mark.points > 0 else "none"


def _waits(mark: Mark) -> bool:
    """Whether nobody knows yet what it will be."""
    return mark.is_open


def _with_discrimination(item: Item, items: Iterable[Item]) -> Item:
    """With how it goes along with all others together, those that are graded for everybody."""
    others = [other for other in items if other is not item and not other.by_result["waiting"]]
    rest = {  # rounded: sums that are the same must not differ
        student: round(sum(other.points.get(student, 0.0) for other in others), 6)
        for student in item.points
    }
    pairs = [(points, rest[student]) for student, points in item.points.items()]
    return replace(item, discrimination=correlated(pairs))


def correlated(pairs: list[tuple[float, float]]) -> Correlation | None:
    """The correlation of pairs, with Fisher's interval; None of too few, or of equal ones.

    Source: R. A. Fisher, "On the probable error of a coefficient of correlation", 1921.
    """
    if len(pairs) < FEWEST:
        return None
    try:
        value = correlation(*zip(*pairs, strict=True))
    except StatisticsError:  # one of the two is the same for everybody
        return None
    z = math.atanh(max(-ALMOST_1, min(value, ALMOST_1)))
    margin = NORMAL_95 / math.sqrt(len(pairs) - 3)
    return Correlation(value, math.tanh(z - margin), math.tanh(z + margin))
