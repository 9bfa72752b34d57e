"""Making keys: the reference's numbers, and the outcomes of every known mistake."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import ModuleType

from autograder.assignment.alternatives import Alternative, read_alternatives
from autograder.assignment.artefacts import artefact, artefact_exercise
from autograder.assignment.free import ends_of
from autograder.assignment.mistakes import KnownMistake, MistakesError, read_mistakes
from autograder.assignment.proofs import (
    UnluckyError,
    refuse_luck,
    refuse_twins,
    refuse_weak_cases,
    refuse_wrong_alternatives,
    refuse_wrong_reference,
)
from autograder.assignment.sections import sections
from autograder.assignment.source import Source
from autograder.assignment.trial import Trial, load, redefined, specs_of, trial
from autograder.checks.artefact import Artefact
from autograder.checks.evidence import Evidence
from autograder.checks.key import VISIBLE_SEEDS, Case, Exercise, Key, Mistake
from autograder.checks.predictions import Predictions
from autograder.checks.probes import Probe
from autograder.checks.running import Place

DRAWS = 12  # of seeds, before a case is refused that depends on them
PUBLIC = VISIBLE_SEEDS[0]  # under which a mistake's failing probes are those of every seed
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
    files = [artefact(source, module, name) for name in source.artefacts]
    return Key(
        source.assignment,
        exercises,
        {name: cell.points for name, cell in source.answers.items()},
        sections(source),
        source.assignment,
        tuple(file.ending for file in files if isinstance(file, Artefact)),
        tuple(file.ending for file in files if isinstance(file, Predictions)),
    )


def _fair(
    source: Source,
    reference: Trial,
    mistakes: list[KnownMistake],
    alternatives: list[Alternative],
    seeds: Callable[[int], Sequence[int]],
    hidden: bool,
) -> Exercise:
    """The exercise under the first draw of seeds that is fair to right answers and to wrong ones.

    Raises UnluckyError where none of several draws is.
    """
    for draw in range(DRAWS):
        try:
            return _exercise(source, reference, mistakes, alternatives, seeds(draw), hidden)
        except (UnluckyError, MistakesError):  # a mistake may be like another one by luck, too
            if draw == DRAWS - 1 or not hidden:
                raise
    raise AssertionError("there are draws")


def _exercise(
    source: Source,
    reference: Trial,
    mistakes: list[KnownMistake],
    alternatives: list[Alternative],
    seeds: Sequence[int],
    hidden: bool,
) -> Exercise:
    name = reference.spec.exercise
    every = (*seeds, PUBLIC) if hidden else tuple(seeds)
    evidence = reference.observe(every)
    weights = {probe.name: probe.weight / len(seeds) for probe in reference.probes}
    expected = _kept(reference, evidence)
    cases = tuple(Case(p, index, weights[p], e) for (p, index), e in expected.items())
    proved = Exercise(name, source.checks[name].points, reference.name, cases)
    refuse_wrong_reference(source, reference, proved, evidence, every)
    if not hidden:
        return proved  # students' checks know mistakes by their library
    module = load(source)
    known = [(m, outcomes(source, module, m, every)) for m in mistakes]
    refuse_wrong_alternatives(source, proved, alternatives, every)
    refuse_weak_cases(
        [m for m, found in known if reference.judge(proved, found, every, [m.solution]).passed]
    )
    refuse_luck(source, reference, proved, known, every)
    known = [(m, _of(_kept(reference, found), len(seeds))) for m, found in known]
    refuse_twins(known)
    return replace(
        proved,
        cases=tuple(case for case in cases if case.index < len(seeds)),
        mistakes=tuple(Mistake(m.name, m.says, tuple(found.values())) for m, found in known),
        seeds=tuple(seeds),
    )


def _of(found: Mapping[Place, Evidence], seeds: int) -> dict[Place, Evidence]:
    """The evidence for the first seeds."""
    return {place: evidence for place, evidence in found.items() if place[1] < seeds}


def _kept(reference: Trial, found: Mapping[Place, Evidence]) -> dict[Place, Evidence]:
    """Evidence without the answers for other sizes that only a law judges."""
    return {
        (name, index): _without(reference.spec.probes[name], evidence)
        for (name, index), evidence in found.items()
    }


def _without(probe: Probe, evidence: Evidence) -> Evidence:
    unneeded = dict.fromkeys(probe.variants) if probe.has_law else {}
    return replace(evidence, tried={**evidence.tried, **unneeded}) if unneeded else evidence


def outcomes(
    source: Source, module: ModuleType, mistake: KnownMistake, seeds: Sequence[int]
) -> dict[Place, Evidence]:
    """What a mistake does in every case of its exercise. Raises MistakesError."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(redefined(module, mistake.solution, source.path))
            tested = trial(source, module, mistake.exercise)
        except Exception as error:
            raise MistakesError(f"{mistake.where}: does not load: {error}") from error
        return tested.observe(seeds)
