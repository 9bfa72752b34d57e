"""Kinds of wrong numbers that no author has to list: one simple change of the right ones.

A kind explains an answer only if it explains every array that differs, or all at one place, in all
cases, and no array that agrees speaks against it; otherwise it is better to say nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from autograder.checks.causes.close import Candidate, Explains, Numbers, close, differ
from autograder.checks.causes.of_numbers import of_numbers
from autograder.checks.causes.of_places import of_places
from autograder.checks.causes.of_rows import of_parts, of_rows
from autograder.checks.evidence import Array, Value
from autograder.checks.language import N_, _, word

GRADIENTS = "gradients"  # places that follow from outputs
LEAST = 4  # numbers that differ among themselves, to tell a kind from chance
SAME_FOR_ALL = N_("The numbers are the same in all cases: they do not depend on what is given.")


@dataclass(frozen=True)
class Pair:
    """An array of the key, a student's in its place, and where both stand in their case."""

    where: str
    right: Numbers
    given: Numbers

    @property
    def agrees(self) -> bool:
        """Whether they are the same."""
        return close(self.right, self.given)


def explanation(cases: Sequence[tuple[Value, Value]]) -> str:
    """The sentence of the first kind that explains all cases, each (right, given); or nothing."""
    pairs = [pair for right, given in cases for pair in _pairs(right, given, "")]
    with np.errstate(all="ignore"):  # students' numbers may be of any size
        places = list(dict.fromkeys(pair.where for pair in pairs if not pair.agrees))
        said = _of(pairs, places, parts=True)
        if len(places) == 1 and len({pair.where for pair in pairs}) > 1:
            return _at(places[0], said)  # as numbers elsewhere are right
        if said or len(places) < 2:
            return said
        outputs = [place for place in places if GRADIENTS not in place]
        each = (_at(place, _of(pairs, [place])) for place in outputs or places)
        return next(filter(None, each), "")


def _at(place: str, said: str) -> str:
    path = place.removeprefix(".") or _("the output")
    return said and _("At {place}: {said}").format(place=path, said=said)


def _of(pairs: Sequence[Pair], places: Sequence[str], *, parts: bool = False) -> str:
    """What explains all that is wrong at some places; also, in which `parts` of arrays it is."""
    known = [pair for pair in pairs if pair.where in places]
    wrong = [pair for pair in known if not pair.agrees]
    if not wrong or any(_is_broken(pair) for pair in wrong):
        return ""
    if _are_same_for_all(wrong):
        return _(SAME_FOR_ALL)
    dimensions = max(pair.right.ndim for pair in wrong)
    candidates = chain(_candidates(wrong, dimensions), of_parts(dimensions) if parts else ())
    return next((says for says, explains in candidates if _holds(explains, known)), "")


def _pairs(right: Value, given: Value, where: str) -> Iterator[Pair]:
    """All arrays of two values, those side by side that stand at the same place."""
    match right, given:
        case Array(), Array():
            x, y = right.values.astype(np.float64), given.values.astype(np.float64)
            yield Pair(where, x, y)
        case dict(), dict() if right.keys() == given.keys():
            for key in right:
                yield from _pairs(right[key], given[key], f"{where}.{word(key)}")
        case list(), list() if len(right) == len(given):
            for index, (x, y) in enumerate(zip(right, given, strict=True)):
                yield from _pairs(x, y, f"{where}[{index}]")
        case _ if right != given:
            yield Pair(where, np.full(1, np.nan), np.full(1, np.nan))  # no array: nothing explains


def _is_broken(pair: Pair) -> bool:
    return not (np.isfinite(pair.right).all() and np.isfinite(pair.given).all())


def _holds(explains: Explains, pairs: Sequence[Pair]) -> bool:
    return all(explains(pair.right, pair.given) for pair in pairs)


def _are_same_for_all(wrong: Sequence[Pair]) -> bool:
    """Whether a place has the same numbers in all cases, and no case has those it should have."""
    first = wrong[0]
    others = [pair for pair in wrong[1:] if pair.where == first.where]
    return bool(
        differ(first.given, LEAST)
        and others
        and all(close(first.given, pair.given) for pair in others)
        and not any(close(first.right, pair.right) for pair in others)
    )


def _candidates(wrong: Sequence[Pair], dimensions: int) -> Iterator[Candidate]:
    """Kinds that may explain arrays that differ, the most telling first."""
    is_large = max(pair.right.size for pair in wrong) >= LEAST
    if all(pair.right.shape == pair.given.shape for pair in wrong):
        x, y = (
            np.concatenate([getattr(p, of).ravel() for p in wrong]) for of in ("right", "given")
        )
        if differ(x, LEAST) and (differ(y, LEAST) or not y.any()):
            yield from of_numbers(x, y, dimensions)
    if is_large:
        yield from of_places(dimensions)
        yield from of_rows([(pair.right, pair.given) for pair in wrong])
