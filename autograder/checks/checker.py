"""`check` and `summary`: what notebooks call, and what answers there."""

import sys
from typing import Any, Protocol

from autograder.checks.key import Key
from autograder.checks.visible import VisibleChecks


class Runner(Protocol):
    """What becomes of a notebook's calls; `key` is the visible key, once there is one."""

    key: Key | None

    def load(self, key: str) -> None:
        """Take the visible key."""

    def check(self, exercise: str, subject: object, namespace: dict[str, Any]) -> None:
        """Check what a student defined, in the namespace where it stands."""

    def summary(self) -> None:
        """Sum up what was checked."""


class Silent:
    """For kernels that grade: the grader runs the checks, and the notebook's calls do nothing."""

    is_grading = True  # asked by the notebooks' set-up, which installs nothing then
    key: Key | None = None

    def load(self, key: str) -> None:
        """Not needed."""

    def check(self, exercise: str, subject: object, namespace: dict[str, Any]) -> None:
        """Not now."""

    def summary(self) -> None:
        """Not now."""


class Check:
    """`check("lstm", LSTM)`: hands the student's object, and where it stands, to what runs it."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner

    def __call__(self, exercise: str, subject: object) -> None:
        """Check a function, a class or a model file, and print ✓ or ✗ with the error."""
        self.runner.check(exercise, subject, sys._getframe(1).f_globals)

    def load(self, key: str) -> None:
        """Take the visible key that the build wrote into the notebook; forget earlier results."""
        self.runner.load(key)


check = Check(VisibleChecks())


def summary() -> None:
    """Print every exercise of the notebook with its points and whether its check passes."""
    check.runner.summary()
