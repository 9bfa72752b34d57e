"""Whose model is best: ranks by the scored measure, under pseudonyms unless the course says not."""

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from autograder.course.reports import reports
from autograder.files import write_rows
from autograder.settings import Course

PRINTED = 20  # the file holds everyone
DIGITS = 4  # models that agree in these share a rank


@dataclass(frozen=True)
class Standing:
    """One line: rank, name, and what the model reaches, the scored measure first."""

    rank: int
    name: str
    measures: dict[str, float]


@dataclass(frozen=True)
class Leaderboard:
    """All models that were measured for one artefact, best first."""

    exercise: str
    standings: list[Standing]

    @property
    def headings(self) -> list[str]:
        """Names of the columns."""
        return ["rank", "student", *self.standings[0].measures]

    def rows(self) -> list[list[str]]:
        """The standings as texts."""
        return [
            [str(each.rank), each.name, *(f"{m:.{DIGITS}f}" for m in each.measures.values())]
            for each in self.standings
        ]


def leaderboards(course: Course, assignment: str) -> list[Leaderboard]:
    """One for each artefact of an assignment, from the reports of grading."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    falling: set[str] = set()
    for student, report in reports(course, assignment).items():
        name = student if course.leaderboard_names else course.pseudonym(student)
        for exercise in report["exercises"]:
            if "measures" in exercise:
                found.setdefault(exercise["name"], {})[name] = exercise["measures"]
                falling |= {exercise["name"]} if exercise.get("lower_is_better") else set()
    return [Leaderboard(each, ranked(found[each], falling=each in falling)) for each in found]


def ranked(measures: dict[str, dict[str, float]], *, falling: bool = False) -> list[Standing]:
    """Names by what their models reach; after a shared rank, as many ranks are left out."""
    sign = -1 if falling else 1
    firsts = {name: next(iter(found.values())) for name, found in measures.items()}
    value = {name: sign * round(first, DIGITS) for name, first in firsts.items()}
    return [
        Standing(1 + sum(other > value[name] for other in value.values()), name, measures[name])
        for name in sorted(measures, key=lambda name: (-value[name], name))
    ]


def as_table(board: Leaderboard) -> Table:
    """The best of them, for people."""
    count = len(board.standings)
    more = f", {PRINTED} of {count}" if count > PRINTED else ""
    table = Table(title=f"Leaderboard, {board.exercise}{more}", title_justify="left")
    for heading in board.headings:
        table.add_column(heading, justify="left" if heading == "student" else "right")
    for row in board.rows()[:PRINTED]:
        table.add_row(*row)
    return table


def write_leaderboard(board: Leaderboard, path: Path) -> None:
    """Everyone, as CSV."""
    write_rows(path, [board.headings, *board.rows()])
