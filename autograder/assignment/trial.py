"""Trying solutions: an exercise's check on the reference, a mistake or a mutant, with any seeds."""

import signal
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

from autograder.assignment.checks_file import read_specs
from autograder.assignment.definitions import define, definitions
from autograder.assignment.source import Source, SourceError
from autograder.checks.evidence import Evidence
from autograder.checks.key import Exercise
from autograder.checks.probes import Probe
from autograder.checks.rules import broken
from autograder.checks.running import Place, read, run_check
from autograder.checks.spec import Spec, Specs
from autograder.checks.verdict import EvidenceByCase, Verdict, judge, obeying

SECONDS = 20  # for one case; a mutant may never end


@dataclass(frozen=True)
class Trial:
    """An exercise's specification, and the object of a source's own, or of a changed one."""

    spec: Spec
    subject: Any
    name: str  # of the subject
    namespace: dict[str, Any]  # where it stands
    hidden: bool = True

    @property
    def probes(self) -> list[Probe]:
        """Those that are run: all, or the visible ones."""
        return list(self.spec.probes.values()) if self.hidden else self.spec.visible

    def judge(
        self,
        exercise: Exercise,
        evidence: EvidenceByCase,
        seeds: Sequence[int],
        cells: Sequence[str] = (),
    ) -> Verdict:
        """The verdict on evidence, and on the texts of the cells that it came from."""
        verdict = judge(exercise, evidence, self.spec.probes, seeds)
        return obeying(verdict, self.broken(cells) if cells else "")

    def broken(self, cells: Sequence[str], failed: Collection[int] = ()) -> str:
        """Which rule an answer breaks, as it stands in a notebook's cells; empty where none.

        `failed` are the indices of cells that ended with an error.
        """
        return broken(self.spec.rules, cells, self.name, self.spec.stand_ins, failed)

    def observe(self, seeds: Sequence[int], seconds: float = SECONDS) -> dict[Place, Evidence]:
        """Evidence by case, as read; a case that takes longer is a TimeoutError."""
        return dict(self.one_by_one(seeds, seconds))

    def one_by_one(
        self, seeds: Sequence[int], seconds: float = SECONDS
    ) -> Iterator[tuple[Place, Evidence]]:
        """As `observe`, for those who may have seen enough before the last case."""

        @contextmanager
        def around() -> Iterator[None]:
            with time_limit(seconds), self.spec.around(self.namespace):
                yield

        tried = self.spec.tried
        for place, evidence in run_check(
            self.probes, self.subject, seeds, around=around, tried=tried
        ):
            with time_limit(seconds):
                found = read(self.spec.probes[place[0]], evidence, seeds[place[1]])
            yield place, found


def load(source: Source) -> ModuleType:
    """The source's definitions, solutions among them. Raises SourceError."""
    try:
        return definitions(source.text, source.path)
    except Exception as error:
        raise SourceError.raised(source.path, error) from error


def load_with(source: Source, solution: str) -> ModuleType:
    """The source's definitions, with those of another solution cell in the place of its own."""
    module = load(source)
    define(module, solution, source.path)
    return module


@lru_cache(maxsize=8)
def specs_of(source: Source) -> Specs:
    """The specifications of a source, made once. Raises SourceError."""
    return read_specs(source)


def trial(source: Source, module: ModuleType, exercise: str, *, hidden: bool = True) -> Trial:
    """What the check of an exercise would check in a module."""
    name = source.subjects[exercise]
    return Trial(
        specs_of(source)[exercise],
        getattr(module, name, None),
        name,
        vars(module),
        hidden,
    )


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after so many seconds, again where that was caught; main thread only."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"took more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
