"""Checks inside a grading kernel: every case with the hidden seeds; the evidence goes away.

There is no key here, nothing is compared, nothing printed.
"""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.assignment.definitions import definitions
from autograder.assignment.specs import load_specs
from autograder.checks.evidence import Evidence, EvidenceError, to_bytes
from autograder.checks.running import run_check
from autograder.checks.spec import Spec
from autograder.grading.forks.messages import CaseObserved, Message
from autograder.grading.forks.requests import PlannedCheck


class Recorder:
    """Runs checks on what stands in the student's namespace, and sends each case as it ends."""

    def __init__(
        self, given: str, checks: Sequence[PlannedCheck], send: Callable[[Message], None]
    ) -> None:
        self._text, self._send = given, send
        self._checks = {check.exercise: check for check in checks}

    def run(self, exercise: str, student: dict[str, Any]) -> None:
        """Observe every case, one by one: a crash keeps those before it.

        Cases and their helpers come from the source, so that a student who redefines a given
        function changes nothing. Raises NameError where the student has defined no subject.
        """
        check = self._checks[exercise]
        if check.subject not in student:
            raise NameError(f"name {check.subject!r} is not defined")
        spec, subject = self._spec(check), student[check.subject]
        probes, around = spec.probes.values(), partial(spec.around, student)
        cases = run_check(probes, subject, check.seeds, around=around, tried=spec.tried)
        for place, evidence in cases:
            self._send(CaseObserved(exercise, place, _bytes(evidence)))

    def _spec(self, check: PlannedCheck) -> Spec:
        return load_specs(check.text, self._given, Path(f"<check {check.exercise}>"))[
            check.exercise
        ]

    @cached_property
    def _given(self) -> ModuleType:
        return definitions(self._text, Path("given.py"))


def _bytes(evidence: Evidence) -> bytes:
    try:
        return to_bytes(evidence)
    except EvidenceError as error:
        return to_bytes(Evidence.of_exception(error))
