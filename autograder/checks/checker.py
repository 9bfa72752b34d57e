"""`check` and `summary`: what students call, and see at once."""

import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.checks.artefact import Artefact, rejected
from autograder.checks.key import VISIBLE_SEEDS, Exercise, Key, decode
from autograder.checks.measuring import PUBLIC_SEED, build, difference, layout, measure
from autograder.checks.model_file import (
    ModelError,
    contents,
    model_files,
    none_found,
    read_model,
)
from autograder.checks.probes import Probe, as_probe, observe, read
from autograder.checks.rules import Rule, broken
from autograder.checks.text.history import cells_so_far
from autograder.checks.verdict import Verdict, judge, obeying


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

    def __call__(
        self, exercise: str, subject: Any, *probes: Probe | Callable, rules: Sequence[Rule] = ()
    ) -> None:
        """Check `subject`, the student's function or class, and print ✓ or ✗ with the error.

        `rules` are about the text of its definition and of what that reaches.
        """
        if not self._knows(exercise):
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
        if cells := cells_so_far():
            verdict = obeying(verdict, broken(rules, cells, getattr(subject, "__name__", "")))
        raised = [e.exception for e in evidence.values() if e.exception is not None]
        self._show(verdict, next(iter(raised), None))

    def artefact(self, exercise: str, artefact: Artefact) -> None:
        """Measure the newest model file beside the notebook, on public data, and print ✓ or ✗.

        The file is read as it will be read while grading, into the student's own architecture,
        which must be the given one.
        """
        if not self._knows(exercise):
            return
        known, cause = self.key.exercises[exercise], None
        try:
            verdict = _measured(known, artefact)
        except ModelError as error:
            verdict, cause = rejected(exercise, known.points, str(error), error.detail), error
        self._show(verdict, cause and cause.__cause__)

    def _knows(self, exercise: str) -> bool:
        if self.key is not None and exercise in self.key.exercises:
            return True
        self._fail(exercise, "cannot be checked: run the cells at the top of the notebook first")
        return False

    def _show(self, verdict: Verdict, cause: BaseException | None) -> None:
        self.verdicts[verdict.exercise] = verdict
        if verdict.passed:
            print(verdict.line)
            return
        self._fail(verdict.exercise, verdict.message)
        if cause is not None and not isinstance(cause, NotImplementedError):
            print(_own_traceback(cause))

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
        passed = sum(verdict.score for verdict in self.verdicts.values() if verdict.passed)
        print(
            f"\n{passed:g} of {self.key.max_score:g} points pass their checks; "
            "grading uses further inputs."
        )

    def _state(self, name: str) -> str:
        verdict = self.verdicts.get(name)
        if verdict is None:
            return "not checked yet"
        if not verdict.passed:
            return f"✗ {verdict.feedback}"
        full = verdict.score == verdict.max_score
        return "✓" if full else f"✓ {verdict.score:g} of {verdict.max_score:g} points"


def _measured(exercise: Exercise, artefact: Artefact) -> Verdict:
    """What the newest model file beside the notebook would earn. Raises ModelError."""
    if problem := difference(exercise.cases[0].expected.value, _own_layout(artefact)):
        raise ModelError(f"your architecture is not the given one: {problem}")
    files = model_files(Path.cwd(), artefact.ending)
    if not files:
        raise ModelError(none_found(artefact.ending))
    path = files[-1]
    try:
        found = measure(artefact, read_model(contents(path)), PUBLIC_SEED)
    except ModelError as error:
        raise ModelError(f"{path.name} {error}", error.detail) from error.__cause__
    verdict = artefact.judge(exercise.name, exercise.points, found)
    return replace(verdict, feedback=f"{path.name}: {verdict.feedback}")


def _own_layout(artefact: Artefact) -> dict[str, str]:
    try:
        return layout(build(artefact, artefact.smallest))
    except ModelError as error:
        unwritten = isinstance(error.__cause__, NotImplementedError)
        said = "not written yet" if unwritten else "your architecture cannot be built"
        raise ModelError(said) from error.__cause__


def _own_traceback(exception: BaseException) -> str:
    """The traceback without this package's frames."""
    here = str(Path(__file__).parent)
    trace = traceback.TracebackException.from_exception(exception)
    own = [frame for frame in trace.stack if not frame.filename.startswith(here)]
    trace.stack = traceback.StackSummary.from_list(own)
    return "".join(trace.format()).rstrip()


check = Checker()


def summary() -> None:
    """Print every exercise of the notebook with its points and whether its check passes."""
    if isinstance(check, Checker):
        check.summary()
