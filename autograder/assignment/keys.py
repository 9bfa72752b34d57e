"""Making keys: the reference's numbers, and the outcomes of every known mistake."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from autograder.assignment.alternatives import Alternative, read_alternatives
from autograder.assignment.artefacts import artefact_exercise
from autograder.assignment.free import ends_of
from autograder.assignment.mistakes import KnownMistake, MistakesError, read_mistakes
from autograder.assignment.proofs import (
    MARGIN,
    UnluckyError,
    refuse_twins,
    refuse_weak_cases,
    refuse_wrong_alternatives,
    refuse_wrong_reference,
)
from autograder.assignment.source import Source
from autograder.assignment.trial import Trial, load, load_with, specs_of, trial
from autograder.checks.comparison import TOLERANCE
from autograder.checks.evidence import Evidence
from autograder.checks.key import VISIBLE_SEEDS, Case, Exercise, Key, Mistake
from autograder.checks.probes import Probe
from autograder.checks.running import Place

DRAWS = 3  # of seeds, before one is taken under which right answers pass without a margin
SeedsOf = Callable[[str, int], Sequence[int]]  # of an exercise and a draw


def visible_key(source: Source) -> Key:
    """What notebooks carry, but for the libraries of wrong answers: public seeds, visible probes.

    Raises SourceError, MistakesError.
    """
    return _key(source, lambda exercise, draw: VISIBLE_SEEDS, hidden=False)


def hidden_key(source: Source, seeds: SeedsOf) -> Key:
    """What graders keep: secret seeds and all probes. Raises SourceError, MistakesError.

    `seeds` are those of an exercise and a draw. Where right answers come too near to the limit
    under the seeds of one draw, those of the next one are taken.
    """
    return _key(source, seeds, hidden=True)


def _key(source: Source, seeds: SeedsOf, *, hidden: bool) -> Key:
    mistakes, alternatives = read_mistakes(source), read_alternatives(source)
    module = load(source)
    exercises = {
        name: artefact_exercise(source, module, name, proved=hidden)
        if name in source.artefacts
        else _fair(
            source,
            trial(source, module, name, hidden=hidden),
            [mistake for mistake in mistakes if mistake.exercise == name],
            [
                *(alternative for alternative in alternatives if alternative.exercise == name),
                *ends_of(source, name, specs_of(source)[name].free),
            ],
            partial(seeds, name),
            hidden,
        )
        for name in source.exercises
    }
    written = {name: cell.points for name, cell in source.answers.items()}
    return Key(source.assignment, exercises, written)


def _fair(
    source: Source,
    reference: Trial,
    mistakes: list[KnownMistake],
    alternatives: list[Alternative],
    seeds: Callable[[int], Sequence[int]],
    hidden: bool,
) -> Exercise:
    """The exercise under the first draw of seeds that is fair to every right answer."""
    parts = source, reference, mistakes, alternatives
    for draw in range(DRAWS):
        with contextlib.suppress(UnluckyError):
            return _exercise(*parts, seeds(draw), hidden, MARGIN)
    return _exercise(*parts, seeds(DRAWS), hidden, TOLERANCE)


def _exercise(
    source: Source,
    reference: Trial,
    mistakes: list[KnownMistake],
    alternatives: list[Alternative],
    seeds: Sequence[int],
    hidden: bool,
    margin: float,
) -> Exercise:
    name = reference.spec.exercise
    evidence = _kept(reference, reference.observe(seeds))
    weights = {probe.name: probe.weight / len(seeds) for probe in reference.probes}
    cases = tuple(Case(p, index, weights[p], e) for (p, index), e in evidence.items())
    exercise = Exercise(name, source.checks[name].points, reference.name, cases)
    refuse_wrong_reference(source, reference, exercise, evidence, seeds)
    if not hidden:
        return exercise  # students' checks know mistakes by their library
    known = [(m, outcomes(source, m, seeds)) for m in mistakes]
    accepted = [
        m for m, found in known if reference.judge(exercise, found, seeds, [m.solution]).passed
    ]
    known = [(m, _kept(reference, found)) for m, found in known]
    refuse_wrong_alternatives(source, exercise, alternatives, seeds, margin)
    refuse_weak_cases(accepted)
    refuse_twins(known)
    kept = tuple(Mistake(m.name, m.says, tuple(found.values())) for m, found in known)
    return replace(exercise, mistakes=kept, seeds=tuple(seeds))


def _kept(reference: Trial, found: Mapping[Place, Evidence]) -> dict[Place, Evidence]:
    """Evidence without the answers for other sizes that only a law judges."""
    return {
        (name, index): _without(reference.spec.probes[name], evidence)
        for (name, index), evidence in found.items()
    }


def _without(probe: Probe, evidence: Evidence) -> Evidence:
    unneeded = dict.fromkeys(probe.variants) if probe.has_law else {}
    return replace(evidence, tried={**evidence.tried, **unneeded}) if unneeded else evidence


def outcomes(source: Source, mistake: KnownMistake, seeds: Sequence[int]) -> dict[Place, Evidence]:
    """What a mistake does in every case of its exercise. Raises MistakesError."""
    try:
        module = load_with(source, mistake.solution)
        tested = trial(source, module, mistake.exercise)
    except Exception as error:
        raise MistakesError(f"{mistake.where}: does not load: {error}") from error
    return tested.observe(seeds)
