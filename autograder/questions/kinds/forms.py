"""What else an expression is in one call: weights along an axis, a dtype, the body of a loop."""

import ast
from collections.abc import Callable, Iterator, Sequence

import torch

from autograder.questions.kinds.one_call import COMPUTED, OneCall
from autograder.questions.kinds.options import numeric
from autograder.questions.question import Draft, Option
from autograder.questions.sights import Sight

DTYPES = ("torch.bool", "torch.int64", "torch.float32", "torch.float64")
USUAL = "torch.float32"
MOST_TIMES = 20
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def sums(one: OneCall) -> Iterator[Draft]:
    """Along which axis do numbers sum to 1?"""
    for seen in one.seen:
        sight, rank = seen.sight, len(seen.sight.shape)
        if rank not in (2, 3) or len(sight.sums) != 1 or min(sight.shape) < 2 or seen.is_made:
            continue
        right = _axis(sight)
        texts = [*(f"axis {axis}" for axis in range(rank)), *["both axes"][: 3 - rank], "no axis"]
        yield one.draft(
            "axis",
            seen,
            f"Along which axis does `{seen.text}` in line {seen.node.lineno} sum to 1?",
            [Option(text, text == right, _why_sum(text, right)) for text in texts],
            f"`{seen.text}` has shape {sight.shape}; each of its sums along {right} is 1.",
            _axis,
            5.0,
        )


def _axis(sight: Sight) -> str:
    return f"axis {sight.sums[0]}" if len(sight.sums) == 1 else ""


def _why_sum(text: str, right: str) -> str:
    if text == right:
        return ""
    return {
        "no axis": f"The sums along {right} all are 1.",
        "both axes": f"Only the sums along {right} all are 1.",
    }.get(text, f"The sums along {text} are not all 1.")


def dtypes(one: OneCall) -> Iterator[Draft]:
    """What is the dtype, where it is not the usual one and does not stand there?"""
    known = {str(each.dtype) for each in one.call.arguments if torch.is_tensor(each)}
    for seen in one.seen:
        right = _dtype(seen.sight)
        is_told = seen.sight.dtype in seen.text or not isinstance(seen.node, COMPUTED)
        if right in {USUAL, *known} or right not in DTYPES or is_told:
            continue
        yield one.draft(
            "dtype",
            seen,
            f"What is the dtype of `{seen.text}` in line {seen.node.lineno}?",
            [Option(d, d == right, "" if d == right else f"It is {right}.") for d in DTYPES],
            f"`{seen.text}` is a tensor of {right}.",
            _dtype,
            3.5,
        )


def _dtype(sight: Sight) -> str:
    return f"torch.{sight.dtype}"


def times(one: OneCall) -> Iterator[Draft]:
    """How often does a call run the first line of a loop?"""
    for loop in ast.walk(one.explored.code.tree):
        found = _runs(one, loop) if isinstance(loop, ast.For) else None
        if found is None or not isinstance(loop, ast.For):
            continue
        number, count = found
        line = loop.body[0].lineno
        others = [n for n in (count - 1, count + 1, count + 2, 2 * count) if n > 0]
        question = one.question(
            "times",
            (loop.lineno, line),
            f"How many times does this call run line {line}?",
            numeric(
                Option(str(count), True, ""),
                [Option(str(n), False, f"It runs {count} times.") for n in others],
            ),
            f"The loop of line {loop.lineno} runs {count} times.",
        )
        yield one.proved_by(question, number, _of_length(count), 4.0)


def _of_length(count: int) -> Callable[[Sequence[Sight]], bool]:
    return lambda sights: len(sights) == count


def _runs(one: OneCall, loop: ast.For) -> tuple[int, int] | None:
    """An expression that is computed once whenever a loop runs, by number, and how often it was."""
    first = loop.body[0]
    if isinstance(first, ast.For | ast.While | ast.If) or isinstance(loop.iter, ast.List):
        return None
    inner = [part for part in ast.walk(first) if isinstance(part, COMPREHENSIONS)]
    repeated = {id(node) for part in inner for node in ast.walk(part)}
    inside = {id(node) for node in ast.walk(first)} - repeated
    for number, node in enumerate(one.explored.instrumented.looked_at):
        count = len(one.answer.looks.get(number, ()))
        if id(node) in inside and 2 <= count <= MOST_TIMES:
            return number, count
    return None
