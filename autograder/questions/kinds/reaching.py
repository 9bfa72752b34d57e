"""Which change lets items of a batch, or earlier and later positions, reach one another?"""

import ast
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.checks.calls import Call
from autograder.checks.comparison import relative_error
from autograder.checks.evidence import Array
from autograder.questions.asks import (
    Ask,
    Changed,
    batch_of,
    first_later,
    is_batched,
    is_sequence,
)
from autograder.questions.changes import Change
from autograder.questions.describing import WordlessError, arrays_in, names_of, with_shapes
from autograder.questions.experiments import Outcome, Version
from autograder.questions.exploring import Explored
from autograder.questions.kinds.options import shuffled
from autograder.questions.question import LETTERS, Draft, Option, Question
from autograder.questions.sights import Answer

SAME, OTHER = 1e-6, 1e-3  # relative errors below and above which results are as before, or are not
ITEMS = (
    "This call is made twice, the second time with other numbers in {}, except in item 0 (axis 0). "
    "In your code, item 0 of the {} is the same both times. Which change makes it differ?"
)
LATER = (
    "This call is made twice, the second time with other numbers in {} from position {} on (axis "
    "1). In your code, the {} before position {} is the same both times. Which change makes it "
    "differ?"
)
REACHED = "With this change it differs."
UNREACHED = "With this change it stays the same."
NATURAL = ("axes", "viewed", "siblings", "left_out", "bounds")  # errors that people make


@dataclass(frozen=True)
class Pair:
    """A call, and the same one with other numbers in a part of its inputs."""

    ask: Ask
    changed: Changed

    @property
    def asks(self) -> tuple[Ask, Ask]:
        """Both calls."""
        return self.ask, self.ask.with_other(self.changed)


def pairs_of(explored: Explored) -> list[Pair]:
    """Calls with a batch, and with positions, in two versions each."""
    found = []
    for ask in {ask.probe: ask for ask, _ in explored.answered}.values():
        try:
            call = explored.call(ask)
            with_shapes(explored.code, call)
        except Exception:  # the author's code, or a value without words
            continue
        if batch_of(call) > 1:
            found.append(Pair(ask, Changed.ITEMS))
        if first_later(call) > 0:
            found.append(Pair(ask, Changed.LATER))
    return found


def is_reached(answers: Sequence[Answer], pair: Pair, at: int) -> bool | None:
    """Whether the part of the result that should stay is another one; None where nobody can say.

    The answers are those to both calls.
    """
    arrays = [_first_array(each) for each in answers]
    before, after = ((None if it is None else it.values) for it in arrays)
    if before is None or after is None or before.shape != after.shape or before.ndim < 2:
        return None
    part = (slice(None), slice(0, at)) if pair.changed is Changed.LATER else slice(0, 1)
    rest = (slice(None), slice(at, None)) if pair.changed is Changed.LATER else slice(1, None)
    kept, moved = (_error(before[which], after[which]) for which in (part, rest))
    if moved is None or kept is None or SAME < kept < OTHER:
        return None
    return kept > OTHER if kept > OTHER or moved > OTHER else None


def _first_array(answer: Answer) -> Array | None:
    found = [] if answer.error else arrays_in(answer.output)
    return found[0][1] if found else None


def _error(before: np.ndarray, after: np.ndarray) -> float | None:
    if not before.size or not np.isfinite(before).all() or not np.isfinite(after).all():
        return None
    return relative_error(before, after)


def drafts(
    explored: Explored,
    pair: Pair,
    original: Sequence[Answer],
    mutants: Sequence[tuple[Change, Sequence[Answer]]],
    rng: random.Random,
) -> Iterator[Draft]:
    """A question, where the code keeps things apart, one change does not, and three others do."""
    call = explored.call(pair.ask)
    at = first_later(call)
    mutants = [each for each in mutants if not _is_in_beginning(explored, each[0])]
    if is_reached(original, pair, at) is not False:
        return
    said = [(change, is_reached(answers, pair, at)) for change, answers in mutants]
    reached = [change for change, found in said if found]
    apart = _others([change for change, found in said if found is False], mutants, original)
    natural = [each for each in reached if each.kind in NATURAL]
    for right in _of_different_lines(natural, rng)[:2]:
        wrong = _of_different_lines(apart, rng, right.line)[: len(LETTERS) - 1]
        if len(wrong) == len(LETTERS) - 1:
            what = "first result" if isinstance(original[0].output, list) else "result"
            yield _draft(explored, pair, what, right, wrong, rng)


def _is_in_beginning(explored: Explored, change: Change) -> bool:
    """Whether a change is one of `__init__`, which sees no inputs."""
    functions = [node for node in ast.walk(explored.code.tree) if isinstance(node, ast.FunctionDef)]
    spans = [(f.lineno, f.end_lineno or f.lineno) for f in functions if f.name == "__init__"]
    return any(first <= change.line <= last for first, last in spans)


def _others(
    apart: Sequence[Change],
    mutants: Sequence[tuple[Change, Sequence[Answer]]],
    original: Sequence[Answer],
) -> list[Change]:
    """Those changes that make some difference."""
    before = _first_array(original[0])
    answers = {id(change): _first_array(found[0]) for change, found in mutants}
    return [each for each in apart if _differ(before, answers[id(each)])]


def _differ(a: Array | None, b: Array | None) -> bool:
    if a is None or b is None or a.values.shape != b.values.shape:
        return True
    return relative_error(a.values, b.values) > OTHER


def _of_different_lines(
    changes: Sequence[Change], rng: random.Random, but: int | None = None
) -> list[Change]:
    """Changes in random order, those of lines that were not named yet first."""
    mixed = rng.sample(list(changes), len(changes))
    first: dict[int, Change] = {}
    for change in mixed:
        first.setdefault(change.line, change)
    new = [each for line, each in first.items() if line != but]
    return [*new, *(each for each in mixed if each not in new)]


def _draft(
    explored: Explored,
    pair: Pair,
    what: str,
    right: Change,
    wrong: list[Change],
    rng: random.Random,
) -> Draft:
    call, code = explored.call(pair.ask), explored.code
    at, named = first_later(call), _named(explored, call, pair)
    is_later = pair.changed is Changed.LATER
    options = [Option(_told(each), False, UNREACHED) for each in wrong]
    question = Question(
        "future" if is_later else "batch",
        code.exercise,
        tuple(code.shown),
        tuple(sorted({each.line for each in (right, *wrong)})),
        LATER.format(named, at, what, at) if is_later else ITEMS.format(named, what),
        with_shapes(code, call),
        shuffled(Option(_told(right), True, REACHED), options, rng),
        f"Both calls were made with each change. With `{right.after}`, and with no other one, the "
        "other numbers reach this part of the result.",
    )
    versions = [
        Version(code, text, (), pair.asks)
        for text in (code.text, right.text, *(each.text for each in wrong))
    ]

    def is_proved(outcomes: Sequence[Outcome]) -> bool:
        found = [is_reached(each.answers, pair, at) for each in outcomes]
        return found == [False, True, *[False] * len(wrong)]

    return Draft(question, versions, is_proved, 5.5)


def _told(change: Change) -> str:
    return f"line {change.line}:  {change.after}"


def _named(explored: Explored, call: Call, pair: Pair) -> str:
    """The arguments that have other numbers."""
    batch = batch_of(call)
    has = is_sequence if pair.changed is Changed.LATER else is_batched
    pairs = zip(names_of(explored.code, call), call.arguments, strict=False)
    named = [f"`{name}`" for name, value in pairs if has(value, batch)]
    if not named:
        raise WordlessError("no argument")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
