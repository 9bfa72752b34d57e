"""Kinds of wrong numbers: one function of every number."""

from collections.abc import Callable, Iterator

import numpy as np

from autograder.checks.causes.close import CLOSE, Candidate, Explains, Numbers, close

NEARLY = 1e-3  # a factor this near to 1 is no cause, but what is left of one
LARGEST_NAMED = 400
FUNCTIONS: dict[str, Callable[[Numbers], Numbers]] = {
    "the exponential of": np.exp,
    "the logarithm of": np.log,
    "the base-2 logarithm of": np.log2,
    "the square of": np.square,
    "the square root of": np.sqrt,
    "one divided by": np.reciprocal,
    "one minus": lambda x: 1 - x,
    "the absolute value of": np.abs,
    "the whole part of": np.trunc,
    "the nearest whole number to": np.round,
}


def of_numbers(x: Numbers, y: Numbers, dimensions: int) -> Iterator[Candidate]:
    """Functions that may make the right numbers `x` those that were given, `y`, all in one row."""
    if not y.any():
        yield "All numbers are zero.", lambda a, b: not b.any() and bool(a.any())
        return
    factor = float(x @ y / (x @ x)) if x.any() else 0.0
    if factor and abs(factor - 1) > NEARLY:
        yield _says_factor(factor), lambda a, b: close(factor * a, b)
    offset = float((y - x).mean())
    yield f"Each number is the right one plus {offset:.4g}.", lambda a, b: close(a + offset, b)
    for axis in range(dimensions):
        length = f"the length of axis {axis}"
        yield f"All numbers are the right ones times {length}.", _times_length(axis, 1)
        yield f"All numbers are the right ones divided by {length}.", _times_length(axis, -1)
        yield f"All numbers are the right ones times √ of {length}.", _times_length(axis, 0.5)
        yield f"All numbers are the right ones divided by √ of {length}.", _times_length(axis, -0.5)
    for name, function in FUNCTIONS.items():
        yield f"Each number is {name} the right one.", _by(function)
    slope = float(np.cov(x, y, bias=True)[0, 1] / x.var()) if x.var() else 0.0
    rest = float(y.mean() - slope * x.mean())
    if slope and abs(slope - 1) > NEARLY:
        says = f"Each number is {slope:.4g} times the right one plus {rest:.4g}."
        yield says, lambda a, b: close(slope * a + rest, b)


def _times_length(axis: int, power: float) -> Explains:
    def explains(a: Numbers, b: Numbers) -> bool:
        return a.ndim > axis and a.shape[axis] > 1 and close(a * float(a.shape[axis]) ** power, b)

    return explains


def _by(function: Callable[[Numbers], Numbers]) -> Explains:
    return lambda a, b: not close(a, b) and close(function(a), b)


def _says_factor(factor: float) -> str:
    if np.isclose(factor, -1, rtol=CLOSE):
        return "The sign of all numbers is the opposite."
    return f"All numbers are the right ones times {factor:.4g}{name_of_factor(factor)}."


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
