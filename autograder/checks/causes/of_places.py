"""Kinds of wrong numbers: the right ones, at other places."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from autograder.checks.causes.close import Candidate, Explains, Numbers, close, differ
from autograder.checks.language import N_, _

LEAST = 4  # numbers that differ, to know them again in another order
LATE = {
    N_("The numbers stand one place too late along axis {axis}."): 1,
    N_("The numbers stand one place too early along axis {axis}."): -1,
}


def of_places(dimensions: int) -> Iterator[Candidate]:
    """Where the right numbers may have got to, the simplest first."""
    for i, j in combinations(range(dimensions), 2):
        said = _("Axes {one} and {other} are exchanged.")
        yield said.format(one=i, other=j), _exchanged(i, j)
    for axis in range(dimensions):
        said = _("The numbers stand in reverse order along axis {axis}.")
        yield said.format(axis=axis), _reversed(axis)
        for late, steps in LATE.items():
            yield _(late).format(axis=axis), _rolled(axis, steps)
    yield _("The numbers are right, only their shape is not."), _same_numbers
    for axis in range(dimensions):
        said = _("The right numbers stand in another order along axis {axis}.")
        yield said.format(axis=axis), _permuted(axis)
    yield _("These are the right numbers, but at other places."), _anywhere


def _exchanged(i: int, j: int) -> Explains:
    return lambda a, b: a.ndim > j and differ(a, LEAST) and close(np.swapaxes(a, i, j), b)


def _reversed(axis: int) -> Explains:
    return lambda a, b: a.ndim > axis and differ(a, LEAST) and close(np.flip(a, axis), b)


def _rolled(axis: int, steps: int) -> Explains:
    """Whether all but the ends are those one place away."""
    here, there = (slice(1, None), slice(None, -1))[::steps]

    def explains(a: Numbers, b: Numbers) -> bool:
        if a.shape != b.shape or a.ndim <= axis or a.shape[axis] < 3:
            return False
        x, y = np.moveaxis(a, axis, 0)[there], np.moveaxis(b, axis, 0)[here]
        return differ(x, LEAST) and close(x, y)

    return explains


def _same_numbers(a: Numbers, b: Numbers) -> bool:
    return a.size == b.size and close(a.ravel(), b.ravel())


def _permuted(axis: int) -> Explains:
    def explains(a: Numbers, b: Numbers) -> bool:
        if a.shape != b.shape or a.ndim <= axis or a.shape[axis] < 2 or close(a, b):
            return False
        x, y = (np.moveaxis(each, axis, 0).reshape(each.shape[axis], -1) for each in (a, b))
        nearest = np.abs(x[:, None] - y).max(2).argmin(0) if x.size**2 < 1e7 else np.zeros(1)
        return len({*nearest}) == len(x) and differ(x, LEAST) and close(x[nearest], y)

    return explains


def _anywhere(a: Numbers, b: Numbers) -> bool:
    if a.size != b.size or close(a.ravel(), b.ravel()) or not differ(a, LEAST):
        return False
    return close(np.sort(a, None), np.sort(b, None))
