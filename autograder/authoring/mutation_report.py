"""The report on mutants: how many the hidden cases kill, how they are told, and which survive."""

import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from rich.console import Console
from tqdm import tqdm

from autograder.assignment.aside import aside
from autograder.assignment.edits import EditError, edited
from autograder.assignment.judged import Judged, Label
from autograder.assignment.judged_tables import KILLED, causes_table, counts_table, goals_table
from autograder.assignment.keyring import kept_key
from autograder.assignment.keys import visible_key
from autograder.assignment.other_secrets import other_secrets
from autograder.assignment.released import key_of, text_in_file, with_libraries_of
from autograder.assignment.source import Source, SourceError
from autograder.assignment.trial import Trial, load_with, specs_of, trial
from autograder.assignment.validation import read_source
from autograder.authoring.equivalence import canonical
from autograder.authoring.mutants import Mutant, mutants
from autograder.checks.evidence import Evidence
from autograder.checks.key import VISIBLE_SEEDS, Exercise, Key
from autograder.checks.running import Place
from autograder.checks.verdict import Verdict
from autograder.settings import Course, SettingsError

GOAL = 0.95  # of the mutants must be killed
SECONDS = 3.0  # for one case of a mutant
MEMORY = 4 * 2**30  # bytes for all of them


@dataclass(frozen=True)
class Tried:
    """A mutant, and what became of it; it survives where some secret accepts it."""

    mutant: Mutant
    judged: Judged


@dataclass(frozen=True)
class Keys:
    """What mutants of a source are judged by: a key for each secret, and the visible one."""

    hidden: list[Key]
    visible: Key


def report_mutants(
    course: Course, *assignments: str, secrets: int = 1, exercises: Sequence[str] = ()
) -> int:
    """Print what became of all mutants; 1 where some survive unexplained, or too many at all.

    Of these exercises only, where some are named. Raises SettingsError for one that is none.
    """
    status, judged = 0, []
    for source in _sources(course, assignments, exercises):
        names = [name for name in source.checks if not exercises or name in exercises]
        tried = run_mutants(source, keys_of(course, source, secrets), names)
        found, good = _report(source, names, tried)
        judged += found
        status = max(status, 0 if good else 1)
    if len(assignments) > 1:
        _show(judged, "assignment")
    return status


def _sources(course: Course, assignments: Sequence[str], exercises: Sequence[str]) -> list[Source]:
    """The sources of assignments, those that have one of the exercises where some are named."""
    sources = [read_source(course.source_path(name)) for name in assignments]
    known = {name for source in sources for name in source.checks}
    if unknown := [name for name in exercises if name not in known]:
        raise SettingsError(f"no exercise {unknown[0]!r} (there: {', '.join(sorted(known))})")
    return [source for source in sources if not exercises or {*source.checks} & {*exercises}]


def _report(
    source: Source, exercises: Sequence[str], tried: list[Tried]
) -> tuple[list[Judged], bool]:
    """Print what became of one assignment's mutants; them, and whether it is good enough."""
    unexplained, stale = compare_with_reasons(source, exercises, tried)
    judged = [_labelled(one, unexplained) for one in tried]
    _show(judged, "exercise")
    killed, total = sum(one.rejected for one in judged), len(judged)
    print(f"{source.assignment}: {killed} of {total} mutants killed, {killed / max(total, 1):.1%}")
    for mutant in unexplained:
        print(f"survives, unexplained  {mutant.label}")
    for exercise, change in stale:
        print(f"explained, but no survivor  {exercise}: {change}")
    return judged, not unexplained and not stale and killed >= GOAL * total


def _labelled(one: Tried, unexplained: list[Mutant]) -> Judged:
    """What survives with a reason is a right answer."""
    is_right = not one.judged.rejected and one.mutant not in unexplained
    return replace(one.judged, label=Label.RIGHT) if is_right else one.judged


def _show(judged: list[Judged], by: str) -> None:
    tables = counts_table(judged, by), causes_table(judged), goals_table(judged, KILLED)
    Console().print(*tables, sep="\n")


def keys_of(course: Course, source: Source, secrets: int) -> Keys:
    """The keys under so many secrets, of which the first is the course's own."""
    with other_secrets(course, secrets - 1) as others:
        keys = [kept_key(one, source) for one in (course, *others)]
    released = key_of(text_in_file(course.released(source.assignment)))
    told = [with_libraries_of(key, released) for key in (*keys, visible_key(source))]
    return Keys(told[:-1], told[-1])


def run_mutants(source: Source, keys: Keys, exercises: Sequence[str]) -> list[Tried]:
    """Try every mutant of these exercises on their hidden and on their visible cases."""
    tried = []
    for name in exercises:
        found = list(mutants(source, name, specs_of(source)[name].free))
        for mutant in tqdm(found, desc=name, file=sys.stderr, leave=False):
            tried.append(Tried(mutant, judged(source, mutant, keys)))
    return tried


def judged(source: Source, mutant: Mutant, keys: Keys) -> Judged:
    """What becomes of a mutant under every secret, and in the notebook."""
    name = mutant.exercise
    verdicts = [verdict_on(source, mutant, key.exercises[name]) for key in keys.hidden]
    visible = verdict_on(source, mutant, keys.visible.exercises[name], hidden=False)
    return Judged(mutant.label, source.assignment, name, Label.WRONG, tuple(verdicts), visible)


def verdict_on(
    source: Source, mutant: Mutant, exercise: Exercise, *, hidden: bool = True
) -> Verdict:
    """The verdict on a mutant; one that does not even load is rejected."""
    public = VISIBLE_SEEDS[:1]  # under which the library knows answers
    seeds = (*exercise.seeds, *public) if hidden else VISIBLE_SEEDS
    with aside(MEMORY):
        try:
            module = load_with(source, mutant.solution)
            tested = trial(source, module, mutant.exercise, hidden=hidden)
            return tested.judge(exercise, _observed(tested, seeds), seeds, [mutant.solution])
        except Exception as error:
            said = f"raised {type(error).__name__}"
            return Verdict(exercise.name, 0.0, exercise.points, False, inf, said, str(error))


def _observed(tested: Trial, seeds: Sequence[int]) -> dict[Place, Evidence]:
    """Every case, up to one that takes too long: what never ends does so in the others, too."""
    found = {}
    for place, evidence in tested.one_by_one(seeds, SECONDS):
        found[place] = evidence
        if evidence.error == TimeoutError.__name__:
            break
    return found


def compare_with_reasons(
    source: Source, exercises: Sequence[str], tried: list[Tried]
) -> tuple[list[Mutant], list[tuple[str, str]]]:
    """Survivors without a reason, and exercise and change of reasons without a survivor."""
    reasons = {key: change for key, change in _explained(source) if key[0] in exercises}
    alive = [one.mutant for one in tried if not one.judged.rejected]
    survivors = {(mutant.exercise, canonical(mutant.solution)): mutant for mutant in alive}
    unexplained = [mutant for key, mutant in survivors.items() if key not in reasons]
    stale = [(key[0], change) for key, change in reasons.items() if key not in survivors]
    return unexplained, stale


def _explained(source: Source) -> Iterator[tuple[tuple[str, str | None], str]]:
    """Exercise, mutated code and change of each mutant that survivors.toml explains."""
    path = source.path.with_name("survivors.toml")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SourceError(path, 1, str(error)) from None
    for exercise, change in _changes(tables):
        try:
            yield (exercise, _mutated(source, exercise, change)), change
        except EditError as error:
            lines = enumerate(text.split("\n"), start=1)
            line = next((number for number, line in lines if change and change in line), 1)
            raise SourceError(path, line, f"{exercise}: {error}") from None


def _changes(tables: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Exercise and change of each entry that gives a reason; no change where it is no entry."""
    for exercise, reasons in tables.items():
        for reason, changes in reasons.items() if isinstance(reasons, dict) else [("?", None)]:
            for change in changes if isinstance(changes, list) else [""]:
                if reason.strip():
                    yield exercise, change


def _mutated(source: Source, exercise: str, change: str) -> str | None:
    before, arrow, after = change.partition(" -> ")
    if exercise not in source.solutions or not arrow:
        raise EditError('write [exercise] and "reason" = ["text -> replacement"]')
    return canonical(edited(source.solutions[exercise].source, {before: after}))
