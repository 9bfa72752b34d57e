"""Which of four changes of a line keeps all results? One does, by a rule and by running."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.checks.comparison import compare
from autograder.checks.evidence import Evidence, Value
from autograder.questions.changes import NEAR, Change
from autograder.questions.experiments import Outcome, Version
from autograder.questions.exploring import LARGEST_SEED, Explored
from autograder.questions.kinds.options import shuffled
from autograder.questions.question import LETTERS, Draft, Option, Question

ASKED = (
    "Line {} is replaced. With which of these lines do the results of every call stay the same, "
    "up to rounding?"
)
CASES = "Proved with {} cases under {} seeds."


@dataclass(frozen=True)
class Tried:
    """A change, what came of it, and what it breaks, in a sentence; empty where nothing."""

    change: Change
    outcome: Outcome
    breaks: str = ""

    @property
    def only_raises(self) -> bool:
        """Whether it ends with an error, which one need not understand to see."""
        return all(each.error is not None for each in self.outcome.evidence.values())


def drafts(
    explored: Explored,
    original: Outcome,
    equivalent: Sequence[Tried],
    broken: Sequence[Tried],
    seeds: Sequence[int],
    rng: random.Random,
) -> Iterator[Draft]:
    """A question for each line with a change that keeps all, and three that do not."""
    for one in equivalent:
        line = one.change.line
        others = [each for each in broken if each.change.line == line]
        wrong = _three(others, rng)
        if len(wrong) < len(LETTERS) - 1:
            continue
        cases = len(original.cases)
        right = Option(one.change.after, True, one.change.why)
        options = [Option(each.change.after, False, each.breaks) for each in wrong]
        question = Question(
            "same results",
            explored.code.exercise,
            tuple(explored.code.shown),
            (line,),
            ASKED.format(line),
            "",
            shuffled(right, options, rng),
            f"{one.change.why} {CASES.format(cases, len(seeds))}",
        )
        yield _draft(explored, question, one.change, [each.change for each in wrong], rng)


def _three(others: Sequence[Tried], rng: random.Random) -> list[Tried]:
    """Three changes with different results, at most one of them with errors alone.

    Near misses come first, or else the right option would be the only one that looks like one.
    """
    found: dict[tuple[bytes, ...], Tried] = {}

    def order(each: Tried) -> tuple[bool, bool, bool, float]:
        kind = each.change.kind
        return each.only_raises, kind == "numbers", kind != NEAR, rng.random()

    for each in sorted(others, key=order):
        found.setdefault(tuple(each.outcome.cases.values()), each)
    raising = [each for each in found.values() if each.only_raises][:1]
    return [*(each for each in found.values() if not each.only_raises), *raising][:3]


def _draft(
    explored: Explored, question: Question, right: Change, wrong: list[Change], rng: random.Random
) -> Draft:
    seeds = tuple(rng.randrange(LARGEST_SEED) for _ in range(2))
    texts = [explored.code.text, right.text, *(each.text for each in wrong)]
    versions = [Version(explored.code, text, seeds) for text in texts]

    def is_proved(outcomes: Sequence[Outcome]) -> bool:
        before, same, *others = outcomes
        kept = [keeps_all(before, each, len(seeds)) for each in (same, *others)]
        return kept == [True, *[False] * len(others)]

    return Draft(question, versions, is_proved, 4.0 + 0.6 * right.rank)


def keeps_all(before: Outcome, after: Outcome, seeds: int) -> bool:
    """Whether all cases of so many seeds are as before, with all that is tried besides."""
    return bool(before.cases) and not difference(before, after, seeds).said


@dataclass(frozen=True)
class Differing:
    """What is first not as before, and the largest error; infinite where forms differ."""

    said: str = ""
    error: float = 0.0


def difference(before: Outcome, after: Outcome, seeds: int) -> Differing:
    """How cases of the first seeds are not as before."""
    known, found = before.evidence, after.evidence
    said, largest = "", 0.0
    for (probe, index), evidence in known.items():
        if index < seeds:
            other = found.get((probe, index), Evidence(error="RuntimeError"))
            outcome = compare(_whole(evidence), _whole(other))
            largest = max(largest, outcome.error)
            if evidence.error is not None or not outcome.passed:
                said = said or f"The results are others: {outcome.summary}."
    return Differing(said, largest)


def _whole(evidence: Evidence) -> Evidence:
    """A case with all that was tried besides, as one value."""
    if evidence.error is not None:
        return evidence
    tried: dict[str, Value] = dict(evidence.tried)
    return replace(evidence, value={"result": evidence.value, **tried}, tried={})
