"""Exploring an exercise of a submission: what its code does in a few calls, and what it earns."""

import random
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.checks.calls import Call
from autograder.checks.key import VISIBLE_SEEDS
from autograder.checks.probes import Probe
from autograder.checks.spec import Spec
from autograder.checks.verdict import Verdict
from autograder.grading.forks.requests import Step
from autograder.grading.jobs import Execution, Found, Job, Limits
from autograder.grading.verify import Verifier
from autograder.questions.asks import Ask, call_of, calls_of, is_asked, sizes_of
from autograder.questions.code import Code
from autograder.questions.experiments import Laboratory, Outcome, Version
from autograder.questions.instrumented import Instrumented
from autograder.questions.sights import Answer, Facts

SIZES, SMALL_SIZES = range(2, 8), (1, 2, 2, 3)
DRAWS, SMALL_DRAWS = 3, 36  # of asks, by all probes of an exercise together
LARGEST_SEED = 2**31


@dataclass(frozen=True)
class Explored:
    """An exercise's code, the calls that were made, what came of them, and the verdict."""

    code: Code
    probes: Mapping[str, Probe]
    instrumented: Instrumented
    asks: Sequence[Ask]
    small: Sequence[Ask]
    answers: Sequence[Answer]  # to asks, then to small ones
    verdict: Verdict

    @cached_property
    def facts(self) -> Facts:
        """What is known of its expressions."""
        return Facts(self.instrumented, [each for each in self.answers if not each.error])

    @property
    def answered(self) -> list[tuple[Ask, Answer]]:
        """Calls with sizes of their own that returned something."""
        return self._returned(self.asks, self.answers[: len(self.asks)])

    @property
    def answered_small(self) -> list[tuple[Ask, Answer]]:
        """Calls with small numbers that did."""
        return self._returned(self.small, self.answers[len(self.asks) :])

    @staticmethod
    def _returned(asks: Sequence[Ask], answers: Sequence[Answer]) -> list[tuple[Ask, Answer]]:
        return [(ask, it) for ask, it in zip(asks, answers, strict=True) if not it.error]

    def call(self, ask: Ask) -> Call:
        """The call of an ask."""
        return call_of(self.probes[ask.probe], ask)

    @property
    def original(self) -> Version:
        """The code as it was handed in."""
        return Version(self.code, self.code.text)

    @property
    def looked_at(self) -> Version:
        """The code, instrumented."""
        return Version(self.code, self.instrumented.text)


def explore(
    laboratory: Laboratory, verifier: Verifier, codes: Sequence[Code], rng: random.Random
) -> list[Explored]:
    """Several exercises of one submission. Raises MisreadError."""
    plans = [_plan(code, verifier.trials[code.exercise].spec, rng) for code in codes]
    versions = [version for plan in plans for version in plan.versions]
    outcomes = laboratory.run(versions)
    pairs = zip(outcomes[::2], outcomes[1::2], strict=True)
    return [
        plan.explored(looked.answers, verdict_on(plan.code, plain, verifier, laboratory))
        for plan, (looked, plain) in zip(plans, pairs, strict=True)
    ]


@dataclass(frozen=True)
class _Plan:
    code: Code
    probes: Mapping[str, Probe]
    instrumented: Instrumented
    asks: list[Ask]
    small: list[Ask]

    @property
    def versions(self) -> list[Version]:
        """The instrumented code with all asks, and the code itself with its own cases."""
        looked = Version(self.code, self.instrumented.text, (), (*self.asks, *self.small))
        return [looked, Version(self.code, self.code.text, VISIBLE_SEEDS)]

    def explored(self, answers: Sequence[Answer], verdict: Verdict) -> Explored:
        return Explored(
            *(self.code, self.probes, self.instrumented, self.asks, self.small, answers, verdict)
        )


def _plan(code: Code, spec: Spec, rng: random.Random) -> _Plan:
    """The calls to be made; what stand-ins make of small numbers, nobody can calculate."""
    asked = [probe for probe in spec.visible if is_asked(probe)]
    asks = [each for probe in asked for _ in range(DRAWS) for each in _asks(probe, rng, SIZES)]
    each = SMALL_DRAWS // max(1, len(asked))
    small = [
        Ask(ask.probe, ask.seed, ask.sizes, ask.place, rng.randrange(LARGEST_SEED))
        for probe in (() if spec.stand_ins else asked)
        for _ in range(each)
        for ask in _asks(probe, rng, SMALL_SIZES)
    ]
    return _Plan(code, spec.probes, Instrumented(code.tree), asks, small)


def _asks(probe: Probe, rng: random.Random, sizes: Sequence[int]) -> list[Ask]:
    """One ask with sizes drawn from these, different ones where there are enough; or none."""
    names = sizes_of(probe)
    distinct = len(set(sizes)) >= len(names) and sizes is SIZES
    drawn = rng.sample(sizes, len(names)) if distinct else rng.choices(sizes, k=len(names))
    ask = Ask(probe.name, rng.randrange(LARGEST_SEED), dict(zip(names, drawn, strict=True)))
    try:
        count = len(calls_of(probe, ask))
    except Exception:  # the author's code, which other sizes than its own may not suit
        return []
    return [Ask(ask.probe, ask.seed, ask.sizes, rng.randrange(count))] if count else []


def verdict_on(
    code: Code, outcome: Outcome, verifier: Verifier, laboratory: Laboratory, text: str = ""
) -> Verdict:
    """What a version earns by the cases that students see."""
    steps = (*laboratory.cells, Step(0, text or code.text), Step(0, "", code.exercise))
    execution = Execution({code.exercise: Found(outcome.cases)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # readings work with whatever shapes changes make
        return verifier.verdict(code.exercise, execution, Job(steps, Limits(0)))
