"""Experiments: versions of a student's cells, run in the sandbox, each with checks and asks.

All cells of the submission run first, as they do for grading; then each version of a solution cell
in turn, and what is tried with it: the cases that students see, with other seeds too, and nothing
of the hidden ones. What comes back is evidence, which is compared here.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from autograder.assignment.checks_text import ChecksText
from autograder.checks.evidence import Evidence, EvidenceError, from_bytes
from autograder.checks.running import Place
from autograder.grading.execute import execute
from autograder.grading.forks.requests import PlannedCheck, Step
from autograder.grading.jobs import Execution, Found, Job
from autograder.grading.limits import TookTooLongError
from autograder.grading.submission import Grader, Submission
from autograder.questions.asks import Ask, to_text
from autograder.questions.code import Code
from autograder.questions.sights import Answer, MisreadError, answers_in

STEP_SECONDS, SECONDS = 10.0, 240.0  # for one step; for versions that are run together
ALL_SECONDS = 900.0  # for a submission
SLOW = "its code takes too long to be asked about"
CASES, ASKS = "cases of {} {}", "asks of {} {}"
TAIL = "\n\nfrom autograder.questions.looking import answer_asks, same_cases\n"


@dataclass(frozen=True)
class Version:
    """A text of a solution cell, the seeds that its cases are run with, and what is asked of it."""

    code: Code
    text: str
    seeds: tuple[int, ...] = ()
    asks: tuple[Ask, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What came of a version: evidence by case, and the answers to its asks."""

    cases: Mapping[Place, bytes] = field(default_factory=dict)
    answers: Sequence[Answer] = ()

    @property
    def evidence(self) -> dict[Place, Evidence]:
        """The cases that can be read."""
        return {place: _read(data) for place, data in self.cases.items()}


class Laboratory:
    """A submission, and the way to run versions of its cells."""

    def __init__(self, grader: Grader, submission: Submission) -> None:
        self._grader, self._texts = grader, ChecksText(grader.verifier.source)
        self._job = submission.job
        self._left = ALL_SECONDS
        self._known: dict[str, str] = {}  # texts of checks, by exercise

    @property
    def cells(self) -> tuple[Step, ...]:
        """The submission's own cells, without checks."""
        return tuple(step for step in self._job.steps if step.check is None)

    def run(self, versions: Sequence[Version]) -> list[Outcome]:
        """What came of each version, in one process or, where one is killed, several.

        Raises MisreadError where evidence is not what was asked for, and TookTooLongError.
        """
        if not versions:
            return []
        if self._left <= 0:
            raise TookTooLongError(SLOW)
        begun = time.monotonic()
        execution = execute(self._planned(versions))
        self._left -= time.monotonic() - begun
        return [_outcome(execution, number, each) for number, each in enumerate(versions)]

    def _planned(self, versions: Sequence[Version]) -> Job:
        seconds = min(STEP_SECONDS, self._job.limits.cell_seconds)
        limits = replace(self._job.limits, cell_seconds=seconds, total=min(SECONDS, self._left))
        checks = {
            check.exercise: check for n, v in enumerate(versions) for check in self._checks(n, v)
        }
        first = max((step.index for step in self.cells), default=-1) + 1
        steps = [step for n, each in enumerate(versions) for step in _steps(n, each)]
        numbered = (replace(step, index=first + at) for at, step in enumerate(steps))
        return Job((*self.cells, *numbered), limits, self._job.given, checks)

    def _checks(self, number: int, version: Version) -> Iterator[PlannedCheck]:
        exercise, subject = version.code.exercise, version.code.subject
        text = self._text(exercise)
        if version.seeds:
            name = CASES.format(number, exercise)
            same = f"same_cases({exercise!r}, {name!r})"
            yield PlannedCheck(name, subject, f"{text}{same}\n", version.seeds)
        if version.asks:
            name = ASKS.format(number, exercise)
            asked = f"answer_asks({exercise!r}, {name!r}, {to_text(version.asks)!r})"
            yield PlannedCheck(name, subject, f"{text}{asked}\n", (0,))

    def _text(self, exercise: str) -> str:
        if exercise not in self._known:
            self._known[exercise] = self._texts.visible(exercise) + TAIL
        return self._known[exercise]


def _steps(number: int, version: Version) -> Iterator[Step]:
    """The cell, what is tried with it, and the cell as it was handed in."""
    exercise = version.code.exercise
    yield Step(0, version.text)
    if version.seeds:
        yield Step(0, "", CASES.format(number, exercise))
    if version.asks:
        yield Step(0, "", ASKS.format(number, exercise))
    if version.text != version.code.text:
        yield Step(0, version.code.text)


def _outcome(execution: Execution, number: int, version: Version) -> Outcome:
    exercise = version.code.exercise
    cases = execution.found.get(CASES.format(number, exercise), Found()).cases
    asked = execution.found.get(ASKS.format(number, exercise), Found()).cases
    evidence = _read(asked[place]) if (place := ("answers", 0)) in asked else Evidence(error="died")
    return Outcome(cases, answers_in(evidence, len(version.asks)))


def _read(data: bytes) -> Evidence:
    try:
        return from_bytes(data)
    except EvidenceError as error:
        raise MisreadError(str(error)) from None
