"""Verification: evidence against the hidden key, in a process that student code never enters."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile

import torch

from autograder.authoring.artefacts import artefact
from autograder.authoring.keyring import kept_key
from autograder.authoring.observation import load, time_limit, trial
from autograder.authoring.source import Source, read_source
from autograder.checks.artefact import Artefact, rejected
from autograder.checks.evidence import Evidence, EvidenceError, from_bytes
from autograder.checks.key import Key
from autograder.checks.measuring import measure
from autograder.checks.model_file import ModelError, unpack
from autograder.checks.probes import read
from autograder.checks.recorder import case_name
from autograder.checks.verdict import Verdict, judge, obeying
from autograder.grading.cache import Recent
from autograder.grading.execute import Execution, Job
from autograder.settings import Course

RECENT = 256  # answers to single exercises
Place = tuple[str, int]  # of a case: its probe and the index of its seed


class Verifier:
    """An assignment's hidden key and probes, ready to judge any number of executions."""

    def __init__(self, course: Course, assignment: str) -> None:
        self.source: Source = read_source(course.source_path(assignment))
        self.seeds = {n: course.hidden_seeds(assignment, n) for n in self.source.checks}
        self.key: Key = kept_key(course, self.source)
        module = load(self.source)
        self.trials = {name: trial(self.source, module, name) for name in self.source.checks}
        self._judged = Recent(RECENT)
        self.artefacts: dict[str, Artefact] = {
            name: artefact(self.source, module, name) for name in self.source.artefacts
        }
        self._held_out = {n: course.hidden_seeds(assignment, n)[0] for n in self.artefacts}

    def verdicts(self, execution: Execution, job: Job) -> list[Verdict]:
        """A verdict for every exercise, whatever came of the job."""
        return [self.verdict(name, execution, job) for name in self.key.exercises]

    def verdict(self, name: str, execution: Execution, job: Job) -> Verdict:
        """A verdict on one exercise."""
        if name in self.artefacts:
            return self.verdict_on_model(name, execution)
        found = self._found(name, execution)
        verdict = self._judged.get((name, *found.items()), lambda: self._judge(name, found))
        if not found and name in execution.errors:
            return replace(verdict, detail=execution.errors[name])
        tested = self.trials[name]
        return obeying(verdict, self._broken(name, job) if tested.rules else "")

    def verdict_on_model(self, name: str, execution: Execution) -> Verdict:
        """A verdict on what an artefact's file holds."""
        declared, points = self.artefacts[name], self.key.exercises[name].points
        if name not in execution.models:
            return rejected(name, points, execution.errors[name])
        try:
            with time_limit(declared.seconds), _one_thread():
                model = unpack(execution.models[name])
                found = measure(declared, model, self._held_out[name])
        except ModelError as error:
            return rejected(name, points, f"the model file {error}", error.detail)
        except TimeoutError:
            seconds = f"{declared.seconds:g} s"
            return rejected(name, points, f"measuring the model took more than {seconds}")
        return declared.judge(name, points, found)

    def _found(self, name: str, execution: Execution) -> dict[Place, bytes]:
        """What came of an exercise's cases. Right answers are often the same to the last bit."""
        places = {
            (c.probe, c.index): case_name(name, c.probe, c.index)
            for c in self.key.exercises[name].cases
        }
        sent = execution.evidence
        return {place: sent[case] for place, case in places.items() if case in sent}

    def _broken(self, name: str, job: Job) -> str:
        """What in the cells before a check breaks the exercise's rules."""
        before = takewhile(lambda cell: cell[1] != name, job.cells)
        others = {other.subject_name for other in self.trials.values()}
        return self.trials[name].broken(*(text for text, _ in before), stop=others)

    def _judge(self, name: str, found: dict[Place, bytes]) -> Verdict:
        probes = self.trials[name].by_name
        evidence = {
            (probe, index): read(probes[probe], _parse(data), self.seeds[name][index])
            for (probe, index), data in found.items()
        }
        return judge(self.key.exercises[name], evidence, probes)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Sums in the same order on every machine and by every way of grading."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _parse(data: bytes) -> Evidence:
    try:
        return from_bytes(data)
    except EvidenceError as error:
        return Evidence.of_exception(error)
