"""`check` and `summary`: what students call, and see at once."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.checks.evidence import Evidence
from autograder.checks.key import VISIBLE_SEEDS, Key, decode
from autograder.checks.probes import Probe, as_probe, observe, read
from autograder.checks.verdict import Verdict, judge


class CheckFailed(Exception):
    """A visible check failed while `nbgrader validate` runs, which counts exceptions only."""

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


class Checker:
    """Runs an exercise's probes with the public seeds, compares with the key, prints one line."""

    def __init__(self) -> None:
        self.key: Key | None = None
        self.verdicts: dict[str, Verdict] = {}

    def load(self, key: str) -> None:
        """Take the visible key that the build wrote into the notebook; forget earlier results."""
        self.key, self.verdicts = decode(key), {}

    def __call__(self, exercise: str, subject: Any, *probes: Probe | Callable) -> None:
        """Check `subject`, the student's function or class, and print ✓ or ✗ with the error."""
        if self.key is None or exercise not in self.key.exercises:
            self._fail(
                exercise, "cannot be checked: run the cells at the top of the notebook first"
            )
            return
        known = {case.probe for case in self.key.exercises[exercise].cases}
        runs = [probe for probe in map(as_probe, probes) if probe.name in known]
        if not runs:
            return  # a call of the hidden region, in the instructor's notebook
        evidence = {
            (probe.name, index): read(probe, observe(probe, subject, seed), seed)
            for probe in runs
            for index, seed in enumerate(VISIBLE_SEEDS)
        }
        verdict = judge(
            self.key.exercises[exercise], evidence, {probe.name: probe for probe in runs}
        )
        self.verdicts[exercise] = verdict
        self._show(verdict, [*evidence.values()])

    def _show(self, verdict: Verdict, evidence: list[Evidence]) -> None:
        if verdict.passed:
            print(verdict.line)
            return
        self._fail(verdict.exercise, verdict.message)
        first = next((e.exception for e in evidence if e.exception is not None), None)
        if first is not None and not isinstance(first, NotImplementedError):
            print(_own_traceback(first))

    def _fail(self, exercise: str, message: str) -> None:
        if "NBGRADER_VALIDATING" in os.environ:
            raise CheckFailed(f"{exercise}: {message}")
        print(f"✗ {exercise}  {message}")

    def summary(self) -> None:
        """Print every exercise with its points and state."""
        if self.key is None:
            print("Nothing to sum up: run the cells at the top of the notebook first.")
            return
        width = max(map(len, [*self.key.exercises, *self.key.written, "exercise"]))
        print(f"{'exercise':{width}}  points  state")
        for exercise in self.key.exercises.values():
            print(f"{exercise.name:{width}}  {exercise.points:6g}  {self._state(exercise.name)}")
        for name, points in self.key.written.items():
            print(f"{name:{width}}  {points:6g}  written, graded by hand")
        passed = sum(self.key.exercises[n].points for n, v in self.verdicts.items() if v.passed)
        print(
            f"\n{passed:g} of {self.key.max_score:g} points pass their checks; "
            "grading uses further inputs."
        )

    def _state(self, name: str) -> str:
        verdict = self.verdicts.get(name)
        if verdict is None:
            return "not checked yet"
        return "✓" if verdict.passed else f"✗ {verdict.feedback}"


def _own_traceback(exception: BaseException) -> str:
    """The traceback without this package's frames."""
    here = str(Path(__file__).parent)
    trace = traceback.TracebackException.from_exception(exception)
    own = [frame for frame in trace.stack if not frame.filename.startswith(here)]
    trace.stack = traceback.StackSummary.from_list(own)
    return "".join(trace.format()).rstrip()


def summary() -> None:
    """Print every exercise of the notebook with its points and whether its check passes."""
    from autograder.checks import check

    if isinstance(check, Checker):
        check.summary()
