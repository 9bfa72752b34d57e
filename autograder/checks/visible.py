"""Checks as students see them: public seeds, the key in the notebook, one line of ✓ or ✗."""

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.checks.artefact import Artefact, rejected
from autograder.checks.evidence import Evidence
from autograder.checks.key import VISIBLE_SEEDS, Exercise, Key, decode
from autograder.checks.measuring import PUBLIC_SEED, build, difference, layout, measure
from autograder.checks.model_file import (
    Configuration,
    ModelError,
    contents,
    model_files,
    none_found,
    read_model,
)
from autograder.checks.rules import broken
from autograder.checks.running import Place, read, run_check, standing_in
from autograder.checks.spec import Spec, specs
from autograder.checks.text.history import cells_so_far
from autograder.checks.verdict import Verdict, judge, obeying

UNKNOWN = "cannot be checked: run the cells {} first"


class CheckFailed(Exception):
    """A visible check failed while `nbgrader validate` runs, which counts exceptions only."""

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


class VisibleChecks:
    """Runs an exercise's probes with the public seeds, compares with the key, prints one line."""

    def __init__(self) -> None:
        self.key: Key | None = None
        self.verdicts: dict[str, Verdict] = {}

    def load(self, key: str) -> None:
        """Take the visible key that the build wrote into the notebook; forget earlier results."""
        self.key, self.verdicts = decode(key), {}

    def check(self, exercise: str, subject: object, namespace: dict[str, Any]) -> None:
        """Print ✓ or ✗ for a function, class or artefact that stands in a namespace."""
        known = self.key.exercises.get(exercise) if self.key else None
        if known is None:
            self._fail(exercise, UNKNOWN.format("at the top of the notebook"))
        elif known.is_code and not _has_cases(known):
            self._fail(exercise, UNKNOWN.format("above this one, the folded one too,"))
        elif isinstance(subject, Artefact):
            self._check_artefact(known, subject)
        else:
            self._check_code(known, specs()[exercise], subject, namespace)

    def _check_code(
        self, known: Exercise, spec: Spec, subject: object, namespace: dict[str, Any]
    ) -> None:
        evidence = visible_evidence(spec, subject, namespace)
        verdict = judge(known, _as_read(spec, evidence), spec.probes, VISIBLE_SEEDS)
        if spec.rules and self.key:
            stop = self.key.subjects - {known.subject}
            verdict = obeying(verdict, broken(spec.rules, cells_so_far(), known.subject, stop))
        raised = [e.exception for e in evidence.values() if e.exception is not None]
        self._show(verdict, next(iter(raised), None))

    def _check_artefact(self, known: Exercise, artefact: Artefact) -> None:
        """Measure the newest model file beside the notebook, on public data.

        The file is read as it will be read while grading, into the student's own architecture,
        which must be the given one.
        """
        cause = None
        try:
            verdict = _measured(known, artefact)
        except ModelError as error:
            verdict, cause = rejected(known.name, known.points, str(error), error.detail), error
        self._show(verdict, cause and cause.__cause__)

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


def _has_cases(exercise: Exercise) -> bool:
    """Whether the cell with the code of its cases has run."""
    return {case.probe for case in exercise.cases} <= specs()[exercise.name].probes.keys()


def visible_evidence(
    spec: Spec, subject: object, namespace: dict[str, Any]
) -> dict[Place, Evidence]:
    """What a student's object does in every visible case."""

    @contextmanager
    def around() -> Iterator[None]:
        with spec.guard(), standing_in(namespace, spec.stand_ins):
            yield

    return dict(run_check(spec.visible, subject, VISIBLE_SEEDS, around=around))


def _as_read(spec: Spec, evidence: dict[Place, Evidence]) -> dict[Place, Evidence]:
    return {
        (name, index): read(spec.probes[name], found, VISIBLE_SEEDS[index])
        for (name, index), found in evidence.items()
    }


def _measured(exercise: Exercise, artefact: Artefact) -> Verdict:
    """What the newest model file beside the notebook would earn. Raises ModelError."""
    files = model_files(Path.cwd(), artefact.ending)
    with _naming(files):
        model = read_model(contents(files[-1])) if files else None
    _refuse_own_architecture(exercise, artefact, model.configuration if model else {})
    if model is None:
        raise ModelError(none_found(artefact.ending))
    with _naming(files):
        found = measure(artefact, model, PUBLIC_SEED)
    verdict = artefact.judge(exercise.name, exercise.points, found)
    return replace(verdict, feedback=f"{files[-1].name}: {verdict.feedback}")


@contextmanager
def _naming(files: list[Path]) -> Iterator[None]:
    """Let what is wrong with the newest file begin with its name."""
    try:
        yield
    except ModelError as error:
        raise ModelError(f"{files[-1].name} {error}", error.detail) from error.__cause__


def _refuse_own_architecture(
    exercise: Exercise, artefact: Artefact, configuration: Configuration
) -> None:
    """Compare the kind of model that a file holds, or the first kind where there is no file."""
    kind = artefact.kind_of(configuration)
    if len(artefact.kinds) != len(exercise.cases):
        raise ModelError("your limits are not the given ones")
    expected = exercise.cases[kind].expected.value
    if problem := difference(expected, _own_layout(artefact, artefact.kinds[kind])):
        raise ModelError(f"your architecture is not the given one: {problem}")


def _own_layout(artefact: Artefact, kind: Configuration) -> dict[str, str]:
    try:
        return layout(build(artefact, kind))
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
