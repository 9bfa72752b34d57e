"""Kinds of wrong numbers: one function of every number."""

from collections.abc import Callable, Iterator

import numpy as np

from autograder.checks.causes.close import CLOSE, Candidate, Explains, Numbers, close
from autograder.checks.language import N_, _

NEARLY = 1e-3  # a factor this near to 1 is no cause, but what is left of one
LARGEST_NAMED = 400
FUNCTIONS: dict[str, Callable[[Numbers], Numbers]] = {
    N_("Each number is the exponential of the right one."): np.exp,
    N_("Each number is the logarithm of the right one."): np.log,
    N_("Each number is the base-2 logarithm of the right one."): np.log2,
    N_("Each number is the square of the right one."): np.square,
    N_("Each number is the square root of the right one."): np.sqrt,
    N_("Each number is one divided by the right one."): np.reciprocal,
    N_("Each number is one minus the right one."): lambda x: 1 - x,
    N_("Each number is the absolute value of the right one."): np.abs,
    N_("Each number is the whole part of the right one."): np.trunc,
    N_("Each number is the nearest whole number to the right one."): np.round,
}
POWERS = {
    N_("All numbers are the right ones times the length of axis {axis}."): 1,
    N_("All numbers are the right ones divided by the length of axis {axis}."): -1,
    N_("All numbers are the right ones times √ of the length of axis {axis}."): 0.5,
    N_("All numbers are the right ones divided by √ of the length of axis {axis}."): -0.5,
}


def of_numbers(x: Numbers, y: Numbers, dimensions: int) -> Iterator[Candidate]:
    """Functions that may make the right numbers `x` those that were given, `y`, all in one row."""
    if not y.any():
        yield _("All numbers are zero."), lambda a, b: not b.any() and bool(a.any())
        return
    factor = float(x @ y / (x @ x)) if x.any() else 0.0
    if factor and abs(factor - 1) > NEARLY:
        yield _says_factor(factor), lambda a, b: close(factor * a, b)
    offset = float((y - x).mean())
    says = _("Each number is the right one plus {offset:.4g}.").format(offset=offset)
    yield says, lambda a, b: close(a + offset, b)
    for axis in range(dimensions):
        for says, power in POWERS.items():
            yield _(says).format(axis=axis), _times_length(axis, power)
    for says, function in FUNCTIONS.items():
        yield _(says), _by(function)
    slope = float(np.cov(x, y, bias=True)[0, 1] / x.var()) if x.var() else 0.0
    rest = float(y.mean() - slope * x.mean())
    if slope and abs(slope - 1) > NEARLY:
        says = _("Each number is {slope:.4g} times the right one plus {rest:.4g}.")
        yield says.format(slope=slope, rest=rest), lambda a, b: close(slope * a + rest, b)


def _times_length(axis: int, power: float) -> Explains:
    def explains(a: Numbers, b: Numbers) -> bool:
        return a.ndim > axis and a.shape[axis] > 1 and close(a * float(a.shape[axis]) ** power, b)

    return explains


def _by(function: Callable[[Numbers], Numbers]) -> Explains:
    return lambda a, b: not close(a, b) and close(function(a), b)


def _says_factor(factor: float) -> str:
    if np.isclose(factor, -1, rtol=CLOSE):
        return _("The sign of all numbers is the opposite.")
    said = _("All numbers are the right ones times {factor:.4g}{name}.")
    return said.format(factor=factor, name=name_of_factor(factor))


def name_of_factor(factor: float) -> str:
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
