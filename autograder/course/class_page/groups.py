"""Groups of students that a bar stands for: by score, result, lateness, mistake, open answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from autograder.assignment.cells import CellName, Kind
from autograder.course.class_page.items import Item
from autograder.course.class_page.mistakes import Mistake
from autograder.course.class_page.survey import Survey
from autograder.course.rows import Row
from autograder.course.tables import lateness

BINS = 10  # of the scores
DAY = 86400
LATE = {1: "up to 1 day", 2: "1 to 2 days", 3: "2 to 3 days", 7: "3 to 7 days"}
LATER = "more than 7 days"
RESULTS = {
    "all": ("✓", "all points"),
    "some": ("◐", "some of the points"),
    "none": ("✗", "no points"),
    "waiting": ("…", "not graded yet"),
}


@dataclass(frozen=True)
class Group:
    """Students with something in common; `place` is where their own pages say more about it."""

    id: str
    label: str
    students: tuple[str, ...]
    place: str = ""
    symbol: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.students)


def by_score(survey: Survey) -> list[Group]:
    """Tenths of the points, after late penalties; extra credit counts to the last one."""
    bins: list[list[str]] = [[] for _ in range(BINS)]
    for student, row in survey.rows.items():
        share = row.score / row.max_score if row.max_score else 0.0
        bins[min(BINS - 1, int(BINS * share + 1e-9))].append(student)
    width = 100 // BINS
    labels = [f"{at * width} to {(at + 1) * width} %" for at in range(BINS - 1)]
    labels.append(f"{100 - width} % or more")
    notes = {student: f"{row.score:g}" for student, row in survey.rows.items()}
    return [
        Group(f"score-{at}", label, tuple(students), notes=notes)
        for at, (label, students) in enumerate(zip(labels, bins, strict=True))
    ]


def by_result(item: Item, number: int) -> list[Group]:
    """Who earned all of an exercise's points, some, none, and who is not graded yet."""
    blank = dict.fromkeys(item.blank, "left blank")
    return [
        Group(
            f"item-{number}-{key}",
            label,
            tuple(students),
            "" if key == "all" else item.id,  # then their pages say no more
            symbol,
            blank,
        )
        for key, students in item.by_result.items()
        for symbol, label in [RESULTS[key]]
    ]


def by_lateness(rows: Mapping[str, Row]) -> list[Group]:
    """Who is how many days late, begun or whole, the latest first in each group."""
    late = {student: row for student, row in rows.items() if row.seconds_late > 0}
    found: dict[str, list[str]] = {label: [] for label in (*LATE.values(), LATER)}
    for student in sorted(late, key=lambda each: -late[each].seconds_late):
        found[_days(late[student].seconds_late)].append(student)
    notes = {student: _cost(row) for student, row in late.items()}
    return [
        Group(f"late-{at}", label, tuple(students), "late", notes=notes)
        for at, (label, students) in enumerate(found.items())
        if students
    ]


def _days(seconds: float) -> str:
    return next((label for days, label in LATE.items() if seconds <= days * DAY), LATER)


def _cost(row: Row) -> str:
    penalty = f", −{row.late_penalty:g} points" if row.late_penalty else ""
    return f"{lateness(row.seconds_late)}{penalty}"


def by_mistake(mistakes: Iterable[Mistake]) -> list[Group]:
    """Who made each mistake."""
    return [
        Group(
            f"mistake-{at}", each.says, each.students, CellName(Kind.CHECK, each.exercise).grade_id
        )
        for at, each in enumerate(mistakes)
    ]


def to_grade(items: Iterable[Item]) -> list[Group]:
    """Whose answer to each question waits for a grader."""
    return [
        Group(f"open-{at}", item.heading or item.name, tuple(item.waiting), item.id)
        for at, item in enumerate(items)
        if item.is_written or item.waiting
    ]
