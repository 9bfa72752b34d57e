"""Kinds of wrong numbers that no author has to list: one simple change of the right ones.

A kind explains an answer only if it explains every array that differs, in all cases, and no array
that agrees speaks against it; otherwise it is better to say nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from autograder.checks.evidence import Array, Value

CLOSE = 1e-4  # relative; looser than right answers, as errors may have been scaled up
NEARLY = 1e-3  # a factor this near to 1 is no cause, but what is left of one
LEAST = 4  # numbers that differ among themselves, to tell a kind from chance
LARGEST_NAMED = 400

Numbers = np.ndarray
Explains = Callable[[Numbers, Numbers], bool]  # (right numbers, a student's)


@dataclass(frozen=True)
class Pair:
    """An array of the key, a student's in its place, and where both stand in their case."""

    where: str
    right: Numbers
    given: Numbers

    @property
    def agrees(self) -> bool:
        """Whether they are the same."""
        return _close(self.right, self.given)


Candidate = tuple[str, Explains]


def explanation(cases: Sequence[tuple[Value, Value]]) -> str:
    """The sentence of the first kind that explains all cases, each (right, given); or nothing."""
    pairs = [pair for right, given in cases for pair in _pairs(right, given, "")]
    wrong = [pair for pair in pairs if not pair.agrees]
    if not wrong or any(_is_broken(pair) for pair in wrong):
        return ""
    places = {pair.where for pair in wrong}
    known = [pair for pair in pairs if pair.where in places]
    with np.errstate(all="ignore"):  # students' numbers may be of any size
        found = (says for says, explains in _candidates(wrong) if _holds(explains, known))
        return next(found, "")


def _pairs(right: Value, given: Value, where: str) -> Iterator[Pair]:
    """All arrays of two values, those side by side that stand at the same place."""
    match right, given:
        case Array(), Array():
            x, y = right.values.astype(np.float64), given.values.astype(np.float64)
            yield Pair(where, x, y)
        case dict(), dict() if right.keys() == given.keys():
            for key in right:
                yield from _pairs(right[key], given[key], f"{where}.{key}")
        case list(), list() if len(right) == len(given):
            for x, y in zip(right, given, strict=True):
                yield from _pairs(x, y, where)
        case _ if right != given:
            yield Pair(where, np.full(1, np.nan), np.full(1, np.nan))  # no array: nothing explains


def _is_broken(pair: Pair) -> bool:
    return not (np.isfinite(pair.right).all() and np.isfinite(pair.given).all())


def _holds(explains: Explains, pairs: Sequence[Pair]) -> bool:
    return all(explains(pair.right, pair.given) for pair in pairs)


def _candidates(wrong: Sequence[Pair]) -> Iterator[Candidate]:
    """Kinds that may explain arrays that differ, the most telling first."""
    if all(pair.right.shape == pair.given.shape for pair in wrong):
        x, y = (
            np.concatenate([getattr(p, of).ravel() for p in wrong]) for of in ("right", "given")
        )
        if len(np.unique(x)) >= LEAST:
            yield from _of_numbers(x, y)
    if max(pair.right.size for pair in wrong) >= LEAST:
        yield from _of_axes(max(pair.right.ndim for pair in wrong))
        yield "The numbers are right, only their shape is not.", _same_numbers


def _of_numbers(x: Numbers, y: Numbers) -> Iterator[Candidate]:
    """One function of every number."""
    if not y.any():
        yield "All numbers are zero.", lambda a, b: not b.any() and bool(a.any())
        return
    factor = float(x @ y / (x @ x)) if x.any() else 0.0
    if factor and abs(factor - 1) > NEARLY:
        yield _says_factor(factor), lambda a, b: _close(factor * a, b)
    offset = float((y - x).mean())
    yield f"Each number is the right one plus {offset:.4g}.", lambda a, b: _close(a + offset, b)
    for name, function in FUNCTIONS.items():
        yield f"Each number is {name} the right one.", _by(function)


FUNCTIONS: dict[str, Callable[[Numbers], Numbers]] = {
    "the exponential of": np.exp,
    "the logarithm of": np.log,
    "the square of": np.square,
    "the square root of": np.sqrt,
    "one divided by": np.reciprocal,
    "one minus": lambda x: 1 - x,
    "the absolute value of": np.abs,
}


def _by(function: Callable[[Numbers], Numbers]) -> Explains:
    return lambda a, b: _close(function(a), b)


def _says_factor(factor: float) -> str:
    if np.isclose(factor, -1, rtol=CLOSE):
        return "The sign of all numbers is the opposite."
    return f"All numbers are the right ones times {factor:.4g}{_name(factor)}."


def _name(factor: float) -> str:
    """How a factor may have come about: a whole number, its root, or one divided by these."""
    for form, value in (("{}", factor), ("1/{}", 1 / factor)):
        if not 1 < value <= LARGEST_NAMED:
            continue
        for name, number in ((form, value), (form.format("√{}"), value**2)):
            whole = round(number)
            if 2 <= whole <= LARGEST_NAMED and np.isclose(number, whole, rtol=CLOSE):
                named = name.format(whole)
                return "" if name == "{}" else f" = {named}"
    return ""


def _of_axes(dimensions: int) -> Iterator[Candidate]:
    """The right numbers at other places."""
    for i, j in combinations(range(dimensions), 2):
        yield f"Axes {i} and {j} are exchanged.", _exchanged(i, j)
    for axis in range(dimensions):
        yield f"The numbers stand in reverse order along axis {axis}.", _reversed(axis)
        for way, steps in (("late", 1), ("early", -1)):
            yield f"The numbers stand one place too {way} along axis {axis}.", _rolled(axis, steps)


def _exchanged(i: int, j: int) -> Explains:
    return lambda a, b: a.ndim > j and _close(np.swapaxes(a, i, j), b)


def _reversed(axis: int) -> Explains:
    return lambda a, b: a.ndim > axis and _close(np.flip(a, axis), b)


def _rolled(axis: int, steps: int) -> Explains:
    """Whether all but the ends are those one place away."""
    here, there = (slice(1, None), slice(None, -1))[::steps]

    def explains(a: Numbers, b: Numbers) -> bool:
        if a.shape != b.shape or a.ndim <= axis or a.shape[axis] < 3:
            return False
        return _close(np.moveaxis(a, axis, 0)[there], np.moveaxis(b, axis, 0)[here])

    return explains


def _same_numbers(a: Numbers, b: Numbers) -> bool:
    return a.size == b.size and _close(a.ravel(), b.ravel())


def _close(a: Numbers, b: Numbers) -> bool:
    if a.shape != b.shape or not np.isfinite(a).all():
        return False
    return bool(np.abs(a - b).max(initial=0.0) <= CLOSE * np.abs(b).max(initial=0.0))
