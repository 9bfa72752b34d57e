"""`autograder mark`: a grader's desk, from its opening to its end."""

import getpass
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from autograder.course.gradebook import Nbgrader
from autograder.course.marking.desk import Desk, NothingError
from autograder.course.marking.groups import read_share
from autograder.course.marking.server import serve
from autograder.settings import Course, SettingsError

LONGEST = 60  # characters of a grader's name
Progress = Callable[[str, Iterable[Any], int], Iterable[Any]]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Sitting:
    """Who marks what, and where the pages are; see the command's help."""

    grader: str | None = None
    part: str = "1/1"
    port: int | None = None


def mark(
    course: Course, assignment: str, sitting: Sitting, say: Say, progress: Progress, opened: Say
) -> int:
    """Serve a grader until the program is asked to end: how many answers are left then.

    `opened` gets the address. Raises NothingError, SettingsError, StoppedError.
    """
    share, grader = read_share(sitting.part), _name(sitting.grader)
    with Nbgrader(course).gradebook() as gradebook:
        desk = Desk(course, assignment, gradebook.engine, grader, share)
        students = sorted({entry.student for entry in desk.ledger.entries()})
        if not students:
            raise NothingError(
                f"nothing of {assignment} is graded yet: run `autograder grade {assignment}` first"
            )
        desk.answers.read(progress("reading", students, len(students)))
        if count := desk.unreadable():
            say(f"answers of {count} cannot be shown: run `autograder grade {assignment}` again")
        serve(desk, sitting.port, opened)
        return sum(each.waiting for each in desk.progress().values())


def _name(given: str | None) -> str:
    """The grader's, by default as whoever is logged in. Raises SettingsError."""
    try:
        name = getpass.getuser() if given is None else " ".join(given.split())
    except (KeyError, OSError):  # nobody that this machine knows
        name = ""
    if not name or len(name) > LONGEST or not name.isprintable():
        raise SettingsError(f"--as NAME: who marks, in 1 to {LONGEST} characters")
    return name
