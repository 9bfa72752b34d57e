"""Running mutants against the hidden cases; survivors must be explained in survivors.toml."""

import sys
import tomllib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tqdm import tqdm

from autograder.authoring.keyring import kept_key
from autograder.authoring.mutants import Mutant, mutants
from autograder.authoring.observation import Trial, load_with, trial
from autograder.authoring.source import Source, read_source
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
    for exercise, before, after in stale:
        print(f"explained, but killed  {exercise}: {before}  ->  {after}")
    return 1 if unexplained or stale or killed < GOAL * total else 0


def run_mutants(course: Course, source: Source) -> list[Tally]:
    """Try every mutant of every exercise on its hidden cases."""
    seeds = {name: course.hidden_seeds(source.assignment, name) for name in source.checks}
    key = kept_key(course, source)
    tallies = []
    for name in source.checks:
        found = list(mutants(source, name))
        tally = Tally(name, len(found))
        for mutant in tqdm(found, desc=name, file=sys.stderr, leave=False):
            if not is_killed(source, mutant, key.exercises[name], seeds[name]):
                tally.survivors.append(mutant)
        tallies.append(tally)
    return tallies


def is_killed(source: Source, mutant: Mutant, exercise: Exercise, seeds: Iterable[int]) -> bool:
    """Whether the hidden cases reject a mutant; one that does not even load is rejected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = load_with(source, mutant.exercise, mutant.solution)
            tested = trial(source, module, mutant.exercise)
            return not _is_accepted(tested, mutant, exercise, seeds)
        except Exception:
            return True


def _is_accepted(tested: Trial, mutant: Mutant, exercise: Exercise, seeds: Iterable[int]) -> bool:
    """Whether rules and cases let a mutant pass, up to the first that does not."""
    if tested.broken(mutant.solution):
        return False
    cases = {(case.probe, case.index): case for case in exercise.cases}
    return all(
        tested.judge(
            replace(exercise, cases=(cases[place],), mistakes=()), {place: evidence}
        ).passed
        for place, evidence in tested.one_by_one(list(seeds), SECONDS)
    )


def compare_with_reasons(
    source: Source, tallies: list[Tally]
) -> tuple[list[Mutant], list[tuple[str, str, str]]]:
    """Survivors without a reason, and reasons without a survivor."""
    path = source.path.with_name("survivors.toml")
    tables = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    reasons = {
        (exercise, entry["before"], entry["after"])
        for exercise, entries in tables.items()
        for entry in entries
        if entry["reason"].strip()
    }
    survivors = {(m.exercise, m.before, m.after): m for t in tallies for m in t.survivors}
    unexplained = [mutant for key, mutant in survivors.items() if key not in reasons]
    return unexplained, sorted(reasons - survivors.keys())
