"""Two students' code side by side, with the lines marked that both have."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from autograder.course.similarity.comparison import Comparison, Fingerprint, fingerprints
from autograder.course.similarity.pairs import Pair
from autograder.course.similarity.work import Piece, Work

FEW = 0.1  # of the class: what no more have is rare
FEWEST = 3  # in a small class, too


class Mark(StrEnum):
    """What is to be said of a line."""

    RARE = "rare"  # both have it, and few others
    COMMON = "common"  # both have it, and many others
    NONE = ""


@dataclass(frozen=True)
class Side:
    """A cell of one of the two, and its marks by line, from 1."""

    text: str
    marks: dict[int, Mark]


@dataclass(frozen=True)
class Beside:
    """What the two wrote for one exercise; no share where only one of them wrote something."""

    exercise: str
    share: float | None
    left: list[Side]
    right: list[Side]


def beside(comparison: Comparison, pair: Pair) -> Iterator[Beside]:
    """The exercises of a pair, in the first one's order."""
    common = comparison.common(pair.a, pair.b)
    few = max(FEWEST, FEW * len(comparison.works))
    rare = {found for found in common if comparison.owners[found] <= few}
    left, right = (_sides(comparison.works[each], common, rare) for each in (pair.a, pair.b))
    for name in dict.fromkeys([*left, *right]):
        share = pair.exercises.get(name)
        yield Beside(name, share, left.get(name, []), right.get(name, []))


def _sides(
    work: Work, common: Collection[Fingerprint], rare: Collection[Fingerprint]
) -> dict[str, list[Side]]:
    found: defaultdict[str, list[Side]] = defaultdict(list)
    for piece in work.pieces:
        marks = {**_lines(piece, common, Mark.COMMON), **_lines(piece, rare, Mark.RARE)}
        found[piece.exercise].append(Side(piece.text, marks))
    return dict(found)


def _lines(piece: Piece, wanted: Collection[Fingerprint], mark: Mark) -> dict[int, Mark]:
    """The lines on which operations of some fingerprints stand."""
    return {
        line: mark
        for found, start in fingerprints(piece)
        if found in wanted
        for operation in piece.operations[start : start + len(found)]
        for line in range(operation.first, operation.last + 1)
    }
