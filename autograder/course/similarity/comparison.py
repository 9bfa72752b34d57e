"""Works beside each other: how much two have in common, and how rare that is in the class.

Code is compared by its fingerprints, runs of a few operations. What everybody was given counts for
nothing. What many wrote counts for little, as it may be the one natural way: a fingerprint that k
of n have weighs log2((n + 1) / k). The share of two works is twice what they have in common over
what both have: Dice's coefficient, weighted.

Sources: Schleimer, Wilkerson, Aiken, "Winnowing: Local Algorithms for Document Fingerprinting",
SIGMOD 2003; weights: Spärck Jones, "A Statistical Interpretation of Term Specificity and Its
Application in Retrieval", Journal of Documentation 28, 1972.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograder.course.similarity.work import Piece, Work

LENGTH = 3  # operations in a fingerprint; by measurement, see docs/similarity.md
BLOCK = 4096  # fingerprints compared at a time, which bounds memory
Fingerprint: TypeAlias = tuple[str, ...]
Matrix: TypeAlias = NDArray[np.float64]


def fingerprints(piece: Piece) -> Iterator[tuple[Fingerprint, int]]:
    """Runs of operations, each with the index of its first; a shorter piece has none."""
    names = [operation.name for operation in piece.operations]
    for start in range(len(names) - LENGTH + 1):
        yield tuple(names[start : start + LENGTH]), start


class Comparison:
    """Works, by their fingerprints that are not `given`."""

    def __init__(self, works: Sequence[Work], given: Sequence[Piece] = ()) -> None:
        self.works = list(works)
        everybodys = {found for piece in given for found, _ in fingerprints(piece)}
        self._of = [_by_exercise(work, everybodys) for work in works]
        self.all = [set().union(*found.values()) for found in self._of]
        self.owners = Counter(found for each in self.all for found in each)

    def weight(self, found: Fingerprint) -> float:
        """How many bits it says that somebody has a fingerprint."""
        return float(np.log2((len(self.works) + 1) / self.owners[found]))

    def shares(self) -> Matrix:
        """The shares of all pairs, from 0 to 1; (n, n)."""
        numbers = {found: number for number, found in enumerate(self.owners)}
        weights = np.array([self.weight(found) for found in self.owners])
        own = [np.array([numbers[found] for found in each], dtype=int) for each in self.all]
        total = np.array([weights[each].sum() for each in own])
        both = total[:, None] + total[None]
        return np.divide(2 * _common(own, weights), both, out=np.zeros_like(both), where=both > 0)

    def common(self, a: int, b: int) -> set[Fingerprint]:
        """What two works have in common."""
        return self.all[a] & self.all[b]

    def by_exercise(self, a: int, b: int) -> dict[str, float]:
        """The shares of single exercises that both have answered, in the first one's order."""
        ours, theirs = self._of[a], self._of[b]
        return {
            name: self._share(own, other)
            for name, own in ours.items()
            if own and (other := theirs.get(name))
        }

    def _share(self, a: set[Fingerprint], b: set[Fingerprint]) -> float:
        return 2 * self._sum(a & b) / (self._sum(a) + self._sum(b))

    def _sum(self, some: set[Fingerprint]) -> float:
        return sum(map(self.weight, some))


def _by_exercise(work: Work, everybodys: set[Fingerprint]) -> dict[str, set[Fingerprint]]:
    found: defaultdict[str, set[Fingerprint]] = defaultdict(set)
    for piece in work.pieces:
        found[piece.exercise] |= {each for each, _ in fingerprints(piece)} - everybodys
    return dict(found)


def _common(own: list[NDArray[np.int64]], weights: Matrix) -> Matrix:
    """The sum of weights that each pair has in common; (n, n)."""
    summed = np.zeros((len(own), len(own)))
    for start in range(0, len(weights), BLOCK):
        has = np.zeros((len(own), min(BLOCK, len(weights) - start)))
        for row, each in enumerate(own):
            here = each[(each >= start) & (each < start + BLOCK)]
            has[row, here - start] = 1
        summed += (has * weights[start : start + BLOCK]) @ has.T
    return summed
