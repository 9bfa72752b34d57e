"""Running an exercise's check cell against a source's own solution, with any seeds."""

import signal
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import product
from traceback import extract_tb
from types import CodeType, ModuleType
from typing import Any

from autograder.authoring.source import Source, SourceError
from autograder.checks.evidence import Evidence
from autograder.checks.key import Exercise
from autograder.checks.probes import Probe, as_probe, observe, read
from autograder.checks.rules import Rule, broken
from autograder.checks.verdict import EvidenceByCase, Verdict, judge, obeying
from autograder.definitions import define, definitions

SECONDS = 20  # for one case; a mutant may never end


@dataclass(frozen=True)
class Trial:
    """The object that a check cell passes to `check`, the probes to run on it, and its rules."""

    subject: Any
    probes: tuple[Probe, ...]
    rules: tuple[Rule, ...] = ()

    @property
    def subject_name(self) -> str:
        return getattr(self.subject, "__name__", "")

    @property
    def by_name(self) -> dict[str, Probe]:
        return {probe.name: probe for probe in self.probes}

    def judge(self, exercise: Exercise, evidence: EvidenceByCase, *cells: str) -> Verdict:
        """The verdict on evidence and on the cells it came from."""
        return obeying(judge(exercise, evidence, self.by_name), self.broken(*cells))

    def broken(self, *cells: str, stop: Collection[str] = ()) -> str:
        """What the subject reaches in the cells that breaks a rule; empty where nothing does."""
        return broken(self.rules, cells, self.subject_name, stop) if cells else ""

    def observe(
        self, seeds: Sequence[int], seconds: float = SECONDS
    ) -> dict[tuple[str, int], Evidence]:
        """Evidence by probe and index of the seed; a case that takes longer is a TimeoutError."""
        return dict(self.one_by_one(seeds, seconds))

    def one_by_one(
        self, seeds: Sequence[int], seconds: float = SECONDS
    ) -> Iterator[tuple[tuple[str, int], Evidence]]:
        """As `observe`, for those who may have seen enough before the last case."""
        for probe, (index, seed) in product(self.probes, enumerate(seeds)):
            with time_limit(seconds):
                evidence = read(probe, observe(probe, self.subject, seed), seed)
            yield (probe.name, index), evidence


def load(source: Source) -> ModuleType:
    """The source's definitions, probes among them. Raises SourceError."""
    try:
        return definitions(source.text, source.path)
    except Exception as error:
        own = [f.lineno for f in extract_tb(error.__traceback__) if f.filename == str(source.path)]
        problem = f"{type(error).__name__}: {error}"
        raise SourceError(source.path, own[0] if own else 1, problem) from error


def load_with(source: Source, exercise: str, solution: str) -> ModuleType:
    """The source's definitions with another solution cell of one exercise."""
    module = load(source)
    define(module, solution, source.path)
    return module


def trial(source: Source, module: ModuleType, exercise: str, *, hidden: bool = True) -> Trial:
    """What the check cell of an exercise would check; without its hidden region if so wished."""
    calls: list[Trial] = []

    def record(name: str, subject: Any, *probes: Any, rules: Sequence[Rule] = ()) -> None:
        calls.append(Trial(subject, tuple(map(as_probe, probes)), tuple(rules)))

    text = source.checks[exercise].source
    namespace = {**module.__dict__, "check": record}
    exec(_compiled(text if hidden else visible_part(text), f"<check {exercise}>"), namespace)
    return Trial(
        calls[0].subject if calls else None,
        tuple(probe for call in calls for probe in call.probes),
        tuple(rule for call in calls for rule in call.rules),
    )


@cache
def _compiled(text: str, name: str) -> CodeType:
    return compile(text, name, "exec")


def visible_part(text: str) -> str:
    """A check cell without the lines from BEGIN to END HIDDEN TESTS."""
    kept, hidden = [], False
    for line in text.split("\n"):
        if line.strip() == "### BEGIN HIDDEN TESTS":
            hidden = True
        elif line.strip() == "### END HIDDEN TESTS":
            hidden = False
        elif not hidden:
            kept.append(line)
    return "\n".join(kept).strip("\n")


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
