"""All questions about what expressions are in one call."""

import random
from collections.abc import Iterator

from autograder.questions.exploring import Explored
from autograder.questions.kinds import forms, shapes
from autograder.questions.kinds.one_call import calls_in
from autograder.questions.question import Draft


def drafts(explored: Explored, rng: random.Random) -> Iterator[Draft]:
    """Shapes, sums, dtypes, and how often loops run."""
    for one in calls_in(explored, rng):
        for make in (shapes.drafts, forms.sums, forms.dtypes, forms.times):
            yield from make(one)
