"""Judging an exercise: its evidence against the key, the laws, and the known mistakes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from autograder.checks.always import has_raised
from autograder.checks.besides import judge_besides, raised_for, unsteady
from autograder.checks.causes.kinds import explanation
from autograder.checks.causes.known import known_cause
from autograder.checks.comparison import (
    TOLERANCE,
    Outcome,
    changed_inputs,
    compare,
    compare_values,
    same,
)
from autograder.checks.differences import NO_RETURN, nothing
from autograder.checks.evidence import Evidence, Value
from autograder.checks.key import Case, Exercise
from autograder.checks.language import _, word
from autograder.checks.probes import Probe
from autograder.checks.running import Place

EvidenceByCase = Mapping[Place, Evidence]


@dataclass(frozen=True)
class Verdict:
    """What an exercise earned and why.

    `feedback` is for the student; `detail` adds expected numbers and exception texts, which
    would tell of the hidden cases. `measures` are what a trained model reaches.
    """

    exercise: str
    score: float
    max_score: float
    passed: bool
    error: float
    feedback: str
    detail: str = ""
    mistake: str | None = None
    diagnosis: str = ""
    measures: Mapping[str, float] = field(default_factory=dict)
    lower_is_better: bool = False  # of the first measure
    place: Place | None = None  # of the case that the feedback is about

    @property
    def line(self) -> str:
        """One line for the student, as the handouts print it."""
        if self.passed:
            return f"✓ {self.exercise}  {self.feedback}"
        return f"✗ {self.exercise}  {self.feedback}" + (
            f"\n  {self.diagnosis}" if self.diagnosis else ""
        )

    @property
    def message(self) -> str:
        """Everything known, for instructors and for checks with public seeds."""
        text = self.feedback + (_(": {detail}").format(detail=self.detail) if self.detail else "")
        return f"{text}\n  {self.diagnosis}" if self.diagnosis else text


def obeying(verdict: Verdict, problem: str) -> Verdict:
    """The verdict, unless a rule is broken: then nothing is earned, and the problem is told."""
    if not problem or verdict.score == 0:
        return verdict
    return Verdict(verdict.exercise, 0.0, verdict.max_score, False, math.inf, problem)


def judge(
    exercise: Exercise,
    evidence: EvidenceByCase,
    probes: Mapping[str, Probe],
    seeds: Sequence[int],
) -> Verdict:
    """The verdict on one exercise, from what its readings made of the evidence.

    Cases that are missing fail.
    """
    answers = [evidence.get((case.probe, case.index)) for case in exercise.cases]
    outcomes = [
        judge_case(case, answer, probes[case.probe], seeds)
        for case, answer in zip(exercise.cases, answers, strict=True)
    ]
    failed = [outcome for outcome in outcomes if not outcome.passed]
    error = max(outcome.error for outcome in outcomes)
    if not failed:
        feedback = _("error {error:.0e} < {limit:.0e}").format(error=error, limit=TOLERANCE)
        score = _partial_credit(exercise, outcomes)  # 0 where only the form of an answer is seen
        return Verdict(exercise.name, score, exercise.points, True, error, feedback)
    mistakes = [m for m in exercise.mistakes if _matches(m.outcomes, answers)]
    told = (
        _(" Or: ").join(dict.fromkeys(m.says for m in mistakes))
        or known_cause(exercise, evidence, _failed(exercise, outcomes), probes)
        or _kind(exercise, answers, outcomes, probes)
        or _unsteady(exercise, answers, outcomes)
    )
    return Verdict(
        exercise.name,
        _partial_credit(exercise, outcomes),
        exercise.points,
        False,
        error,
        failed[0].summary,
        failed[0].detail,
        mistakes[0].name if mistakes else None,
        told,
        place=_first_failed(exercise, outcomes),
    )


def _failed(exercise: Exercise, outcomes: Sequence[Outcome]) -> set[str]:
    """The probes of which a case fails."""
    pairs = zip(exercise.cases, outcomes, strict=True)
    return {case.probe for case, outcome in pairs if not outcome.passed}


def _first_failed(exercise: Exercise, outcomes: Sequence[Outcome]) -> Place:
    """The place of the case that the feedback is about."""
    pairs = zip(exercise.cases, outcomes, strict=True)
    return next((case.probe, case.index) for case, outcome in pairs if not outcome.passed)


def _kind(
    exercise: Exercise,
    answers: Sequence[Evidence | None],
    outcomes: Sequence[Outcome],
    probes: Mapping[str, Probe],
) -> str:
    """What kind of wrong numbers these are, where all that fails has numbers to compare."""
    cases = []
    for case, answer, outcome in zip(exercise.cases, answers, outcomes, strict=True):
        has_law = probes[case.probe].has_law
        if answer is None or answer.error is not None or (has_law and not outcome.passed):
            return ""
        if not has_law:
            cases.append((case.expected.value, answer.value))
    return explanation(cases)


def _unsteady(
    exercise: Exercise, answers: Sequence[Evidence | None], outcomes: Sequence[Outcome]
) -> str:
    """Whether the numbers that are wrong are others in every call."""
    cases = zip(exercise.cases, answers, outcomes, strict=True)
    failed = [(case, answer) for case, answer, outcome in cases if not outcome.passed]
    return unsteady(
        (case.expected.tried, answer.tried if answer else {}) for case, answer in failed
    )


def _partial_credit(exercise: Exercise, outcomes: list[Outcome]) -> float:
    """The share of the points whose cases passed, in hundredths."""
    pairs = zip(exercise.cases, outcomes, strict=True)
    total = sum(case.weight for case in exercise.cases)
    earned = sum(case.weight for case, outcome in pairs if outcome.passed)
    return round(exercise.points * earned / total, 2) if total else 0.0


def judge_case(
    case: Case, evidence: Evidence | None, probe: Probe, seeds: Sequence[int]
) -> Outcome:
    """What is wrong with the evidence of one case; None is one that did not run to its end."""
    if evidence is None:
        return Outcome(math.inf, _("did not run to its end"))
    if _is_missing(case, evidence, probe):
        return Outcome(math.inf, _(NO_RETURN))
    if not probe.has_law or evidence.error is not None:
        outcome = compare(case.expected, evidence)
    else:
        outcome = _lawful(case.expected, evidence, probe, seeds[case.index])
    if not outcome.passed:
        return outcome
    besides = judge_besides(case.expected.tried, evidence.tried)
    return replace(besides, error=max(outcome.error, besides.error))


def _lawful(expected: Evidence, evidence: Evidence, probe: Probe, seed: int) -> Outcome:
    """What the law says of an answer of the right form, and of those for other sizes."""
    changed = changed_inputs(evidence)
    if not changed.passed:  # then the law has other inputs than the answer is for
        return changed
    form = compare_values(expected.value, evidence.value, values=False)
    outcome = _by_law(probe, evidence.value, seed, {}) if form.passed else form
    for name, sizes in probe.variants.items():
        if outcome.passed and name in expected.tried:
            found = evidence.tried.get(name)
            outcome = (
                Outcome(math.inf, raised_for(found, name))
                if has_raised(found)
                else _by_law(probe, found, seed, sizes)
            )
    return outcome


def _by_law(probe: Probe, value: Value, seed: int, sizes: Mapping[str, int]) -> Outcome:
    try:
        problem = probe.problem(value, seed, sizes)
    except Exception as error:  # such as a decomposition of infinite numbers
        said = _("its answer cannot be judged ({error})").format(error=type(error).__name__)
        return Outcome(math.inf, said, str(error))
    return Outcome(math.inf, word(problem)) if problem else Outcome()


def _is_missing(case: Case, evidence: Evidence, probe: Probe) -> bool:
    """Whether None came where an answer should; a reading may have made it of one."""
    unread = evidence.error is None and not probe.has_reading
    return unread and nothing(evidence.value) and not nothing(case.expected.value)


def _matches(outcomes: tuple[Evidence, ...], answers: list[Evidence | None]) -> bool:
    """Whether the evidence is a mistake's, case by case, with numbers in at least one of them."""
    numbers = any(known.error is None for known in outcomes)
    pairs = zip(outcomes, answers, strict=True)
    return numbers and all(actual is not None and same(known, actual) for known, actual in pairs)
