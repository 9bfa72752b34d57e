"""Running mutants against the hidden cases; survivors must be explained in survivors.toml."""

import sys
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tqdm import tqdm

from autograder.assignment.edits import EditError, edited
from autograder.assignment.keyring import kept_key
from autograder.assignment.source import Source, SourceError
from autograder.assignment.trial import Trial, load_with, specs_of, trial
from autograder.assignment.validation import read_source
from autograder.authoring.equivalence import canonical
from autograder.authoring.mutants import Mutant, mutants
from autograder.checks.key import Exercise
from autograder.settings import Course

GOAL = 0.95  # of the mutants must be killed
SECONDS = 3.0  # for one case of a mutant


@dataclass
class Tally:
    """An exercise's mutants: how many, and which of them the hidden cases accept."""

    exercise: str
    total: int = 0
    survivors: list[Mutant] = field(default_factory=list)

    @property
    def killed(self) -> int:
        """How many the hidden cases reject."""
        return self.total - len(self.survivors)


def report_mutants(course: Course, assignment: str) -> int:
    """Print kill rates and unexplained survivors; 1 where there are any or too many survive."""
    source = read_source(course.source_path(assignment))
    tallies = run_mutants(course, source)
    for tally in tallies:
        print(f"{tally.exercise:32} {tally.killed:4} of {tally.total:4} killed")
    total, killed = sum(t.total for t in tallies), sum(t.killed for t in tallies)
    print(f"{assignment}: {killed} of {total} mutants killed, {killed / max(total, 1):.1%}")
    unexplained, stale = compare_with_reasons(source, tallies)
    for mutant in unexplained:
        print(f"survives, unexplained  {mutant.label}")
    for exercise, change in stale:
        print(f"explained, but no survivor  {exercise}: {change}")
    return 1 if unexplained or stale or killed < GOAL * total else 0


def run_mutants(course: Course, source: Source) -> list[Tally]:
    """Try every mutant of every exercise on its hidden cases."""
    key = kept_key(course, source)
    tallies = []
    for name in source.checks:
        found = list(mutants(source, name, specs_of(source)[name].free))
        tally = Tally(name, len(found))
        for mutant in tqdm(found, desc=name, file=sys.stderr, leave=False):
            if not is_killed(source, mutant, key.exercises[name]):
                tally.survivors.append(mutant)
        tallies.append(tally)
    return tallies


def is_killed(source: Source, mutant: Mutant, exercise: Exercise) -> bool:
    """Whether the hidden cases reject a mutant; one that does not even load is rejected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = load_with(source, mutant.solution)
            tested = trial(source, module, mutant.exercise)
            return not _is_accepted(tested, mutant, exercise)
        except Exception:
            return True


def _is_accepted(tested: Trial, mutant: Mutant, exercise: Exercise) -> bool:
    """Whether rules and cases let a mutant pass, up to the first that does not."""
    if tested.broken([mutant.solution]):
        return False
    seeds = exercise.seeds
    cases = {(case.probe, case.index): case for case in exercise.cases}
    return all(
        tested.judge(
            replace(exercise, cases=(cases[place],), mistakes=()), {place: evidence}, seeds
        ).passed
        for place, evidence in tested.one_by_one(seeds, SECONDS)
    )


def compare_with_reasons(
    source: Source, tallies: list[Tally]
) -> tuple[list[Mutant], list[tuple[str, str]]]:
    """Survivors without a reason, and exercise and change of reasons without a survivor."""
    reasons = dict(_explained(source))
    survivors = {(m.exercise, canonical(m.solution)): m for t in tallies for m in t.survivors}
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
