"""Questions about what expressions are in one call; other kinds say what is asked of them."""

import ast
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from autograder.authoring.operators.syntax import name_of
from autograder.checks.calls import Call
from autograder.questions.asks import Ask
from autograder.questions.describing import with_shapes
from autograder.questions.experiments import Outcome
from autograder.questions.exploring import LARGEST_SEED, Explored
from autograder.questions.question import Draft, Option, Question
from autograder.questions.sights import Answer, Sight

LONGEST = 60  # characters of an expression
MAKERS = ("zeros", "ones", "eye", "empty", "full", "tensor", "zeros_like", "ones_like")
COMPUTED = (ast.BinOp, ast.Call, ast.Subscript, ast.Compare)


@dataclass(frozen=True)
class Seen:
    """An expression, the number that it is looked at under, its text, and what it was."""

    number: int
    node: ast.expr
    text: str
    sight: Sight

    @property
    def is_made(self) -> bool:
        """Whether it is a new tensor, whose form stands in its text."""
        return isinstance(self.node, ast.Call) and name_of(self.node.func) in MAKERS


@dataclass(frozen=True)
class OneCall:
    """A call, and what was seen in it."""

    explored: Explored
    ask: Ask
    answer: Answer
    call: Call
    given: str
    rng: random.Random

    @cached_property
    def seen(self) -> list[Seen]:
        """Expressions that were tensors of one form whenever they were computed, each text once."""
        return list({(each.node.lineno, each.text): each for each in self._seen()}.values())

    def _seen(self) -> Iterator[Seen]:
        for number, node in enumerate(self.explored.instrumented.looked_at):
            sights = set(self.answer.looks.get(number, ()))
            text = self.explored.code.source(node)
            if len(sights) == 1 and len(text) <= LONGEST and _is_computed(node):
                sight = sights.pop()
                if sight.kind == "tensor":
                    yield Seen(number, node, text, sight)

    def draft(
        self,
        kind: str,
        seen: Seen,
        asked: str,
        options: Sequence[Option],
        why: str,
        read: Callable[[Sight], str],
        rank: float,
    ) -> Draft:
        """A question about an expression; the key must be the same for other numbers."""
        right = next(each.text for each in options if each.is_right)

        def is_key(sights: Sequence[Sight]) -> bool:
            return {read(each) for each in sights} == {right}

        question = self.question(kind, (seen.node.lineno,), asked, options, why)
        return self.proved_by(question, seen.number, is_key, rank)

    def question(
        self, kind: str, lines: tuple[int, ...], asked: str, options: Sequence[Option], why: str
    ) -> Question:
        """A question about this call."""
        code = self.explored.code
        shown, four = tuple(code.shown), tuple(options)
        return Question(kind, code.exercise, shown, lines, asked, self.given, four, why)

    def proved_by(
        self,
        question: Question,
        number: int,
        is_key: Callable[[Sequence[Sight]], bool],
        rank: float,
    ) -> Draft:
        """A draft whose key is proved by what is seen of an expression with other numbers."""

        def is_proved(outcomes: Sequence[Outcome]) -> bool:
            answer = outcomes[0].answers[0]
            sights = answer.looks.get(number, ())
            return not answer.error and bool(sights) and is_key(sights)

        again = replace(self.ask, seed=(self.ask.seed + 1) % LARGEST_SEED)
        return Draft(question, [replace(self.explored.looked_at, asks=(again,))], is_proved, rank)


def _is_computed(node: ast.expr) -> bool:
    """A name alone stands for what another line made."""
    return isinstance(node, COMPUTED) or (
        isinstance(node, ast.Attribute) and node.attr in ("T", "mT")
    )


def calls_in(explored: Explored, rng: random.Random) -> Iterator[OneCall]:
    """A call of each probe that can be put into words: one whose axes have different lengths."""
    found: dict[str, OneCall] = {}
    for ask, answer in explored.answered:
        try:
            call = explored.call(ask)
            one = OneCall(explored, ask, answer, call, with_shapes(explored.code, call), rng)
        except Exception:  # the author's code, or a value without words
            continue
        before = found.get(ask.probe)
        if before is None or _different(one) > _different(before):
            found[ask.probe] = one
    yield from found.values()


def _different(one: OneCall) -> int:
    """How many different lengths and sizes there are."""
    tensors = [each for each in one.call.arguments if torch.is_tensor(each)]
    return len({*one.ask.sizes.values(), *(n for each in tensors for n in each.shape)})
