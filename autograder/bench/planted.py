"""A class in which some have copied.

Honest students take for each exercise, as it falls, the reference, an alternative, a known mistake
or a mutant, and write it in habits, names and comments of their own. There are but a few texts for
each exercise, so that honest students here are more alike than people are. A copy is the finished
work of one of them, disguised.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from nbformat import NotebookNode

from autograder.assignment.alternatives import read_alternatives
from autograder.assignment.mistakes import read_mistakes
from autograder.assignment.regions import without_markers
from autograder.assignment.source import Source
from autograder.authoring.mutants import mutants
from autograder.bench.disguises import all_at_once, rewritten, split
from autograder.bench.styles import Style, remarked, renamed, styled
from autograder.course.sample import filled_in, references

Answers = dict[str, str]
Change = Callable[[str, random.Random], str]
MUTANTS, EVERY = 400, 10  # of an exercise: the first ones, and every so manieth of them
UNANSWERED, WRONG = 0.05, 0.25  # shares of the answers of honest students


def _same(text: str, rng: random.Random) -> str:
    return text


DISGUISES: dict[str, Change] = {
    "identical": _same,
    "other comments and white space": remarked,
    "variables renamed": renamed,
    "cells in another order": _same,
    "statements split": split,
    "loops and conditions rewritten": rewritten,
    "all of these": all_at_once,
}
SHUFFLED = ("cells in another order", "all of these")
HALF, MERGED = "half of it, all of these", "merged from two, all of these"
KINDS = (*DISGUISES, HALF, MERGED)


class Pool:
    """The texts that the kit knows for each exercise: right ones, and wrong ones."""

    def __init__(self, source: Source) -> None:
        self.right = {name: [text] for name, text in references(source).items()}
        self.wrong: dict[str, list[str]] = {name: [] for name in self.right}
        for alternative in read_alternatives(source):
            self.right[alternative.exercise].append(without_markers(alternative.solution))
        for mistake in read_mistakes(source):
            self.wrong[mistake.exercise].append(without_markers(mistake.solution))
        for name, texts in self.wrong.items():
            every = islice(mutants(source, name), 0, MUTANTS, EVERY)
            texts += [without_markers(mutant.solution) for mutant in every]

    def drawn(self, rng: random.Random) -> Answers:
        """An honest student's answers, in a style that is drawn, too."""
        style = Style(rng)
        return {name: self._one(name, style, rng) for name in self.right}

    def _one(self, name: str, style: Style, rng: random.Random) -> str:
        luck = rng.random()
        if luck < UNANSWERED:
            return ""
        is_wrong = luck < UNANSWERED + WRONG and self.wrong[name]
        text = rng.choice(self.wrong[name] if is_wrong else self.right[name])
        return remarked(renamed(styled(text, style), rng), rng)


@dataclass
class Planted:
    """Notebooks by student, and the kind of copy that two students' are."""

    notebooks: dict[str, NotebookNode] = field(default_factory=dict)
    copies: dict[frozenset[str], str] = field(default_factory=dict)


def planted(
    pool: Pool, released: NotebookNode, rng: random.Random, honest: int = 60, each: int = 3
) -> Planted:
    """A class with so many honest students, and so many copies of each kind from others of them."""
    made = Planted()
    answers = {f"honest_{number:02d}": pool.drawn(rng) for number in range(honest)}
    victims = rng.sample(sorted(answers), honest)
    for kind in [kind for kind in KINDS for _ in range(each)]:
        name, victim = f"copy_{len(made.copies):02d}", victims.pop()
        other = victims.pop() if kind == MERGED else ""
        rest = answers[other] if other else pool.drawn(rng)
        answers[name] = _copied(kind, answers[victim], rest, rng)
        made.copies |= {frozenset((name, of)): kind for of in (victim, other) if of}
        made.notebooks[name] = filled_in(released, answers[name])
        if kind in SHUFFLED:
            _shuffle(made.notebooks[name], rng)
    made.notebooks |= {
        name: filled_in(released, own)
        for name, own in answers.items()
        if name not in made.notebooks
    }
    return made


def _copied(kind: str, victim: Answers, rest: Answers, rng: random.Random) -> Answers:
    """One student's answers in disguise; of half a copy, the rest in another's."""
    change = DISGUISES.get(kind, all_at_once)
    taken = set(victim)
    if kind in (HALF, MERGED):
        taken = set(rng.sample(sorted(victim), len(victim) // 2))
    if kind == HALF:
        return {n: change(text, rng) if n in taken else rest[n] for n, text in victim.items()}
    return {n: change(text if n in taken else rest[n], rng) for n, text in victim.items()}


def _shuffle(notebook: NotebookNode, rng: random.Random) -> None:
    """Put the code cells of a notebook into another order."""
    at = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    cells = [notebook.cells[index] for index in at]
    rng.shuffle(cells)
    for index, cell in zip(at, cells, strict=True):
        notebook.cells[index] = cell
