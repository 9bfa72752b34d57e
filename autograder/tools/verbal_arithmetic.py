"""Sums and differences in words, with the sign of the result: the whole grid, and its parts."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
LABELS = ("negative", "zero", "positive")
SIZES = {"training": (100, 13, 335), "validation": (43, 6, 143), "test": (47, 2, 111)}  # by label


class Statement(NamedTuple):
    """A sum or difference in words, such as "three minus five", and which of LABELS its sign is."""

    text: str
    label: int


def statements(plus: str = "plus", minus: str = "minus") -> list[Statement]:
    """All 800: row 400 · [difference] + 20 a + b is about the numbers a and b."""
    return [
        Statement(f"{NUMBERS[a]} {word} {NUMBERS[b]}", _label(a + sign * b))
        for word, sign in ((plus, 1), (minus, -1))
        for a in range(len(NUMBERS))
        for b in range(len(NUMBERS))
    ]


def part(name: str) -> list[Statement]:
    """The statements for "training" (448), "validation" (192) or "test" (160), always the same.

    Raises ValueError for another name.
    """
    at = [*SIZES].index(name)
    chosen = []
    for label, same in enumerate(_by_label(statements())):
        same.sort(key=lambda one: sha256(one.text.encode()).digest())
        before = sum(sizes[label] for sizes in [*SIZES.values()][:at])
        chosen += same[before : before + SIZES[name][label]]
    return chosen


def few(count: int, everything: Sequence[Statement]) -> list[Statement]:
    """About `count` of the statements, as many of each label as its share, but at least one."""
    share = count / len(everything)
    labels = _by_label(everything)
    return [one for same in labels for one in same[: max(1, round(share * len(same)))]]


def _by_label(everything: Sequence[Statement]) -> list[list[Statement]]:
    return [[one for one in everything if one.label == label] for label in range(len(LABELS))]


def _label(result: int) -> int:
    return 1 + (result > 0) - (result < 0)
