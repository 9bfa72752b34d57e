"""`autograder mark`: a grader's desk, from its opening to its end."""

import getpass
import os
import sys
import webbrowser
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


@dataclass(frozen=True)
class Sitting:
    """Who marks what, and where the pages are; see the command's help."""

    grader: str | None
    part: str
    port: int | None
    browser: bool


def mark(course: Course, assignment: str, sitting: Sitting, progress: Progress) -> None:
    """Serve a grader until the program is asked to end; then say what is left.

    Raises NothingError, SettingsError, StoppedError.
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
            print(f"answers of {count} cannot be shown: run `autograder grade {assignment}` again")
        serve(desk, sitting.port, lambda address: _open(address, sitting.browser))
        left = sum(each.waiting for each in desk.progress().values())
    print(f"\n{left} answers wait; `autograder grade {assignment}` writes the students' pages anew")


def _open(address: str, browser: bool) -> None:
    """Say where the pages are, and show them where a browser would open a window."""
    print(f"mark at   {address}\nto end    Ctrl+C; every mark is saved as it is given", flush=True)
    has_screen = any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if browser and (has_screen or sys.platform != "linux"):  # else it would take the terminal
        webbrowser.open(address)


def _name(given: str | None) -> str:
    """The grader's, by default as whoever is logged in. Raises SettingsError."""
    try:
        name = getpass.getuser() if given is None else " ".join(given.split())
    except (KeyError, OSError):  # nobody that this machine knows
        name = ""
    if not name or len(name) > LONGEST or not name.isprintable():
        raise SettingsError(f"--as NAME: who marks, in 1 to {LONGEST} characters")
    return name
