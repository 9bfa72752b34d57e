"""The first two arrays of an answer that differ from the key's, and the part to look at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.checks.comparison import compare_values
from autograder.checks.evidence import Array, Value
from autograder.checks.language import word

MOST = 12  # rows and columns that are shown
Part = tuple[int | slice, ...]


@dataclass(frozen=True)
class Difference:
    """Two arrays, of one or two axes each, and where in the answer they stand."""

    where: str
    expected: np.ndarray
    actual: np.ndarray

    @property
    def is_of_numbers(self) -> bool:
        """Whether the numbers differ, not the shapes."""
        return self.expected.shape == self.actual.shape


def first_difference(expected: Value, actual: Value) -> Difference | None:
    """Two arrays small enough to be seen whole, or the part around the largest difference.

    None where the first difference is none between arrays, or one number is all there is.
    """
    found = _differing(expected, actual, "")
    if found is None:
        return None
    where, x, y = found
    if x.values.shape != y.values.shape:
        is_small = all(0 < a.ndim <= 2 and a.size > 0 and max(a.shape) <= MOST for a in _both(x, y))
        return Difference(where, x.values, y.values) if is_small else None
    if x.values.ndim == 0 or (x.kind, x.dtype) != (y.kind, y.dtype):
        return None
    part = _part(x.values.shape, _worst_place(x.values, y.values))
    return Difference(where + _written(part, x.values.shape), x.values[part], y.values[part])


def _both(x: Array, y: Array) -> tuple[np.ndarray, np.ndarray]:
    return x.values, y.values


def _differing(expected: Value, actual: Value, where: str) -> tuple[str, Array, Array] | None:
    """The first arrays that are not the same, in the order in which all is compared."""
    if isinstance(expected, Array) and isinstance(actual, Array):
        return where, expected, actual
    for path, x, y in _children(expected, actual, where):
        if not compare_values(x, y, path).passed:
            return _differing(x, y, path)
    return None


def _children(expected: Value, actual: Value, where: str) -> Iterator[tuple[str, Value, Value]]:
    match expected, actual:
        case dict(), dict() if expected.keys() == actual.keys():
            for name in expected:
                yield f"{where}.{word(name)}" if where else word(name), expected[name], actual[name]
        case list(), list() if len(expected) == len(actual):
            for index, (x, y) in enumerate(zip(expected, actual, strict=True)):
                yield f"{where}[{index}]", x, y


def _worst_place(x: np.ndarray, y: np.ndarray) -> Sequence[int]:
    """Where they are furthest apart, or the first number of which that cannot be said."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.where(x == y, 0.0, np.abs(x - y))
    gap[np.isnan(gap)] = np.inf
    return [int(i) for i in np.unravel_index(int(np.argmax(gap)), x.shape)]


def _part(shape: Sequence[int], place: Sequence[int]) -> Part:
    """Of the last two axes what lies around a place; of those before them its own index."""
    around = (_window(size, index) for size, index in zip(shape[-2:], place[-2:], strict=True))
    return (*place[:-2], *around)


def _window(size: int, index: int) -> slice:
    start = min(max(0, index - MOST // 2), max(0, size - MOST))
    return slice(start, min(size, start + MOST))


def _written(part: Part, shape: Sequence[int]) -> str:
    """A part as one would index it; nothing for the whole."""
    whole = [slice(0, size) for size in shape]
    if list(part) == whole:
        return ""
    texts = [
        str(one) if isinstance(one, int) else ":" if one == all_ else f"{one.start}:{one.stop}"
        for one, all_ in zip(part, whole, strict=True)
    ]
    return f"[{', '.join(texts)}]"
