"""Verification: evidence against the hidden key, in a process that student code never enters."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import takewhile

import torch

from autograder.assignment.artefacts import artefact, right_answers
from autograder.assignment.checks_text import ChecksText
from autograder.assignment.keyring import kept_key
from autograder.assignment.memory import memory_at_most
from autograder.assignment.released import key_of, text_in_file, with_libraries_of
from autograder.assignment.source import Source
from autograder.assignment.trial import load, time_limit, trial
from autograder.checks.artefact import Artefact, rejected
from autograder.checks.evidence import UNUSABLE, Evidence, EvidenceError, from_bytes, printable
from autograder.checks.identity import own_code
from autograder.checks.key import VISIBLE_SEEDS, Key
from autograder.checks.language import _, speaking
from autograder.checks.measuring import measure
from autograder.checks.model_file import ModelError, unpack
from autograder.checks.predictions import Predictions, read_predictions
from autograder.checks.probes import Probe
from autograder.checks.running import Place, read
from autograder.checks.verdict import Verdict, judge, obeying
from autograder.grading.causes import missing
from autograder.grading.forks.requests import PlannedCheck
from autograder.grading.jobs import Execution, Found, Job
from autograder.grading.limits import TookTooLongError, at_most
from autograder.grading.recent import Recent
from autograder.settings import Course

READING_SECONDS, READING_MEMORY = 30.0, 2 * 2**30  # of processor time, for one case; bytes
RECENT = 256  # answers to single exercises


class Verifier:
    """An assignment's hidden key and probes, ready to judge any number of executions."""

    def __init__(self, course: Course, source: Source) -> None:
        self.source, self._language = source, course.language
        self.key: Key = self._key(course)
        self.seeds = {name: self.key.exercises[name].seeds for name in source.checks}
        module = load(source)
        self.trials = {name: trial(source, module, name) for name in source.checks}
        self._judged: Recent[Verdict] = Recent(RECENT)
        self.artefacts: dict[str, Artefact | Predictions] = {
            name: artefact(source, module, name) for name in source.artefacts
        }
        self._held_out = {n: course.hidden_seeds(source.assignment, n)[0] for n in self.artefacts}

    def _key(self, course: Course) -> Key:
        released = key_of(text_in_file(course.released(self.source.assignment)))
        return with_libraries_of(kept_key(course, self.source), released)

    def _text(self, exercise: str) -> str:
        return ChecksText(self.source).complete(exercise)

    def planned(self) -> dict[str, PlannedCheck]:
        """What a kernel must know to run each check."""
        return {
            name: PlannedCheck(
                name, self.source.subjects[name], self._text(name), tuple(self.seeds[name])
            )
            for name in self.source.checks
        }

    def rests_on(self) -> dict[str, str]:
        """By exercise, a hash of all that its evidence depends on besides the student's cells."""
        texts, kit = ChecksText(self.source), own_code().hex()
        return {
            name: hashlib.sha256(f"{check}\0{texts.given(name)}\0{kit}".encode()).hexdigest()
            for name, check in self.planned().items()
        }

    def verdicts(self, execution: Execution, job: Job) -> list[Verdict]:
        """A verdict for every exercise, whatever came of the job."""
        return [self.verdict(name, execution, job) for name in self.key.exercises]

    def verdict(self, name: str, execution: Execution, job: Job) -> Verdict:
        """A verdict on one exercise, in words that can be shown, of the course's language."""
        with speaking(self._language):
            return _told(self._verdict(name, execution, job))

    def _verdict(self, name: str, execution: Execution, job: Job) -> Verdict:
        found = execution.found.get(name, Found())
        if name in self.artefacts:
            return self.verdict_on_model(name, found)
        cases = self._known(name, found.cases)
        verdict = self._judged.get((name, *cases.items()), lambda: self._judge(name, cases))
        if not cases and found.error is not None:
            return _explained(replace(verdict, detail=found.error), execution, job)
        cells = _cells_before(name, job)
        verdict = obeying(verdict, self.trials[name].broken(cells, execution.failures.keys()))
        return _explained(verdict, execution, job)

    def verdict_on_model(self, name: str, found: Found) -> Verdict:
        """A verdict on what an artefact's file holds."""
        declared, points = self.artefacts[name], self.key.exercises[name].points
        if found.model is None:
            return rejected(name, points, found.error or _("no model file was read"))
        if isinstance(declared, Predictions):
            return self._verdict_on_predictions(name, declared, found.model)
        try:
            with time_limit(declared.seconds), _one_thread():
                measures = measure(declared, unpack(found.model), self._held_out[name])
        except ModelError as error:
            return rejected(
                name, points, _("the model file {problem}").format(problem=error), error.detail
            )
        except TimeoutError:
            said = _("measuring the model took more than {seconds:g} s")
            return rejected(name, points, said.format(seconds=declared.seconds))
        return declared.judge(name, points, measures)

    def _verdict_on_predictions(self, name: str, declared: Predictions, data: bytes) -> Verdict:
        points = self.key.exercises[name].points
        try:
            measures = declared.measure(
                read_predictions(data), right_answers(self.source, declared)
            )
        except ModelError as error:
            return rejected(name, points, _("the predictions file {problem}").format(problem=error))
        return declared.judge(name, points, measures)

    def _known(self, name: str, cases: Mapping[Place, bytes]) -> dict[Place, bytes]:
        """The cases that are judged, in their order; student code may have sent others."""
        exercise = self.key.exercises[name]
        places = [(case.probe, case.index) for case in exercise.cases]
        if exercise.library is not None:
            places += [(probe, len(exercise.seeds)) for probe in exercise.library.probes]
        return {place: cases[place] for place in places if place in cases}

    def _judge(self, name: str, cases: Mapping[Place, bytes]) -> Verdict:
        """Right answers are often the same to the last bit, so that this is rarely called."""
        probes, seeds = self.trials[name].spec.probes, (*self.seeds[name], VISIBLE_SEEDS[0])
        evidence = {
            (probe, index): _read(probes[probe], _parse(data), seeds[index])
            for (probe, index), data in cases.items()
        }
        return judge(self.key.exercises[name], evidence, probes, seeds)


def _read(probe: Probe, evidence: Evidence, seed: int) -> Evidence:
    """A reading works with arrays of whatever shape a student sent."""
    if not probe.has_reading:
        return evidence
    try:
        with at_most(READING_SECONDS), memory_at_most(READING_MEMORY):
            return read(probe, evidence, seed)
    except TookTooLongError as error:
        return Evidence(error=UNUSABLE, detail=str(error))


def _told(verdict: Verdict) -> Verdict:
    """The verdict, with nothing of a student's in it that would steer a terminal or fill a file."""
    feedback, detail = printable(verdict.feedback), printable(verdict.detail)
    return replace(verdict, feedback=feedback, detail=detail)


def _explained(verdict: Verdict, execution: Execution, job: Job) -> Verdict:
    """The verdict; where a name is missing, with the cell that should have defined it."""
    why = missing(verdict.detail, job.cells, execution.failures)
    return replace(verdict, feedback=f"{verdict.feedback}; {why}") if why else verdict


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Sums in the same order on every machine and by every way of grading."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _cells_before(exercise: str, job: Job) -> list[str]:
    """The texts of the cells that ran before an exercise's check."""
    before = takewhile(lambda step: step.check != exercise, job.steps)
    return [step.text for step in before if step.check is None]


def _parse(data: bytes) -> Evidence:
    try:
        return from_bytes(data)
    except EvidenceError as error:
        return Evidence.of_exception(error)
