"""The switch that lets student code run without a sandbox."""

import sys

from traitlets.config import Config

from autograder.settings import Course

UNCONFINED = (
    "autograder: no sandbox: student code can read and change everything that you can, use the "
    "network, and outlive its grading"
)


def obey_switch(course: Course, *, off: bool) -> None:
    """Switch the sandbox off where that is asked for, and say what it means."""
    if off:
        course.update_config(Config({"Course": {"sandbox": False}}))  # nbgrader's steps see it too
        print(UNCONFINED, file=sys.stderr)
