"""What is the shape of an expression? Wrong ones have axes exchanged, or of another length."""

import itertools
import random
from collections.abc import Iterator, Sequence

import torch

from autograder.questions.kinds.one_call import OneCall, Seen
from autograder.questions.kinds.options import shuffled
from autograder.questions.question import LETTERS, Draft, Option
from autograder.questions.sights import parts

Shape = tuple[int, ...]
MOST_PARTS = 4


def drafts(one: OneCall) -> Iterator[Draft]:
    """Questions about shapes that none of the arguments has."""
    known = {tuple(each.shape) for each in one.call.arguments if torch.is_tensor(each)}
    lengths = sorted({n for shape in known for n in shape} | {*one.ask.sizes.values()})
    for seen in one.seen:
        shape = seen.sight.shape
        if shape in known or not shape or 0 in shape:
            continue
        wrong = other_shapes(shape, lengths, one.rng)
        if len(wrong) == len(LETTERS) - 1:
            yield one.draft(
                "shape",
                seen,
                f"What is the shape of `{seen.text}` in line {seen.node.lineno}?",
                shuffled(Option(str(shape), True, ""), wrong, one.rng),
                _why(one, seen),
                lambda other: str(other.shape),
                (3.0 if len(shape) == 1 else 4.0 + len(shape) / 2) - 1.5 * seen.is_made,
            )


def _why(one: OneCall, seen: Seen) -> str:
    """The shapes of what an expression is made of."""
    numbers = {id(node): n for n, node in enumerate(one.explored.instrumented.looked_at)}
    told: dict[str, Shape] = {}
    for part in parts(seen.node):
        sights = one.answer.looks.get(numbers.get(id(part), -1), ())
        if part is not seen.node and sights and sights[0].kind == "tensor" and sights[0].shape:
            told[one.explored.code.source(part)] = sights[0].shape
    listed = ", ".join(f"`{text}` {shape}" for text, shape in [*told.items()][-MOST_PARTS:])
    made = f"{listed}; so " if listed else ""
    return f"In this call: {made}`{seen.text}` has shape {seen.sight.shape}."


def other_shapes(shape: Shape, lengths: Sequence[int], rng: random.Random) -> list[Option]:
    """Three wrong shapes: with axes exchanged, with another length, missing or kept too long."""
    groups = [_exchanged(shape), _of_other_lengths(shape, lengths), _of_other_rank(shape)]
    for group in groups:
        rng.shuffle(group)
    in_turn = itertools.chain.from_iterable(itertools.zip_longest(*groups))
    found = {each[0]: each[1] for each in in_turn if each and each[0] != shape and 0 not in each[0]}
    options = [Option(str(other), False, why) for other, why in found.items()]
    return options[: len(LETTERS) - 1]


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
    axes = range(len(shape))
    missing = [
        (shape[:i] + shape[i + 1 :], f"Axis {i}, of length {shape[i]}, is missing.") for i in axes
    ]
    kept = [
        ((*shape[:i], 1, *shape[i + 1 :]), f"Axis {i} has length {shape[i]}, not 1.") for i in axes
    ]
    return [*missing, *kept]
