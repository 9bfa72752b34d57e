"""What an expression is in one call: its shape, its dtype, along which axis it sums to 1."""

import ast
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch

from autograder.authoring.operators.syntax import name_of
from autograder.checks.calls import Call
from autograder.questions.asks import Ask
from autograder.questions.code import Code
from autograder.questions.describing import WordlessError, with_shapes
from autograder.questions.experiments import Outcome
from autograder.questions.exploring import LARGEST_SEED, Explored
from autograder.questions.kinds.options import numeric, shuffled
from autograder.questions.question import LETTERS, Draft, Option, Question
from autograder.questions.sights import Answer, Sight, parts

Shape = tuple[int, ...]
LONGEST = 60  # characters of an expression
MOST_PARTS = 4
DTYPES = ("torch.bool", "torch.int64", "torch.float32", "torch.float64")
MAKERS = ("zeros", "ones", "eye", "empty", "full", "zeros_like", "ones_like")
WORTH_SEEING = (ast.BinOp, ast.Call, ast.Subscript, ast.Compare)


def drafts(explored: Explored, rng: random.Random) -> Iterator[Draft]:
    """Questions about the values of expressions in one call."""
    for ask, answer in _one_of_each_probe(explored):
        try:
            call = explored.call(ask)
            given = with_shapes(explored.code, call)
        except (WordlessError, Exception):
            continue
        about = _About(explored, ask, answer, call, given, rng)
        for make in (about.shapes, about.sums, about.dtypes, about.times):
            yield from make()


def _one_of_each_probe(explored: Explored) -> list[tuple[Ask, Answer]]:
    found = {ask.probe: (ask, answer) for ask, answer in explored.answered}
    return list(found.values())


class _About:
    """Questions about one call."""

    def __init__(
        self,
        explored: Explored,
        ask: Ask,
        answer: Answer,
        call: Call,
        given: str,
        rng: random.Random,
    ) -> None:
        self.explored, self.ask, self.call, self.given, self.rng = explored, ask, call, given, rng
        self.code: Code = explored.code
        self._answer = answer

    def shapes(self) -> Iterator[Draft]:
        """What is the shape?"""
        known = {tuple(each.shape) for each in self.call.arguments if torch.is_tensor(each)}
        for number, node, sight in self._sights():
            if sight.shape in known or not sight.shape or 0 in sight.shape:
                continue
            wrong = other_shapes(sight.shape, self._lengths(known), self.rng)
            if len(wrong) < len(LETTERS) - 1:
                continue
            right = Option(str(sight.shape), True, "")
            yield self._draft(
                "shape",
                number,
                f"What is the shape of `{self.code.source(node)}` in line {node.lineno}?",
                shuffled(right, wrong, self.rng),
                self._parts(node, sight),
                lambda other: str(other.shape),
                2.5 + len(sight.shape) / 2 - (name_of(getattr(node, "func", node)) in MAKERS),
            )

    def sums(self) -> Iterator[Draft]:
        """Along which axis are these weights?"""
        for number, node, sight in self._sights():
            rank = len(sight.shape)
            if rank not in (2, 3) or len(sight.sums) != 1 or min(sight.shape) < 2:
                continue
            axes = [f"axis {axis}" for axis in range(rank)]
            texts = [*axes, *(["both axes"] if rank == 2 else []), "no axis"]
            right = f"axis {sight.sums[0]}"
            options = tuple(_sum_option(text, right, sight) for text in texts)
            text = self.code.source(node)
            yield self._draft(
                "axis",
                number,
                f"In line {node.lineno}, along which axis do the numbers of `{text}` sum to 1?",
                options,
                f"`{text}` has shape {sight.shape}; each of its sums over {right} is 1.",
                lambda other: f"axis {other.sums[0]}" if len(other.sums) == 1 else "",
                4.5,
            )

    def dtypes(self) -> Iterator[Draft]:
        """What is the dtype, where it is not the usual one?"""
        for number, node, sight in self._sights():
            right = f"torch.{sight.dtype}"
            if (
                sight.dtype == "float32"
                or right not in DTYPES
                or not isinstance(node, WORTH_SEEING)
            ):
                continue
            text = self.code.source(node)
            if sight.dtype in text:
                continue
            options = tuple(Option(each, each == right, _why_dtype(each, right)) for each in DTYPES)
            yield self._draft(
                "dtype",
                number,
                f"What is the dtype of `{text}` in line {node.lineno}?",
                options,
                f"`{text}` is a tensor of {right}.",
                lambda other: f"torch.{other.dtype}",
                3.0,
            )

    def times(self) -> Iterator[Draft]:
        """How often does a loop run?"""
        for loop in ast.walk(self.code.tree):
            if not isinstance(loop, ast.For):
                continue
            found = self._runs(loop)
            if found is None:
                continue
            number, times = found
            others = [n for n in (times - 1, times + 1, times + 2, times - 2, 2 * times) if n > 0]
            wrong = [Option(str(n), False, f"It runs {times} times.") for n in others]
            yield self._draft(
                "times",
                number,
                f"How many times does this call run line {loop.body[0].lineno}?",
                numeric(Option(str(times), True, ""), wrong),
                f"The loop of line {loop.lineno} runs {times} times.",
                None,
                2.5,
                marked=(loop.lineno, loop.body[0].lineno),
                times=times,
            )

    def _runs(self, loop: ast.For) -> tuple[int, int] | None:
        """The number of an expression that is computed once whenever a loop runs, and how often."""
        first = loop.body[0]
        if isinstance(first, ast.For | ast.While | ast.If) or isinstance(loop.iter, ast.Constant):
            return None
        comprehended = {
            id(node)
            for part in ast.walk(first)
            if isinstance(part, ast.comprehension | ast.GeneratorExp | ast.ListComp)
            for node in ast.walk(part)
        }
        for number, node in enumerate(self.explored.instrumented.looked_at):
            inside = any(node is each for each in ast.walk(first))
            seen = self._answer.looks.get(number, ())
            if inside and id(node) not in comprehended and 2 <= len(seen) < 20:
                return number, len(seen)
        return None

    def _sights(self) -> Iterator[tuple[int, ast.expr, Sight]]:
        """Expressions that always were tensors of one shape in this call, each text once."""
        told: set[tuple[int, str]] = set()
        for number, node in enumerate(self.explored.instrumented.looked_at):
            seen = set(self._answer.looks.get(number, ()))
            text = self.code.source(node)
            if len({each.shape for each in seen}) != 1 or len(text) > LONGEST:
                continue
            sight = next(iter(seen))
            if sight.kind == "tensor" and self._is_worth(node) and (node.lineno, text) not in told:
                told.add((node.lineno, text))
                yield number, node, sight

    def _is_worth(self, node: ast.expr) -> bool:
        """Whether an expression is computed; a name alone stands for what another line made."""
        return isinstance(node, WORTH_SEEING) or (
            isinstance(node, ast.Attribute) and node.attr in ("T", "mT")
        )

    def _lengths(self, known: set[Shape]) -> list[int]:
        return sorted({length for shape in known for length in shape} | {*self.ask.sizes.values()})

    def _parts(self, node: ast.expr, sight: Sight) -> str:
        """The shapes of what an expression is made of."""
        numbers = {id(each): n for n, each in enumerate(self.explored.instrumented.looked_at)}
        told: dict[str, Shape] = {}
        for part in parts(node):
            seen = self._answer.looks.get(numbers.get(id(part), -1), ())
            if part is not node and seen and seen[0].kind == "tensor" and seen[0].shape:
                told[self.code.source(part)] = seen[0].shape
        last = [*told.items()][-MOST_PARTS:]
        listed = ", ".join(f"`{text}` {shape}" for text, shape in last)
        made = f"{listed}; so " if listed else ""
        return f"In this call: {made}`{self.code.source(node)}` has shape {sight.shape}."

    def _draft(
        self,
        kind: str,
        number: int,
        asked: str,
        options: Sequence[Option],
        why: str,
        read: Callable[[Sight], str] | None,
        rank: float,
        marked: tuple[int, ...] = (),
        times: int = 0,
    ) -> Draft:
        """A question whose key must be the same for other numbers of the same shapes."""
        line = self.explored.instrumented.looked_at[number].lineno
        question = Question(
            kind,
            self.code.exercise,
            tuple(self.code.shown),
            marked or (line,),
            asked,
            self.given,
            tuple(options),
            why,
        )
        right = next(each.text for each in options if each.is_right)

        def is_proved(outcomes: Sequence[Outcome]) -> bool:
            answer = outcomes[0].answers[0]
            seen = answer.looks.get(number, ())
            if answer.error or not seen:
                return False
            return len(seen) == times if read is None else {read(s) for s in seen} == {right}

        again = replace(self.ask, seed=(self.ask.seed + 1) % LARGEST_SEED)
        version = replace(self.explored.looked_at, asks=(again,))
        return Draft(question, [version], is_proved, rank)


def other_shapes(shape: Shape, lengths: Sequence[int], rng: random.Random) -> list[Option]:
    """Three wrong shapes: with axes exchanged, with another length, missing or kept too long."""
    groups = [_exchanged(shape), _of_other_lengths(shape, lengths), _of_other_rank(shape)]
    for group in groups:
        rng.shuffle(group)
    in_turn = itertools.chain.from_iterable(itertools.zip_longest(*groups))
    found = {each[0]: each[1] for each in in_turn if each and each[0] != shape and 0 not in each[0]}
    return [Option(str(other), False, why) for other, why in found.items()][:3]


def _exchanged(shape: Shape) -> list[tuple[Shape, str]]:
    pairs = itertools.combinations(range(len(shape)), 2)
    return [(_swapped(shape, i, j), f"Axes {i} and {j} are exchanged.") for i, j in pairs]


def _swapped(shape: Shape, i: int, j: int) -> Shape:
    order = [*range(len(shape))]
    order[i], order[j] = j, i
    return tuple(shape[axis] for axis in order)


def _of_other_lengths(shape: Shape, lengths: Sequence[int]) -> list[tuple[Shape, str]]:
    """Lengths that other axes have; and of a lone axis, near ones."""
    alone = (shape[0] - 1, shape[0] + 1, 2 * shape[0]) if len(shape) == 1 else ()
    return [
        ((*shape[:i], n, *shape[i + 1 :]), f"Axis {i} has length {shape[i]}, not {n}.")
        for i in range(len(shape))
        for n in (*lengths, *alone)
        if n != shape[i]
    ]


def _of_other_rank(shape: Shape) -> list[tuple[Shape, str]]:
    if len(shape) == 1:
        return []
    missing = [
        (shape[:i] + shape[i + 1 :], f"Axis {i}, of length {shape[i]}, is missing.")
        for i in range(len(shape))
    ]
    kept = [((*shape[:i], 1, *shape[i + 1 :]), f"Axis {i} is not 1.") for i in range(len(shape))]
    return [*missing, *kept]


def _sum_option(text: str, right: str, sight: Sight) -> Option:
    if text == right:
        return Option(text, True, "")
    if text == "no axis":
        return Option(text, False, f"The sums over {right} all are 1.")
    which = "Those over the other one are not." if text == "both axes" else "These sums are others."
    return Option(text, False, which)


def _why_dtype(dtype: str, right: str) -> str:
    return "" if dtype == right else f"It is {right}."
