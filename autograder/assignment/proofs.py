"""What a key is only made of: right answers that pass, mistakes that fail and can be told apart."""

from collections.abc import Mapping, Sequence

from autograder.assignment.alternatives import Alternative
from autograder.assignment.mistakes import KnownMistake, MistakesError
from autograder.assignment.source import Source, SourceError
from autograder.assignment.trial import Trial, load_with, trial
from autograder.checks.always import AS_BEFORE
from autograder.checks.comparison import TOLERANCE, same
from autograder.checks.evidence import Evidence
from autograder.checks.key import Exercise
from autograder.checks.running import Place
from autograder.checks.verdict import judge_case

MARGIN = TOLERANCE / 5  # what the error of a right answer should stay below
UNCERTAIN = TOLERANCE / 3, TOLERANCE * 3  # where a wrong answer's error must not be
Observed = Mapping[Place, Evidence]
Known = Sequence[tuple[KnownMistake, Observed]]


class UnluckyError(SourceError):
    """A right answer that is rejected, or a wrong one accepted, under some of these seeds."""


def refuse_wrong_reference(
    source: Source, reference: Trial, exercise: Exercise, evidence: Observed, seeds: Sequence[int]
) -> None:
    """Raise SourceError where the reference does not pass its own check, or nothing is compared."""
    for (name, _), found in evidence.items():
        probe = reference.spec.probes[name]
        if found.value is None and found.error is None and not probe.has_law:
            problem = f"{name} of {exercise.name!r} gives nothing to compare"
            raise SourceError(source.checks_path, probe.line, problem)
    cell = source.solutions[exercise.name]
    verdict = reference.judge(exercise, evidence, seeds, [cell.source])
    if not verdict.passed or any(e.error for e in evidence.values()):
        errors = [
            f"{found.error}: {found.detail} (in {name})"
            for (name, _), found in evidence.items()
            if found.error
        ]
        why = errors[0] if errors else verdict.message
        raise SourceError(source.path, cell.line, f"the reference fails its own check: {why}")
    for (name, _), found in evidence.items():
        for what, came in found.tried.items():
            if isinstance(came, str) and came != AS_BEFORE:
                line, problem = reference.spec.probes[name].line, f"{came} ({what}); say untried(…)"
                raise SourceError(source.checks_path, line, f"the reference in {name}: {problem}")


def refuse_wrong_alternatives(
    source: Source,
    exercise: Exercise,
    alternatives: list[Alternative],
    seeds: Sequence[int],
) -> None:
    """Raise UnluckyError where an answer that must be accepted is not, or only just."""
    for alternative in alternatives:
        module = load_with(source, alternative.solution)
        tried = trial(source, module, exercise.name)
        verdict = tried.judge(exercise, tried.observe(seeds), seeds, [alternative.solution])
        if not verdict.passed or verdict.error >= MARGIN:
            problem = f"{alternative.title!r} is rejected: {verdict.message}"
            raise UnluckyError(alternative.path, alternative.line, f"{exercise.name}: {problem}")


def refuse_luck(
    source: Source, reference: Trial, exercise: Exercise, known: Known, seeds: Sequence[int]
) -> None:
    """Raise UnluckyError where a mistake fails other probes under one seed than under another.

    It would cost the points of one course, and not of the next.
    """
    cases = {(case.probe, case.index): case for case in exercise.cases}
    for mistake, found in known:
        for name, probe in reference.spec.probes.items():
            outcomes = [
                judge_case(cases[name, index], found[name, index], probe, seeds)
                for index in range(len(seeds))
                if (name, index) in found
            ]
            near = any(UNCERTAIN[0] <= outcome.error <= UNCERTAIN[1] for outcome in outcomes)
            if near or len({outcome.passed for outcome in outcomes}) > 1:
                how = "nearly passes" if near else "passes under some seeds only"
                problem = f"{exercise.name}.{mistake.name} {how} in {name}"
                raise UnluckyError(source.checks_path, probe.line, problem)


def refuse_weak_cases(accepted: list[KnownMistake]) -> None:
    """Raise MistakesError where there is a mistake that passes."""
    for mistake in accepted:
        raise MistakesError(f"{mistake.where}: the hidden cases accept this mistake")


def refuse_twins(known: Known) -> None:
    """Raise MistakesError where nothing tells two mistakes apart, unless one says so."""
    for i, (mistake, found) in enumerate(known):
        for other, others in known[:i]:
            twins = all(same(found[case], others[case]) for case in found)
            numbers = any(outcome.error is None for outcome in found.values())
            declared = mistake.same_as == other.name or other.same_as == mistake.name
            if twins and numbers and not declared:
                raise MistakesError(
                    f"{mistake.where}: nothing tells it from {other.name}; "
                    f'better cases, or same_as = "{other.name}"'
                )


def refuse_few_mistakes(source: Source, mistakes: list[KnownMistake], wanted: int) -> None:
    """Raise SourceError where an exercise has fewer known mistakes than the course wants."""
    for name, cell in source.checks.items():
        count = sum(mistake.exercise == name for mistake in mistakes)
        if count < wanted:
            problem = f"{name} has {count} known mistakes of {wanted} (c.Course.wanted_mistakes)"
            raise SourceError(source.path, cell.line, problem)
