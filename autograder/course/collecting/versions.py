"""Which of several files that are the same piece of one student's work counts: the last one."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise

from autograder.course.collecting.archives import HandedIn, in_utc
from autograder.course.collecting.names import Reading


@dataclass(frozen=True)
class Version:
    """A file that was handed in, what its name says, and when it was handed in as far as known."""

    handed_in: HandedIn
    reading: Reading
    time: datetime

    @property
    def content(self) -> tuple[int, int]:
        """A checksum and size, equal for equal files."""
        return self.handed_in.content

    @property
    def order(self) -> tuple[bool, datetime, tuple[int, int]]:
        """Later ones are greater; a file without the word for what it is never outranks one."""
        return self.reading.is_named, self.time, self.reading.rank


def version(
    handed_in: HandedIn, reading: Reading, zone: tzinfo | None, due: datetime | None
) -> Version:
    """A file with the time that its name states, or else that of its entry.

    Canvas dates entries by the download and states only whether they were late: one that was not
    came at the due date at the latest.
    """
    export, time = reading.export, handed_in.time
    if export.time:
        time = in_utc(export.time, zone)
    elif export.system == "Canvas" and not export.late and due:
        time = min(time, due)
    return Version(handed_in, reading, time)


def latest(versions: list[Version]) -> Version:
    """The last version; the same file handed in again is no other version, and keeps its time."""
    ordered = sorted(versions, key=lambda each: each.order)
    first = 0
    for index, (before, after) in enumerate(pairwise(ordered), 1):
        if before.content != after.content:
            first = index
    return ordered[first]


def beside(best: Version, versions: list[Version]) -> list[str]:
    """Names of others that nothing says are older."""
    others = (each for each in versions if each.content != best.content)
    return [each.handed_in.parts[-1] for each in others if each.order == best.order]
