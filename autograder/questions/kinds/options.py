"""Four options in an order that tells nothing."""

import random
from collections.abc import Sequence

from autograder.questions.question import LETTERS, Option


def shuffled(right: Option, wrong: Sequence[Option], rng: random.Random) -> tuple[Option, ...]:
    """The right option among the first three wrong ones."""
    options = [right, *wrong[: len(LETTERS) - 1]]
    rng.shuffle(options)
    return tuple(options)


def numeric(right: Option, wrong: Sequence[Option]) -> tuple[Option, ...]:
    """Options that are whole numbers, in their order."""
    return tuple(sorted([right, *wrong[: len(LETTERS) - 1]], key=lambda each: int(each.text)))
