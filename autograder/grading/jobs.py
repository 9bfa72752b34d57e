"""Jobs and what comes of them: all that execution depends on, and the evidence by exercise."""

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property

from autograder.checks.running import Place
from autograder.grading.forks.requests import PlannedCheck, Step
from autograder.grading.models import ModelFile

CELLS_TOGETHER = 5  # what all cells of a submission may take, in times of one


@dataclass(frozen=True)
class Limits:
    """Seconds for one cell and for all of them, whether the sandbox is on, and what it hides."""

    cell_seconds: float
    confined: bool = True
    total: float | None = None
    hidden: tuple[str, ...] = ()  # folders: the course's

    @property
    def seconds(self) -> float:
        """For all cells of a submission."""
        return CELLS_TOGETHER * self.cell_seconds if self.total is None else self.total


@dataclass(frozen=True)
class Job:
    """Code cells in order, with a check in the place of each check cell, and model files.

    `written` are the endings of model files that the cells themselves write, by exercise.
    """

    steps: tuple[Step, ...]
    limits: Limits
    given: str = ""
    checks: Mapping[str, PlannedCheck] = field(default_factory=dict)
    models: Mapping[str, ModelFile] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    rests_on: Mapping[str, str] = field(default_factory=dict)  # by exercise: a hash of its check

    @cached_property
    def digest(self) -> str:
        """A hash of what runs before any check; evidence is kept under it."""
        texts = [step.text for step in self.steps]
        limits = [self.limits.cell_seconds, self.limits.confined, self.limits.seconds]
        said = json.dumps([texts, limits, dict(self.written)])
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def cells(self) -> list[Step]:
        """The steps that run a cell, in order; the same for any part of the job."""
        return [step for step in self.steps if step.check is None]

    @property
    def exercises(self) -> dict[str, str]:
        """By exercise, a hash of all that its evidence depends on besides the cells."""
        code = {step.check: self.rests_on.get(step.check, "") for step in self.steps if step.check}
        models = {name: file.digest for name, file in self.models.items()}
        return {**code, **models, **dict(self.written)}

    @property
    def kept_under(self) -> dict[str, str]:
        """By exercise, under which digest its evidence is kept: that of a model file is its own."""
        of_cells = dict.fromkeys(self.exercises, self.digest)
        return {**of_cells, **{name: file.digest for name, file in self.models.items()}}

    def only(self, exercises: AbstractSet[str]) -> "Job":
        """The part that leaves evidence of some exercises; model files need no cells."""
        steps = () if exercises <= self.models.keys() else self.steps
        return replace(
            self,
            steps=tuple(s for s in steps if s.check is None or s.check in exercises),
            models={name: file for name, file in self.models.items() if name in exercises},
            written={name: end for name, end in self.written.items() if name in exercises},
        )


@dataclass(frozen=True)
class Found:
    """What came of one exercise: evidence by case, or a model, packed; or the error instead."""

    cases: Mapping[Place, bytes] = field(default_factory=dict)
    model: bytes | None = None
    error: str | None = None


@dataclass(frozen=True)
class Execution:
    """What came of a job: by exercise; what the watch noticed; and errors by index of its cell.

    It is not certain where the machine may have been too busy for it.
    """

    found: Mapping[str, Found]
    noticed: tuple[str, ...] = ()
    failures: Mapping[int, str] = field(default_factory=dict)
    certain: bool = True
