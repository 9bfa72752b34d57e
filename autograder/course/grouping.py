"""Entering who hands in together, and listing it."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from autograder.course.addressed import Addressed
from autograder.course.collecting.roster import read_lines, student_in
from autograder.course.gradebook import Nbgrader
from autograder.course.groups import Groups, groups_of, read_groups, write_groups
from autograder.course.sharing import Sharing
from autograder.settings import Course, SettingsError

LEFT = "has nothing of their own now, and in the gradebook still the grade of the group's work"


class Grouping:
    """The groups of an assignment."""

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment
        self.nbgrader = Nbgrader(course)
        self.addressed = Addressed(self.nbgrader, assignment)
        self._told: dict[str, str] = {}
        known = {*course.assignments(), *self.nbgrader.graded()}
        if assignment not in known:
            raise SettingsError(f"no assignment {assignment!r} (there: {', '.join(sorted(known))})")

    def enter(self, path: Path | None) -> None:
        """Take the groups of a file, or none, in the place of those there were.

        Raises SettingsError, before anything is changed.
        """
        groups = self._read(path) if path else {}
        write_groups(self.course, {**read_groups(self.course), self.assignment: groups})
        sharing = Sharing(self.nbgrader, self.assignment)
        before = {*sharing.shared}
        self._told = {**sharing.share(), **dict.fromkeys(self._left(before), LEFT)}

    def _left(self, before: set[str]) -> set[str]:
        """Those who had a group's work, were graded for it, and have none of their own."""
        graded = {row.student for row in self.nbgrader.rows(self.assignment)}
        return (before & graded) - self.nbgrader.submitted(self.assignment).keys()

    def _read(self, path: Path) -> Groups:
        found: Groups = defaultdict(list)
        for student, line in self.addressed.in_lines(read_lines(path), path).items():
            holder = student_in(line)
            names = holder.groups if holder else ()
            if names[1:]:
                raise SettingsError(f"{path}: {student} is in two groups, {' and '.join(names)}")
            if names:
                found[names[0]].append(student)
        if not found:
            raise SettingsError(f"{path}: no column of groups: name it 'group'")
        return dict(found)

    def listed(self) -> list[str]:
        """A line for each group, and for each member whose own work does not count."""
        return [*self._lines()] or ["no groups: each hands in alone"]

    def _lines(self) -> Iterator[str]:
        for group, students in sorted(groups_of(self.course, self.assignment).items()):
            yield f"{group}: {', '.join(map(self.addressed.said, students))}"
        for student, said in sorted(self._told.items()):
            yield f"{student}: {said}"
