"""Checks as students see them: public seeds, the key in the notebook, one line of ✓ or ✗."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from autograder.checks.artefact import Artefact, rejected
from autograder.checks.evidence import Evidence
from autograder.checks.explained import is_told, of_exception, of_nan
from autograder.checks.first_difference import first_difference
from autograder.checks.identity import identity
from autograder.checks.key import VISIBLE_SEEDS, Exercise, Key, decode
from autograder.checks.language import N_, _, speak
from autograder.checks.model_file import ModelError
from autograder.checks.own_frames import own_traceback, shortened
from autograder.checks.own_model import measured
from autograder.checks.predictions import Predictions, own_predictions
from autograder.checks.progress import Progress, Result, fingerprint, kept_progress
from autograder.checks.rules import broken
from autograder.checks.running import Place, read, run_check
from autograder.checks.shown.boxes import FAILED, PASSED, as_printed, boxed, marked
from autograder.checks.shown.errors import Errors
from autograder.checks.shown.front_end import shell, show
from autograder.checks.shown.summary import as_html
from autograder.checks.shown.tables import side_by_side
from autograder.checks.spec import Spec, specs
from autograder.checks.summing_up import as_text, summed_up
from autograder.checks.text.cell_texts import SOLUTION
from autograder.checks.text.history import cells_so_far
from autograder.checks.text.open_notebook import by_name, open_notebook
from autograder.checks.verdict import Verdict, judge, obeying

UNKNOWN = N_("cannot be checked: run the cells at the top of the notebook first")
NO_CASES = N_("cannot be checked: run the cells above this one, the folded one too, first")
FORM = N_("form accepted, graded later")
OTHER_CHECKS = N_(
    "The installed checks are not those that this notebook was made with, and may reject what is "
    "right. Put the course's newest wheel beside the notebook and run all cells again."
)
NO_EXERCISE = N_("is no exercise of this notebook")
CHANGED = N_(
    "cannot be checked: run the folded cell above again, as a name that it uses has changed "
    "({problem})"
)


class CheckFailed(Exception):
    """A visible check failed while `nbgrader validate` runs, which counts exceptions only."""

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


class VisibleChecks:
    """Runs an exercise's probes with the public seeds, compares with the key, prints one line."""

    def __init__(self) -> None:
        self.key: Key | None = None
        self.verdicts: dict[str, Verdict] = {}
        self.progress = Progress()
        self.errors = Errors()

    def load(self, key: str) -> None:
        """Take the visible key that the build wrote into the notebook, and what was kept of it."""
        self.key, self.verdicts, self.progress = decode(key), {}, Progress()
        speak(self.key.language, self.key.words)
        if self.key.checks not in ("", identity()):
            print(_(OTHER_CHECKS))
        if (notebook := shell()) is not None:
            self.errors.watch(notebook, self.key)
            self.progress = kept_progress(Path.cwd(), self.key.assignment, key)

    def check(self, exercise: str, subject: object, namespace: dict[str, Any]) -> None:
        """Print ✓ or ✗ for a function, class or artefact that stands in a namespace."""
        known = self.key.exercises.get(exercise) if self.key else None
        if self.key is None:
            self._fail(exercise, _(UNKNOWN))
        elif known is None:
            self._fail(exercise, _(NO_EXERCISE))
        elif known.is_code and not _has_cases(known):
            self._fail(exercise, _(NO_CASES))
        elif isinstance(subject, Artefact):
            self._check_artefact(known, subject)
        elif isinstance(subject, Predictions):
            self._check_predictions(known, subject)
        elif problem := _problem_of_inputs(specs()[exercise]):
            self._fail(exercise, _(CHANGED).format(problem=problem))
        else:
            self._check_code(known, specs()[exercise], subject, namespace)

    def _check_code(
        self, known: Exercise, spec: Spec, subject: object, namespace: dict[str, Any]
    ) -> None:
        evidence = visible_evidence(spec, subject, namespace)
        as_read = _as_read(spec, evidence)
        verdict = judge(known, as_read, spec.probes, VISIBLE_SEEDS)
        if spec.rules:
            problem = broken(spec.rules, cells_so_far(), known.subject, spec.stand_ins)
            verdict = obeying(verdict, problem)
        if verdict.passed and known.is_graded_later:
            verdict = replace(verdict, feedback=_(FORM))
        verdict = replace(verdict, detail=shortened(verdict.detail))
        if verdict.passed:
            self._show(verdict)
            return
        around = partial(spec.around, namespace)
        below = (
            of_exception(spec, evidence, verdict),
            of_nan(spec, evidence, verdict, subject, around),
        )
        self._show(verdict, below, _tables(known, spec, as_read, verdict))

    def _check_artefact(self, known: Exercise, artefact: Artefact) -> None:
        try:
            self._show(measured(known, artefact))
        except ModelError as error:
            verdict = rejected(known.name, known.points, str(error), error.detail)
            cause = error.__cause__
            self._show(verdict, [own_traceback(cause)] if is_told(cause) else [])

    def _check_predictions(self, known: Exercise, predictions: Predictions) -> None:
        """Their number: what they earn, graders alone can say."""
        try:
            said = own_predictions(predictions)
            self._show(Verdict(known.name, 0.0, known.points, True, 0.0, said))
        except ModelError as error:
            self._show(rejected(known.name, known.points, str(error)))

    def _show(self, verdict: Verdict, below: Sequence[str] = (), tables: str = "") -> None:
        self.verdicts[verdict.exercise] = verdict
        code = _ran().get(verdict.exercise, "")
        result = Result(verdict.passed, verdict.score, time.time(), code)
        self.progress.add(verdict.exercise, result)
        if verdict.passed:
            _show("✓", verdict.exercise, verdict.feedback)
        else:
            self._fail(verdict.exercise, verdict.message, below, tables)

    def _fail(
        self, exercise: str, message: str, below: Sequence[str] = (), tables: str = ""
    ) -> None:
        if "NBGRADER_VALIDATING" in os.environ:
            raise CheckFailed(f"{exercise}: {message}")
        _show("✗", exercise, message, below, tables)

    def summary(self) -> None:
        """Print every exercise with its points and state."""
        if self.key is None:
            print(_("Nothing to sum up: run the cells at the top of the notebook first."))
            return
        written, empty, where = _written(self.key)
        current = {**written, **_ran()}
        summary = summed_up(self.key, self.progress, self.verdicts, current, empty, where)
        show(as_text(summary), as_html(summary))


def _ran() -> dict[str, str]:
    """Hashes of solution cells as they ran last, by exercise."""
    cells = by_name(SOLUTION, cells_so_far())
    return {name: fingerprint(text) for name, text in cells.items()}


def _written(key: Key) -> tuple[dict[str, str], list[str], str]:
    """Hashes of solution cells as they are written, empty answers, and where that was read."""
    if shell() is None:
        return {}, [], ""
    try:
        found = open_notebook(key)
    except Exception:  # whatever a broken file or a silent browser provokes
        return {}, [], ""
    cells = {name: fingerprint(text) for name, text in found.solutions.items()}
    empty = [name for name in key.written if name in found.unsolved(key)]
    return cells, empty, found.where


def _show(mark: str, exercise: str, said: str, below: Sequence[str] = (), tables: str = "") -> None:
    """A check's line, what stands below it, and tables where there is more than text."""
    below = [text for text in below if text]
    colour = PASSED if mark == "✓" else FAILED
    html = boxed(colour, marked(mark, colour, said, exercise), tables, *map(as_printed, below))
    show("\n".join([f"{mark} {exercise}  {said}", *below]), html)


def _tables(
    known: Exercise, spec: Spec, evidence: Mapping[Place, Evidence], verdict: Verdict
) -> str:
    """The first difference in numbers; none where a law or a rule is what fails."""
    for case in known.cases:
        found = evidence.get((case.probe, case.index))
        if (case.probe, case.index) == verdict.place and found and found.error is None:
            is_told = case.weight and not spec.probes[case.probe].has_law
            difference = first_difference(case.expected.value, found.value) if is_told else None
            return side_by_side(difference) if difference else ""
    return ""


def _has_cases(exercise: Exercise) -> bool:
    """Whether the cell with the code of its cases has run."""
    return {case.probe for case in exercise.cases} <= specs()[exercise.name].probes.keys()


def _problem_of_inputs(spec: Spec) -> str:
    """Why inputs cannot be drawn: the names that the cases use stand in the notebook itself."""
    try:
        for probe in spec.visible:
            probe.inputs(VISIBLE_SEEDS[0])
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def visible_evidence(
    spec: Spec, subject: object, namespace: dict[str, Any]
) -> dict[Place, Evidence]:
    """What a student's object does in every visible case."""
    around = partial(spec.around, namespace)
    cases = run_check(spec.visible, subject, VISIBLE_SEEDS, around=around, tried=spec.tried)
    return dict(cases)


def _as_read(spec: Spec, evidence: dict[Place, Evidence]) -> dict[Place, Evidence]:
    return {
        (name, index): read(spec.probes[name], found, VISIBLE_SEEDS[index])
        for (name, index), found in evidence.items()
    }
