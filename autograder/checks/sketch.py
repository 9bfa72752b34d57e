"""Sketches: a value of any size in four numbers and a line about its form.

Two values with the same sketch are the same in practice: each array is scaled to size 1 and
projected on two fixed directions, to which the sizes on two others are added; the sizes on a third
come besides. What is compared, but not shown, can be kept so.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.checks.evidence import Array, Foreign, Value

LONGEST = 300  # characters of a form
NOISE = 1e-6  # beside the largest array of a value; rounding errors leave less
FREQUENCIES = (1.9021, 0.7367)  # of the two directions, in radians for each number


def sketched(value: Value) -> dict[str, Any]:
    """The form and the numbers of a normalised value."""
    return {
        "form": form_of(value)[:LONGEST],
        "numbers": Array("ndarray", "float32", numbers_of(value)),
    }


def form_of(value: Value) -> str:
    """What kinds of arrays stand where, and all that is no array, as it is."""
    return ", ".join(_forms(value, ""))


def numbers_of(value: Value) -> np.ndarray:
    """Two projections, one of the sizes alone, and 1 (4,), whatever the axes, types and names."""
    arrays = [_finite(array.values) for array in arrays_in(value)]
    sizes = np.array([_size(array) for array in arrays])
    sizes[sizes <= NOISE * sizes.max(initial=0.0)] = 0.0
    scaled = [a / size if size else 0 * a for a, size in zip(arrays, sizes, strict=True)]
    every = np.concatenate([*scaled, np.zeros(0)])
    places = 1 + np.arange(every.size)
    root = np.sqrt(max(every.size, 1))
    logs = np.log(np.where(sizes > 0, sizes, 1.0))
    projections = [
        every @ np.cos(f * places + f * places**0.5) / root + _on(f, logs) for f in FREQUENCIES
    ]
    return np.array([*projections, _on(1.0, logs), 1.0], np.float32)


def _on(frequency: float, logs: np.ndarray) -> float:
    """The mean of logarithms, projected on a direction: of single numbers, all that there is."""
    return float(logs @ np.cos(frequency * (1 + np.arange(logs.size)))) / max(logs.size, 1)


def _size(row: np.ndarray) -> float:
    """Its root mean square, also where squares would overflow."""
    largest = max(row.max(initial=0.0), -row.min(initial=0.0))
    return float(largest * np.sqrt(np.mean((row / largest) ** 2))) if largest else 0.0


def arrays_in(value: Value) -> Iterator[Array]:
    """Every array of a normalised value; those of a dict by their names, whatever their order."""
    match value:
        case Array():
            yield value
        case dict():
            for _, item in sorted(value.items()):
                yield from arrays_in(item)
        case list():
            for item in value:
                yield from arrays_in(item)


def has_nan(sketch: Value) -> bool:
    """Whether an array of what was sketched had NaN, as its form says."""
    return isinstance(sketch, dict) and "NaN" in str(sketch.get("form"))


def _finite(values: np.ndarray) -> np.ndarray:
    """The numbers in one row, zero for those that are not finite: the form counts these."""
    row = values.astype(np.float64).ravel()
    return np.where(np.isfinite(row), row, 0.0)


def _forms(value: Value, where: str) -> Iterator[str]:
    """What kind of array stands where, and what is no array."""
    match value:
        case Array():
            yield f"{where}{value.kind} {value.dtype} {value.values.shape}{_oddities(value.values)}"
        case dict():
            for key, item in sorted(value.items()):
                yield from _forms(item, f"{where}{key}: ")
        case list():
            yield f"{where}{len(value)} in a list"
            for item in value:
                yield from _forms(item, "")
        case Foreign():
            yield f"{where}{value.type_name}"
        case _:
            yield f"{where}{value!r}"


def _oddities(values: np.ndarray) -> str:
    """How many numbers are not finite, if any are."""
    counts = {
        "NaN": np.isnan(values).sum(),
        "infinite": np.isposinf(values).sum(),
        "negative infinite": np.isneginf(values).sum(),
    }
    return "".join(f" with {count} {name}" for name, count in counts.items() if count)
