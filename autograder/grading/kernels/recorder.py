"""`check` while grading: run every probe with the hidden seeds and send the evidence away."""

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import autograder
from autograder.checks import checker
from autograder.checks.evidence import Evidence, EvidenceError, to_bytes
from autograder.checks.model_file import contents, model_files
from autograder.checks.probes import Probe, as_probe, observe
from autograder.grading.kernels.watch import Watch
from autograder.assignment.definitions import definitions

HEADER = struct.Struct(">HI")  # of a frame: sizes of its name and of its bytes
MAX_NAME = 500
REPORT = "report"  # the name of the frame that holds what the watch noticed
ENDED = "ended"  # the name of frames that say which cell has ended, and how


@dataclass(frozen=True)
class Plan:
    """What a grading kernel must know: hidden seeds, given definitions, and check cells in full."""

    seeds: Mapping[str, Sequence[int]]
    given: str  # the source without its solutions
    checks: Mapping[str, str]


def case_name(exercise: str, probe: str, index: int) -> str:
    """The name under which the evidence of one case travels."""
    return f"{exercise}.{probe}.{index}"


def written_by_cells(exercise: str) -> str:
    """The name under which a model file travels."""
    return f"{exercise}.file"


def frame(name: str, data: bytes) -> bytes:
    """One case's evidence as it goes through the pipe."""
    encoded = name.encode()
    return HEADER.pack(len(encoded), len(data)) + encoded + data


class Recorder:
    """Stands behind `check` in the student's process: no key, no comparison, nothing printed."""

    def __init__(self, plan: Plan, stream: BinaryIO, watch: Watch | None = None) -> None:
        self.plan, self.stream, self.watch = plan, stream, watch

    def replace_check(self) -> None:
        """Stand where student notebooks, and what they import, find `check`."""
        autograder.check = checker.check = self

    def load(self, key: str) -> None:
        """The visible key is of no use here."""

    def run(self, exercise: str, student: dict[str, Any]) -> None:
        """Run an exercise's whole check cell on what the student's namespace holds.

        Probes and their helpers come from the source, so that a student who redefines a given
        function changes nothing.
        """
        namespace = {**student, **self._given, "check": self}
        exec(compile(self.plan.checks[exercise], f"<check {exercise}>", "exec"), namespace)

    @cached_property
    def _given(self) -> dict[str, Any]:
        return dict(vars(definitions(self.plan.given, Path("given.py"))))

    def artefact(self, exercise: str, artefact: Any) -> None:
        """Model files are measured apart from all student code."""

    def hand_in(self, exercise: str, ending: str) -> None:
        """Send the newest model file that the cells wrote, as its bytes."""
        files = model_files(Path.cwd(), ending)
        if files:
            self.stream.write(frame(written_by_cells(exercise), contents(files[-1])))

    def report(self, shell: Any) -> None:
        """Send what the watch noticed."""
        lines = self.watch.report(shell) if self.watch else []
        self.stream.write(frame(REPORT, json.dumps(lines).encode()))

    def __call__(
        self, exercise: str, subject: Any, *probes: Probe | Callable, rules: object = ()
    ) -> None:
        """Observe `subject` in every hidden case; sent one by one: a crash keeps the others.

        Rules are about texts, and judged elsewhere.
        """
        for probe in map(as_probe, probes):
            for index, seed in enumerate(self.plan.seeds.get(exercise, ())):
                evidence = _bytes(observe(probe, subject, seed))
                self.stream.write(frame(case_name(exercise, probe.name, index), evidence))


def _bytes(evidence: Evidence) -> bytes:
    try:
        return to_bytes(evidence)
    except EvidenceError as error:
        return to_bytes(Evidence.of_exception(error))
