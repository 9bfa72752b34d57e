"""What does a call return, for inputs so small that one can calculate it by hand?"""

import ast
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from autograder.checks.calls import Call
from autograder.checks.evidence import Array
from autograder.questions.asks import Ask, Learned
from autograder.questions.changes import Change
from autograder.questions.describing import (
    WordlessError,
    arrays_in,
    numbers,
    with_numbers,
)
from autograder.questions.experiments import Outcome, Version
from autograder.questions.exploring import Explored
from autograder.questions.kinds.options import shuffled
from autograder.questions.question import LETTERS, Draft, Option, Question
from autograder.questions.sights import Answer

MOST, LARGEST = 6, 999  # numbers of a result, and how large they are
INPUTS = 14  # numbers of all arguments
MOST_STEPS = 5
MOST_COUNTED = 20  # a whole number that one calculates with


@dataclass(frozen=True)
class Small:
    """A call that one can calculate: which part of its result is asked for, and what it is."""

    ask: Ask
    part: int
    name: str
    given: str
    text: str
    ease: float
    weights: str = ""  # what the module has learned, in a sentence
    on_the_way: str = ""


def small_calls(explored: Explored) -> list[Small]:
    """Calls whose inputs and results are few simple numbers, and not trivial; the best first."""
    found = [
        small for ask, answer in explored.answered_small for small in _small(explored, ask, answer)
    ]
    return sorted(found, key=lambda each: -each.ease)


def _small(explored: Explored, ask: Ask, answer: Answer) -> Iterator[Small]:
    try:
        call = explored.call(ask)
        given = with_numbers(explored.code, call)
    except Exception:  # the author's code, or a value without words
        return
    count = sum(array.numel() for array in call.arguments if hasattr(array, "numel"))
    if not call.arguments or count > INPUTS or Learned.OTHER in answer.learned:
        return
    for part, (name, array) in enumerate(arrays_in(answer.output)):
        text = text_of(array)
        is_easy = array.values.dtype.kind != "f" or _largest(call) <= MOST_COUNTED
        if text and text not in given and _is_telling(array) and is_easy:
            ease = len(set(array.values.ravel().tolist()))
            weights, way = _weights(answer), on_the_way(explored, answer)
            yield Small(ask, part, name, given, text, ease, weights, way)


def _largest(call: Call) -> int:
    """The largest whole number in a tensor that is calculated with."""
    tensors = [each for each in call.arguments if torch.is_tensor(each) and each.numel()]
    return max((int(each.max()) for each in tensors if not each.is_floating_point()), default=0)


def _weights(answer: Answer) -> str:
    said = [each.value for each in sorted(answer.learned)]
    return f" In this module, {', and '.join(said)}." if said else ""


def on_the_way(explored: Explored, answer: Answer) -> str:
    """What the first assignments come to."""
    numbers_of = {id(node): n for n, node in enumerate(explored.instrumented.looked_at)}
    said = []
    for statement in explored.code.statements:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            seen = answer.looks.get(numbers_of.get(id(statement.value), -1), ())
            if len(seen) == 1 and seen[0].text:
                name = ast.unparse(statement.targets[0])
                said.append(f"`{name}` in line {statement.lineno} is {seen[0].text}")
    return f" On the way, {'; '.join(said[:MOST_STEPS])}." if said else ""


def _is_telling(array: Array) -> bool:
    """Whether a result is not all one number, unless it is one number."""
    values = array.values.ravel().tolist()
    return len(set(values)) > 1 or (len(values) == 1 and values[0] not in (0, 1))


def text_of(array: Array) -> str:
    """A result in brackets; empty where it is not made of a few simple numbers."""
    if not 0 < array.values.size <= MOST or not (abs(array.values) <= LARGEST).all():
        return ""  # NaN is not below anything
    try:
        return numbers(array.values)
    except (WordlessError, TypeError):
        return ""


def drafts(
    explored: Explored,
    smalls: Sequence[Small],
    mutants: Sequence[tuple[Change, Sequence[Answer]]],
    rng: random.Random,
) -> Iterator[Draft]:
    """A question for each small call for which three mutants return something else.

    The answers of each mutant are those to the calls, in their order.
    """
    for at, small in enumerate(smalls):
        wrong: dict[str, Change] = {}
        for change, answers in mutants:
            text = _part_of(answers[at], small)
            if text and text != small.text:
                wrong.setdefault(text, change)
        if len(wrong) >= len(LETTERS) - 1:
            yield _draft(explored, small, _three(small, wrong, rng), rng)


def _three(small: Small, wrong: dict[str, Change], rng: random.Random) -> list[tuple[str, Change]]:
    """Three results of mutants: of one shape, and of different lines, where there are such."""
    form = _form(small.text)

    def order(pair: tuple[str, Change]) -> tuple[bool, bool, float]:
        text, change = pair
        return _form(text) != form, change.kind == "numbers", rng.random()

    found, lines = list[tuple[str, Change]](), list[int]()
    for pair in sorted(wrong.items(), key=order):
        lines.append(pair[1].line)
        found.append(pair)
    first = [pair for at, pair in enumerate(found) if lines.index(lines[at]) == at]
    return [*first, *(pair for pair in found if pair not in first)][: len(LETTERS) - 1]


def _form(text: str) -> str:
    return "".join(each for each in text if each in "[],")


def _draft(
    explored: Explored, small: Small, wrong: list[tuple[str, Change]], rng: random.Random
) -> Draft:
    what = f"What is the {small.name}" if small.name else "What does this call return"
    right = Option(small.text, True, "")
    options = [
        Option(text, False, f"So it is with `{change.after}` in line {change.line}.")
        for text, change in wrong
    ]
    question = Question(
        "returned",
        explored.code.exercise,
        tuple(explored.code.shown),
        (),
        f"{what}?{small.weights}",
        small.given,
        shuffled(right, options, rng),
        f"The call was made, and this is what came out.{small.on_the_way}",
    )
    texts = [explored.code.text, *(change.text for _, change in wrong)]
    versions = [Version(explored.code, text, (), (small.ask,)) for text in texts]
    expected = [small.text, *(text for text, _ in wrong)]

    def is_proved(outcomes: Sequence[Outcome]) -> bool:
        return [_part_of(each.answers[0], small) for each in outcomes] == expected

    lines = {change.line for _, change in wrong}
    return Draft(question, versions, is_proved, 4.0 + min(small.ease, 4) / 4 + len(lines) / 4)


def _part_of(answer: Answer, small: Small) -> str:
    """The part of a result that is asked for, as text; empty where there is none to show."""
    if answer.error:
        return ""
    found = arrays_in(answer.output)
    if [name for name, _ in found[small.part : small.part + 1]] != [small.name]:
        return ""
    return text_of(found[small.part][1])
