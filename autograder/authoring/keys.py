"""Making keys: the reference's numbers, and the outcomes of every known mistake."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autograder.authoring.artefacts import artefact_exercise
from autograder.authoring.mistakes import KnownMistake, MistakesError, read_mistakes
from autograder.authoring.observation import Trial, load, load_with, trial
from autograder.authoring.source import Source, SourceError
from autograder.checks.comparison import same
from autograder.checks.evidence import Evidence
from autograder.checks.key import VISIBLE_SEEDS, Case, Exercise, Key, Mistake


def visible_key(source: Source) -> Key:
    """What notebooks carry: public seeds, visible probes, and unnamed mistakes."""
    seeds = dict.fromkeys(source.checks, VISIBLE_SEEDS)
    return _key(source, seeds, hidden=False)


def hidden_key(source: Source, seeds: Mapping[str, Sequence[int]]) -> Key:
    """What graders keep: secret seeds and all probes."""
    return _key(source, seeds, hidden=True)


def _key(source: Source, seeds: Mapping[str, Sequence[int]], *, hidden: bool) -> Key:
    mistakes = read_mistakes(source)
    module = load(source)
    exercises = {
        name: artefact_exercise(source, module, name, proved=hidden)
        if name in source.artefacts
        else _exercise(
            source,
            trial(source, module, name, hidden=hidden),
            [mistake for mistake in mistakes if mistake.exercise == name],
            name,
            seeds[name],
            hidden,
        )
        for name in source.exercises
    }
    written = {name: cell.points for name, cell in source.answers.items()}
    return Key(source.assignment, exercises, written)


def _exercise(
    source: Source,
    reference: Trial,
    mistakes: list[KnownMistake],
    name: str,
    seeds: Sequence[int],
    hidden: bool,
) -> Exercise:
    _refuse_unclear_probes(source, reference, name)
    evidence = reference.observe(seeds)
    weights = {probe.name: probe.weight / len(seeds) for probe in reference.probes}
    cases = tuple(Case(p, index, weights[p], e) for (p, index), e in evidence.items())
    exercise = Exercise(name, source.checks[name].points, cases)
    _refuse_wrong_reference(source, reference, exercise, evidence)
    known = [(m, outcomes(source, m, seeds, hidden=hidden)) for m in mistakes]
    if hidden:
        _refuse_weak_cases(reference, exercise, known)
        _refuse_twins(known)
    kept = [
        Mistake(m.name, m.says, tuple(found.values())) if hidden else _fingerprint(m, found)
        for m, found in known
        if not reference.judge(exercise, found, m.solution).passed
    ]
    return replace(exercise, mistakes=tuple(kept))


def _fingerprint(mistake: KnownMistake, found: dict[tuple[str, int], Evidence]) -> Mistake:
    """A mistake as students get it: without its name, and by the outcomes of one seed."""
    first = (outcome if index == 0 else None for (_, index), outcome in found.items())
    return Mistake("", mistake.says, tuple(first))


def outcomes(
    source: Source, mistake: KnownMistake, seeds: Sequence[int], *, hidden: bool = True
) -> dict[tuple[str, int], Evidence]:
    """What a mistake does in every case of its exercise."""
    try:
        module = load_with(source, mistake.exercise, mistake.solution)
        tested = trial(source, module, mistake.exercise, hidden=hidden)
    except Exception as error:
        where = f"{source.path.with_name('mistakes.toml')}: {mistake.exercise}.{mistake.name}"
        raise MistakesError(f"{where}: does not load: {error}") from error
    return tested.observe(seeds)


def _refuse_unclear_probes(source: Source, reference: Trial, exercise: str) -> None:
    names = [probe.name for probe in reference.probes]
    line = source.checks[exercise].line
    if not names:
        raise SourceError(source.path, line, "no probe outside the hidden tests")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SourceError(source.path, line, f"two probes are called {twice!r}")


def _refuse_wrong_reference(
    source: Source, reference: Trial, exercise: Exercise, evidence: Mapping
) -> None:
    cell = source.solutions[exercise.name]
    verdict = reference.judge(exercise, evidence, cell.source)
    if not verdict.passed or any(e.error for e in evidence.values()):
        failed = next((e for e in evidence.values() if e.error), None)
        why = f"{failed.error}: {failed.detail}" if failed else verdict.message
        raise SourceError(source.path, cell.line, f"the reference fails its own check: {why}")


Known = list[tuple[KnownMistake, dict[tuple[str, int], Evidence]]]


def _refuse_weak_cases(reference: Trial, exercise: Exercise, known: Known) -> None:
    for mistake, found in known:
        if reference.judge(exercise, found, mistake.solution).passed:
            raise MistakesError(
                f"{exercise.name}.{mistake.name}: the hidden cases accept this mistake"
            )


def _refuse_twins(known: Known) -> None:
    for i, (mistake, found) in enumerate(known):
        for other, others in known[:i]:
            twins = all(same(found[case], others[case]) for case in found)
            numbers = any(outcome.error is None for outcome in found.values())
            declared = mistake.same_as == other.name or other.same_as == mistake.name
            if twins and numbers and not declared:
                raise MistakesError(
                    f"{mistake.exercise}: nothing tells {mistake.name} from {other.name}; "
                    f'better cases, or same_as = "{other.name}"'
                )
