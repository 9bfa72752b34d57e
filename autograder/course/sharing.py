"""One submission of a group for all of its members.

Of each file the last version counts, whichever member handed it in, as of one student's several
uploads; the same file handed in again keeps its time. Every member's folder gets what counts, so
that all that grades, marks and exports goes on with single students. What a member handed in is
moved aside and comes back when groups change or more is collected: nothing is ever lost.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from autograder.course.clock import shown, zone_of
from autograder.course.gradebook import Nbgrader
from autograder.course.groups import Shared, groups_of, own_folder, read_shared, write_shared
from autograder.course.own_work import Files, Place, Work, digest_of
from autograder.errors import told


@dataclass(frozen=True)
class Counted:
    """What counts of a group: by file, whose it is; and the member whose time is the group's."""

    own: Mapping[str, Work]
    whose: Mapping[str, str]
    last: str

    @property
    def files(self) -> Files:
        """Where they are, with the file that says when."""
        found = {name: self.own[student].files[name] for name, student in self.whose.items()}
        return {**found, **self.own[self.last].stated}

    def others(self, student: str) -> list[str]:
        """All whose work it is, but for one."""
        return sorted({*self.whose.values()} - {student})

    def by(self, student: str) -> str:
        """The same, as the student is told it; empty where nobody else's is."""
        others = self.others(student)
        you = ["you"] if others and student in self.whose.values() else []
        return ", ".join([*you, *others])

    def differs(self, student: str) -> bool:
        """Whether a student handed in another version of something."""
        mine = self.own[student].contents
        return any(
            name in mine and mine[name] != self.own[other].contents[name]
            for name, other in self.whose.items()
        )


def what_counts(own: Mapping[str, Work]) -> Counted | None:
    """Of each file the last version, of the member who had it first; None where nobody has any."""
    times = {student: each.time for student, each in own.items() if each.time and each.files}
    order = sorted(times, key=lambda student: (times[student], student))
    whose: dict[str, str] = {}
    for name in sorted({name for student in order for name in own[student].files}):
        having = [student for student in order if name in own[student].files]
        last = own[having[-1]].contents[name]
        whose[name] = next(each for each in having if own[each].contents[name] == last)
    return Counted(own, whose, max(whose.values(), key=order.index)) if whose else None


class Sharing:
    """The groups' work of an assignment, where it is graded from. Raises SettingsError."""

    def __init__(self, nbgrader: Nbgrader, assignment: str) -> None:
        self.nbgrader, self.assignment = nbgrader, assignment
        self.config = nbgrader.api.config
        self.aside = own_folder(self.config)
        self.groups = groups_of(nbgrader.course, assignment)
        self.shared = read_shared(self.config, assignment)
        for kept in sorted(self.aside.glob(f"*/{assignment}")):
            self._place(kept.parent.name).recover()

    def undo(self) -> None:
        """Give everybody back what they handed in themselves."""
        for student in [*self.shared]:
            self._leave(student)
        self._keep()

    def share(self) -> dict[str, str]:
        """Give every member what counts; by student, what is to be told."""
        said: dict[str, str] = {}
        for student in self.shared.keys() - {each for of in self.groups.values() for each in of}:
            self._leave(student)
        for group, students in self.groups.items():
            try:
                said |= dict(self._share(group, students))
            except OSError as error:
                said |= dict.fromkeys(students, f"group {group}: not shared: {told(error)}")
        self._keep()
        return said

    def _share(self, group: str, students: list[str]) -> Iterator[tuple[str, str]]:
        own = {each: self._place(each).own(self._copy(each)) for each in students}
        counted = what_counts(own)
        if counted is None or not students[1:]:
            for student in students:
                self._leave(student)
            return
        digest = digest_of(counted.files)
        new = [
            each
            for each in students
            if own[each].digest != digest and not self._place(each).is_copy(digest)
        ]
        for student in new:
            self._place(student).stage(counted.files)  # all of them, before anything moves
        for student in students:
            if student in new or own[student].digest == digest:
                self._leave(student)
            made = "" if own[student].digest == digest else digest
            differs = counted.differs(student)
            self.shared[student] = Shared(group, counted.by(student), made, differs)
        self._keep()  # before it is there: a folder that is not as known is the student's own
        for student in new:
            self._place(student).put()
        yield from ((each, self._said(each, counted)) for each in filter(counted.differs, students))

    def _leave(self, student: str) -> None:
        """Let a student have what is their own."""
        self._place(student).restore(self._copy(student))
        self.shared.pop(student, None)

    def _said(self, student: str, counted: Counted) -> str:
        zone, group = zone_of(self.config), self.shared[student].group
        others = ", ".join(counted.others(student))
        mine, last = (counted.own[each].time for each in (student, counted.last))
        when = [shown(time.replace(tzinfo=None), zone) for time in (mine, last) if time]
        kept = os.path.relpath(self._place(student).aside, self.nbgrader.course.root)
        return (
            f"group {group}: what {others} handed in counts, as the last ({when[1]}); their own "
            f"({when[0]}) differs, and is kept in {kept}"
        )

    def _copy(self, student: str) -> str:
        """The digest of what was put in the place of a student's own work; else empty."""
        return self.shared[student].digest if student in self.shared else ""

    def _place(self, student: str) -> Place:
        there = self.nbgrader.folder(self.assignment, student)
        return Place(there, self.aside / student / self.assignment)

    def _keep(self) -> None:
        write_shared(self.config, self.assignment, self.shared)
