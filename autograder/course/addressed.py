"""Whom an instructor means: by ids, logins, numbers and addresses, and never by names."""

from collections.abc import Iterable
from pathlib import Path

from autograder.course.collecting.people import SAFE_ID, Student, folded
from autograder.course.collecting.roster import Line, student_in
from autograder.course.exporting.finished import everyone
from autograder.course.exporting.lines import whose
from autograder.course.gradebook import Nbgrader
from autograder.settings import SettingsError


class Addressed:
    """The students of a course; where no roster was ever given, whoever is named is one."""

    def __init__(self, nbgrader: Nbgrader, assignment: str) -> None:
        with nbgrader.gradebook() as gradebook:
            graded = {student.id for student in gradebook.students}
        ids = graded | nbgrader.submitted(assignment).keys()
        self.nbgrader, self.ids = nbgrader, ids
        self.people = everyone(nbgrader, ids)
        self.has_roster = any(each.name for each in self.people.students.values())

    def said(self, student: str) -> str:
        """A student's id, with the name where it is known."""
        return f"{student} {self.people.name(student)}".strip()

    def named(self, texts: Iterable[str]) -> list[str]:
        """Students by what was typed. Raises SettingsError that lists all who are nobody's."""
        found = {text: self._one(text) for text in texts}
        if unknown := [text for text, student in found.items() if student is None]:
            raise SettingsError(
                f"nobody in the roster: {', '.join(map(repr, unknown))}; nothing was changed"
            )
        return [*dict.fromkeys(filter(None, found.values()))]

    def _one(self, text: str) -> str | None:
        keys = self.people.users.get(folded(text), set())
        if len(keys) == 1:
            return next(iter(keys))
        return text if not self.has_roster and SAFE_ID.fullmatch(text) else None

    def in_lines(self, lines: list[Line], path: Path) -> dict[str, Line]:
        """The line of each student in a file. Raises SettingsError for lines of nobody or two."""
        people = self.people
        if not self.has_roster:
            people = everyone(self.nbgrader, self.ids | _ids(lines, path))
        found, told = whose(dict(enumerate(lines, 1)), people)
        if told:
            more = f"; and {len(told) - 1} more" if told[1:] else ""
            raise SettingsError(f"{path}: {told[0]}{more}; nothing was changed")
        return {student: lines[at - 1] for student, at in found.items()}


def _ids(lines: Iterable[Line], path: Path) -> set[str]:
    students: list[Student] = [found for line in lines if (found := student_in(line))]
    for student in students:
        if not SAFE_ID.fullmatch(student.id):
            raise SettingsError(f"{path}: {student.id!r} cannot be a student id")
    return {student.id for student in students}
