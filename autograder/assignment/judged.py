"""Answers whose worth is known beforehand, and what became of them: one record each, and counts."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from autograder.checks.verdict import Verdict

# how a comparison says what it saw; all else that a verdict says comes from a law or a rule
RAISED = ("raised ",)
NUMBERS = ("error ", "wrong value", "NaN", "infinite values")
FORM = ("wrong type", "wrong shape", "wrong dtype", "wrong length", "wrong structure")
NOTHING = ("did not run", "its answer", "not written yet")


class Label(StrEnum):
    """What an answer is known to be."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """By what a verdict tells why it is no better."""

    MISTAKE = "listed mistake"
    KIND = "kind of error"
    LAW = "law or rule"
    EXCEPTION = "exception"
    FORM = "type or shape only"
    NUMBERS = "numbers only"
    NOTHING = "nothing to compare"

    @property
    def tells(self) -> bool:
        """Whether a student learns from it what is wrong, and not only that something is."""
        return self in (Cause.MISTAKE, Cause.KIND, Cause.LAW, Cause.EXCEPTION)


BEGINNINGS = {
    Cause.EXCEPTION: RAISED,
    Cause.NUMBERS: NUMBERS,
    Cause.FORM: FORM,
    Cause.NOTHING: NOTHING,
}


def cause_of(verdict: Verdict) -> Cause:
    """By what a verdict that is not full tells why."""
    if verdict.diagnosis:
        return Cause.MISTAKE if verdict.mistake else Cause.KIND
    begins = verdict.feedback.startswith
    return next((cause for cause, words in BEGINNINGS.items() if begins(words)), Cause.LAW)


@dataclass(frozen=True)
class Judged:
    """An answer, and its verdicts: one under each secret, and the one in the notebook itself."""

    name: str
    assignment: str
    exercise: str
    label: Label
    verdicts: tuple[Verdict, ...]
    visible: Verdict

    @property
    def accepted(self) -> bool:
        """Whether it earns everything under every secret."""
        return all(verdict.passed for verdict in self.verdicts)

    @property
    def rejected(self) -> bool:
        """Whether it earns everything under no secret."""
        return not any(verdict.passed for verdict in self.verdicts)

    @property
    def by_luck(self) -> bool:
        """Whether the secret decides what it earns."""
        return len({verdict.score for verdict in self.verdicts}) > 1

    @property
    def promised(self) -> bool:
        """Whether the notebook says ✓ for more than the form, and grading does not."""
        return self.visible.passed and self.visible.score > 0 and not self.accepted

    @property
    def verdict(self) -> Verdict:
        """The first that rejects it; else the first."""
        return next((v for v in self.verdicts if not v.passed), self.verdicts[0])

    @property
    def cause(self) -> Cause | None:
        """By what its rejection is told; None where it is accepted."""
        return None if self.accepted else cause_of(self.verdict)

    @property
    def told(self) -> bool:
        """Whether its rejection says what is wrong."""
        return self.cause is not None and self.cause.tells


@dataclass(frozen=True)
class Counts:
    """How many answers of one label there are, and what became of them."""

    total: int
    accepted: int  # under every secret
    rejected: int  # under every secret
    told: int
    promised: int
    by_luck: int

    @property
    def by_some(self) -> int:
        """Accepted under some secrets and rejected under others."""
        return self.total - self.accepted - self.rejected

    @property
    def not_accepted(self) -> int:
        """Rejected under some secret at least."""
        return self.total - self.accepted


def counted(judged: Iterable[Judged], label: Label) -> Counts:
    """The counts of the answers with a label."""
    of_it = [one for one in judged if one.label is label]
    facts = ("accepted", "rejected", "told", "promised", "by_luck")
    return Counts(len(of_it), *(sum(getattr(one, fact) for one in of_it) for fact in facts))


def causes(judged: Iterable[Judged]) -> Counter[Cause]:
    """How many wrong answers that are rejected are told by what."""
    wrong = (one for one in judged if one.label is Label.WRONG)
    return Counter(one.cause for one in wrong if one.cause is not None)


def oddities(one: Judged) -> Iterator[str]:
    """What a teacher would object to in what became of an answer."""
    if one.label is Label.RIGHT and not one.accepted:
        yield "right, but rejected"
    if one.label is Label.WRONG and not one.rejected:
        yield "wrong, but accepted"
    if one.by_luck:
        yield "the secret decides"
    if one.label is Label.WRONG and one.promised:
        yield "✓ in the notebook"
    if one.label is Label.WRONG and one.cause and not one.told:
        yield "cause not told"
