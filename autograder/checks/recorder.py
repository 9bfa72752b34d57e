"""`check` while grading: run every probe with the hidden seeds and leave the evidence in files."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.checks.evidence import Evidence, EvidenceError, to_bytes
from autograder.checks.probes import Probe, as_probe, observe
from autograder.definitions import definitions

PLAN_VARIABLE = "AUTOGRADER_PLAN"  # environment: the path of a plan, as JSON


@dataclass(frozen=True)
class Plan:
    """What a grading kernel must know: hidden seeds, given definitions, and check cells in full."""

    folder: str  # where evidence goes
    seeds: Mapping[str, Sequence[int]]
    given: str  # the source without its solutions
    checks: Mapping[str, str]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Plan":
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def file_name(exercise: str, probe: str, index: int) -> str:
    """The evidence file of one case."""
    return f"{exercise}.{probe}.{index}.safetensors"


class Recorder:
    """Stands behind `check` in the student's process: no key, no comparison, nothing printed."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def load(self, key: str) -> None:
        """The visible key is of no use here."""

    def run(self, exercise: str, student: dict[str, Any]) -> None:
        """Run an exercise's whole check cell on what the student's namespace holds.

        Probes and their helpers come from the source, so that a student who redefines a given
        function changes nothing.
        """
        given = definitions(self.plan.given, Path("given.py"))
        namespace = {**student, **vars(given), "check": self}
        exec(compile(self.plan.checks[exercise], f"<check {exercise}>", "exec"), namespace)

    def __call__(self, exercise: str, subject: Any, *probes: Probe | Callable) -> None:
        """Observe `subject` in every hidden case; a file for each, so that a crash keeps the rest."""
        for probe in map(as_probe, probes):
            for index, seed in enumerate(self.plan.seeds.get(exercise, ())):
                evidence = _bytes(observe(probe, subject, seed))
                path = Path(self.plan.folder) / file_name(exercise, probe.name, index)
                path.write_bytes(evidence)


def _bytes(evidence: Evidence) -> bytes:
    try:
        return to_bytes(evidence)
    except EvidenceError as error:
        return to_bytes(Evidence.of_exception(error))
