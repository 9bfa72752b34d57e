"""Wrong answers to an exercise: listed mistakes, with other constants, two at once, and mutants."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations

from autograder.assignment.edits import EditError, edited
from autograder.assignment.mistakes import KnownMistake, read_mistakes
from autograder.assignment.source import Source
from autograder.assignment.trial import specs_of
from autograder.authoring.causes.sentences import sentence
from autograder.authoring.mutants import by_operators, mutants
from autograder.authoring.operators.values import constants


class Rank(IntEnum):
    """How sure an explanation is: of answers that do the same, the surest is told."""

    LISTED, CONSTANT, MUTANT, PAIR = range(4)


@dataclass(frozen=True)
class Candidate:
    """A wrong answer: the solution cell, and what is said of it."""

    solution: str
    says: tuple[str, ...]
    rank: Rank


def candidates(source: Source, exercise: str) -> Iterator[Candidate]:
    """Every wrong answer, the surest explanations first; each text once."""
    reference = source.solutions[exercise].source
    seen = {reference}
    for candidate in _every(source, exercise, reference):
        if candidate.solution not in seen:
            seen.add(candidate.solution)
            yield candidate


def _every(source: Source, exercise: str, reference: str) -> Iterator[Candidate]:
    listed = [mistake for mistake in read_mistakes(source) if mistake.exercise == exercise]
    for mistake in listed:
        yield Candidate(mistake.solution, (mistake.says,), Rank.LISTED)
    for mistake in listed:
        for solution in by_operators(mistake.solution, [constants]):
            yield Candidate(solution, (mistake.says,), Rank.CONSTANT)
    for mutant in mutants(source, exercise, specs_of(source)[exercise].free, all_operators=True):
        if says := sentence(reference, mutant.solution):
            yield Candidate(mutant.solution, (says,), Rank.MUTANT)
    yield from _pairs(listed)


def _pairs(listed: list[KnownMistake]) -> Iterator[Candidate]:
    """Two mistakes at once, where the edits of the second can be made in the first."""
    for first, second in combinations(listed, 2):
        try:
            both = edited(first.solution, dict(second.edits))
        except EditError:
            continue
        yield Candidate(both, (first.says, second.says), Rank.PAIR)
