"""Which works are so alike that somebody should look at both."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from autograder.course.similarity.comparison import Comparison
from autograder.course.similarity.work import Work

LEAST = 15  # fingerprints in common; fewer are a few lines, which say nothing
SAME = 0.995  # of an exercise, which then counts as the same


@dataclass(frozen=True)
class Pair:
    """Two works, the share of all that both have, and the shares of single exercises."""

    a: int
    b: int
    share: float
    exercises: dict[str, float]

    @property
    def same(self) -> list[str]:
        """Exercises in which no difference is left."""
        return [name for name, share in self.exercises.items() if share >= SAME]


def pairs_above(
    comparison: Comparison, above: float, together: Collection[frozenset[str]] = ()
) -> list[Pair]:
    """Pairs with at least such a share, the most alike first.

    Works of earlier years are not compared with each other, nor are those who work `together`.
    """
    shares = comparison.shares()
    found = [
        Pair(int(a), int(b), float(shares[a, b]), comparison.by_exercise(a, b))
        for a, b in np.argwhere(np.triu(shares >= above, 1))
        if _are_compared(comparison.works[a], comparison.works[b], together)
        and len(comparison.common(a, b)) >= LEAST
    ]
    return sorted(found, key=lambda pair: (-pair.share, pair.a, pair.b))


def _are_compared(a: Work, b: Work, together: Collection[frozenset[str]]) -> bool:
    is_team = any({a.student, b.student} <= team for team in together)
    return not is_team and not (a.is_earlier and b.is_earlier)


def clusters(pairs: Iterable[Pair]) -> list[list[int]]:
    """Works that pairs connect, in groups of more than two, the largest first."""
    group: dict[int, set[int]] = {}
    for pair in pairs:
        joined = group.get(pair.a, {pair.a}) | group.get(pair.b, {pair.b})
        group |= dict.fromkeys(joined, joined)
    found = {min(each): sorted(each) for each in group.values()}
    return sorted((each for each in found.values() if len(each) > 2), key=lambda e: (-len(e), e))
