"""Granting extensions, taking them back and listing them; penalties follow at once."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from nbgrader.api import MissingEntry

from autograder.course.addressed import Addressed
from autograder.course.clock import later, shown, zone_of
from autograder.course.collecting.roster import read_lines
from autograder.course.extensions import (
    EVERYBODY,
    Extensions,
    Grant,
    extensions_of,
    read_grant,
    read_kept,
    said,
    write_kept,
)
from autograder.course.gradebook import Nbgrader
from autograder.settings import Course, SettingsError


class Granting:
    """The extensions of an assignment. Raises SettingsError where it has no due date."""

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment
        self.nbgrader, self.zone = Nbgrader(course), zone_of(course.config)
        self.due, self._entered = self._in_gradebook()
        self.addressed = Addressed(self.nbgrader, assignment)

    def _in_gradebook(self) -> tuple[datetime, dict[str, timedelta]]:
        """The due date, and extensions of submissions."""
        with self.nbgrader.gradebook() as gradebook:
            try:
                due = gradebook.find_assignment(self.assignment).duedate
            except MissingEntry:
                known = ", ".join(sorted(each.name for each in gradebook.assignments)) or "none"
                raise SettingsError(
                    f"{self.assignment!r} is not released (released: {known})"
                ) from None
            found = gradebook.assignment_submissions(self.assignment)
            entered = {each.student_id: each.extension for each in found if each.extension}
        if due is None:
            raise SettingsError(
                f"{self.assignment!r} has no due date: give it one with `release --due TIME`"
            )
        return due, entered

    def whom(self, texts: Iterable[str], *, everybody: bool, grant: Grant) -> dict[str, Grant]:
        """The same for everybody or for some. Raises SettingsError for who is nobody."""
        students = [EVERYBODY] if everybody else self.addressed.named(texts)
        return dict.fromkeys(students, grant)

    def in_file(self, path: Path) -> dict[str, Grant]:
        """What a CSV says, with `until` or `by` beside the ids. Raises SettingsError."""
        lines = self.addressed.in_lines(read_lines(path), path)
        if not lines:
            raise SettingsError(f"{path}: nobody in it")
        return {
            student: read_grant(
                line.get("until", ""), line.get("by", ""), self.zone, f"{path}, {student}:"
            )
            for student, line in lines.items()
        }

    def grant(self, grants: Mapping[str, Grant]) -> list[str]:
        """Keep these, the others with them; a line for each. Raises SettingsError."""
        for grant in grants.values():
            if grant.until and grant.after(self.due, self.zone) <= timedelta():
                until, due = shown(grant.until, self.zone), shown(self.due, self.zone)
                raise SettingsError(f"{until} is not after the due date, {due}")
        before = self._penalties()
        kept = read_kept(self.course)
        write_kept(self.course, {**kept, self.assignment: {**self._known(kept), **grants}})
        self.nbgrader.settle_late_penalties(self.assignment)
        after = self._penalties()
        changes = {
            student: f"penalty {penalty:g} → {after[student]:g}"
            for student, penalty in before.items()
            if penalty != after[student]
        }
        named = [self._line(student, changes.pop(student, "")) for student in sorted(grants)]
        return [*named, *(f"{self.addressed.said(who)}  {it}" for who, it in changes.items())]

    def listed(self) -> list[str]:
        """A line for everyone who has one, however it was granted."""
        return [
            self._line(student) for student in sorted({*self._extensions.grants, *self._entered})
        ]

    def _known(self, kept: Mapping[str, Mapping[str, Grant]]) -> dict[str, Grant]:
        """What is kept, and what the gradebook alone has: a line for everybody would hide that."""
        mine = kept.get(self.assignment, {})
        alone = {} if EVERYBODY in mine else self._entered
        return {**{student: Grant(by=by) for student, by in alone.items()}, **mine}

    def _penalties(self) -> dict[str, float]:
        return {row.student: row.late_penalty for row in self.nbgrader.rows(self.assignment)}

    @property
    def _extensions(self) -> Extensions:
        return extensions_of(self.course, self.assignment)

    def _line(self, student: str, change: str = "") -> str:
        extension = self._extensions.of(student, self.due, self._entered.get(student))
        due = shown(later(self.due, extension, self.zone), self.zone)
        who = "everybody" if student == EVERYBODY else self.addressed.said(student)
        return "  ".join(filter(None, self._parts(who, due, extension, change)))

    def _parts(self, who: str, due: str, extension: timedelta, change: str) -> Iterator[str]:
        yield f"{who}: due {due}"
        yield f"({said(extension)} later)" if extension else "(no extension)"
        yield change
