"""What went wrong and how often, from the reports of grading, with an answer that shows it."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from autograder.checks.evidence import printable
from autograder.course.reports import Report

NOT_WRITTEN = "not written yet"
SYMPTOM = re.compile(r" at |[:;(]")  # what follows is about one answer
NUMBERS, OTHER = re.compile(r"error \S+ ≥ .*"), "other numbers, for no known reason"
READ = 5  # answers that are looked at for an example
LONGEST = 3000  # characters of one

Code = Callable[[str], Mapping[str, str]]  # of a student, by exercise


@dataclass(frozen=True)
class Mistake:
    """Why an exercise lost points, and whose; `name` is that of a known mistake."""

    exercise: str
    name: str
    says: str
    students: tuple[str, ...]

    def example(self, code: Code) -> str:
        """The shortest of a few students' answers that show it, empty where none is kept."""
        answers = [code(student).get(self.exercise, "") for student in self.students[:READ]]
        shortest = min(filter(None, answers), key=lambda text: (len(text), text), default="")
        return shortest if len(shortest) <= LONGEST else f"{shortest[:LONGEST]}\n…"


def mistakes_of(reports: Mapping[str, Report], students: Collection[str]) -> list[Mistake]:
    """What went wrong in these students' answers, the most frequent first."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    names: dict[tuple[str, str], str] = {}
    for student, exercise in _failed(reports, students):
        if not _is_blank(exercise):
            key = exercise["name"], cause_of(exercise)
            found[key].append(student)
            names[key] = exercise["mistake"] or ""
    all_of_them = [Mistake(key[0], names[key], key[1], tuple(of)) for key, of in found.items()]
    return sorted(all_of_them, key=lambda each: (-len(each.students), each.exercise, each.says))


def blanks_of(
    reports: Mapping[str, Report], students: Collection[str]
) -> dict[str, frozenset[str]]:
    """Who left an exercise as it was, by its name."""
    found: dict[str, set[str]] = defaultdict(set)
    for student, exercise in _failed(reports, students):
        if _is_blank(exercise):
            found[exercise["name"]].add(student)
    return {name: frozenset(of) for name, of in found.items()}


def cause_of(exercise: Report) -> str:
    """Why an answer failed: the diagnosis, or in few words what was seen of it.

    A report that was written before it kept diagnoses has that of a known mistake at the end of its
    message.
    """
    message = exercise["message"]
    last = message.rpartition("\n  ")[2] if exercise["mistake"] else ""
    return printable(exercise.get("diagnosis", last) or _symptom(message))


def _symptom(message: str) -> str:
    return NUMBERS.sub(OTHER, SYMPTOM.split(message, maxsplit=1)[0])


def _failed(reports: Mapping[str, Report], students: Collection[str]) -> list[tuple[str, Report]]:
    return [
        (student, exercise)
        for student in students
        for exercise in reports.get(student, {}).get("exercises", ())
        if not exercise["passed"]
    ]


def _is_blank(exercise: Report) -> bool:
    return exercise["message"] == NOT_WRITTEN
