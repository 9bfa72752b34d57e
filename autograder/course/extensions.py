"""Extensions of due dates, which a course keeps in a file, also of who has not handed in yet.

nbgrader's gradebook has them for submissions alone. What stands here is entered there whenever
penalties are; what others granted in the gradebook stays, where nothing is said here.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment

from autograder.course.clock import later, length, local, read_due, read_length, zone_of
from autograder.course.kept import read_kept_rows
from autograder.files import write_rows
from autograder.settings import Course, SettingsError

EVERYBODY = "*"
COLUMNS = ("assignment", "student", "until", "by")
NONE = "0 days"


@dataclass(frozen=True)
class Grant:
    """Until a time, in UTC, or by so much after the due date; by nothing where it was revoked."""

    until: datetime | None = None
    by: timedelta = timedelta()

    def after(self, due: datetime, zone: tzinfo | None) -> timedelta:
        """How long after a due date, by the clock on the wall; never before it."""
        if self.until is None:
            return self.by
        return max(timedelta(), local(self.until, zone) - local(due, zone))

    @property
    def cells(self) -> tuple[str, str]:
        """As they stand in the file."""
        return (f"{self.until:%Y-%m-%d %H:%M} UTC", "") if self.until else ("", said(self.by))


@dataclass(frozen=True)
class Extensions:
    """Those of one assignment, by student."""

    grants: Mapping[str, Grant] = field(default_factory=dict)
    zone: tzinfo | None = None

    def of(self, student: str, due: datetime, entered: timedelta | None) -> timedelta:
        """A student's own or everybody's, the later one; what the gradebook has where none is."""
        mine = [self.grants[each] for each in (student, EVERYBODY) if each in self.grants]
        return max((g.after(due, self.zone) for g in mine), default=entered or timedelta())

    def enter(self, submission: SubmittedAssignment) -> None:
        """Put a submission's into the gradebook; nothing is committed here."""
        if (due := submission.assignment.duedate) is not None:
            found = self.of(submission.student_id, due, submission.extension)
            submission.extension = found or None


def due_dates(
    course: Course, gradebook: Gradebook, assignment: str
) -> Callable[[str], datetime | None]:
    """By student, until when to hand in, in UTC; None where that is never. Raises SettingsError."""
    due = None
    with suppress(MissingEntry):
        due = gradebook.find_assignment(assignment).duedate
    if due is None:
        return lambda _: None
    submissions = gradebook.assignment_submissions(assignment)
    entered = {each.student_id: each.extension for each in submissions}
    granted = extensions_of(course, assignment)

    def due_of(student: str) -> datetime:
        extension = granted.of(student, due, entered.get(student))
        return later(due, extension, granted.zone).replace(tzinfo=UTC)

    return due_of


Kept = dict[str, dict[str, Grant]]  # by assignment and student


def extensions_of(course: Course, assignment: str) -> Extensions:
    """What was granted for an assignment. Raises SettingsError for a file that cannot be read."""
    return Extensions(read_kept(course).get(assignment, {}), zone_of(course.config))


def read_kept(course: Course) -> Kept:
    """All that was granted. Raises SettingsError."""
    path = course.root / course.extensions_file
    try:
        state = path.stat()
    except FileNotFoundError:
        return {}
    return _read(path, (state.st_mtime_ns, state.st_ino), zone_of(course.config))


def write_kept(course: Course, kept: Kept) -> None:
    """Write all that was granted."""
    rows = [
        (assignment, student, *grant.cells)
        for assignment, grants in sorted(kept.items())
        for student, grant in sorted(grants.items())
    ]
    write_rows(course.root / course.extensions_file, [COLUMNS, *rows])


@lru_cache(4)
def _read(path: Path, changed: tuple[int, int], zone: tzinfo | None) -> Kept:
    """A file, read once, unless it has `changed` since."""
    kept: Kept = {}
    for at, (assignment, student, until, by) in enumerate(read_kept_rows(path, COLUMNS), 2):
        grant = read_grant(until, by, zone, f"{path}, line {at}:")
        kept.setdefault(assignment, {})[student] = grant
    return kept


def read_grant(until: str, by: str, zone: tzinfo | None, said_in: str = "") -> Grant:
    """What an instructor said, one of both. Raises SettingsError."""
    if bool(until.strip()) == bool(by.strip()):
        raise SettingsError(f"{said_in or 'an extension:'} say until when, or by how much".strip())
    if until.strip():
        return Grant(until=read_due(until, zone, f"{said_in} until".strip()))
    return Grant(by=read_length(by, f"{said_in} by".strip()))


def said(time: timedelta) -> str:
    """A length as it is written and read again; to the minute."""
    if time % timedelta(hours=1):
        return f"{time.total_seconds() / 60:g} minutes"
    return length(time) or NONE
