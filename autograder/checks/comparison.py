"""Comparing evidence with the key: raised, type, structure, shape, dtype, finite, values."""

import builtins
from dataclasses import dataclass, replace

import numpy as np

from autograder.checks import differences
from autograder.checks.derivation import Differentiated
from autograder.checks.evidence import NOTHING, UNUSABLE, Array, Evidence, Value
from autograder.checks.language import _, word
from autograder.checks.rules import DERIVE

TOLERANCE = 1e-5  # the handouts' own threshold


@dataclass(frozen=True)
class Outcome:
    """The relative error of one case, and what is wrong with it, if anything is.

    `summary` may be shown to the student even of a hidden case; `detail` tells expected numbers
    or the student's own exception text.
    """

    error: float = 0.0
    summary: str = ""
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.summary


def relative_error(x: np.ndarray, y: np.ndarray) -> float:
    """max|x − y| / max(|x| + |y|) in float64, equal infinities apart; NaN where either has one.

    Source: `rel_error` of the handouts. Nothing is broadcast: other shapes raise ValueError.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.shape != y.shape:
        raise ValueError(f"shapes {x.shape} and {y.shape} differ")
    apart = ~(np.isinf(x) & (x == y))
    if not apart.any():
        return 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        difference, scale = np.abs(x - y)[apart].max(), (np.abs(x) + np.abs(y))[apart].max()
        return float(difference / scale) if scale > 0 else float(difference)


def compare(expected: Evidence, actual: Evidence) -> Outcome:
    """What separates a student's evidence from the key's."""
    if actual.error is not None:
        return _raised(actual)
    outcome = compare_values(expected.value, actual.value)
    return changed_inputs(actual, outcome.error) if outcome.passed else outcome


def changed_inputs(actual: Evidence, error: float = 0.0) -> Outcome:
    """Passed, unless the student's code changed the tensors that it was given."""
    changed = _("changes its input in place; work on a copy") if actual.inputs_changed else ""
    return Outcome(error, changed)


def _raised(actual: Evidence) -> Outcome:
    if actual.error == "NotImplementedError" and not actual.detail:  # torch gives reasons
        return Outcome(np.inf, _("not written yet"))
    if actual.error == Differentiated.__name__:
        return Outcome(np.inf, _(DERIVE))
    if actual.error == NOTHING:
        return Outcome(np.inf, _(differences.NO_RETURN))
    if actual.error == UNUSABLE:
        return Outcome(np.inf, _("its answer does not fit where it is used"), actual.detail)
    known = isinstance(getattr(builtins, actual.error or "", None), type)
    name = actual.error if known else _("an exception")
    return Outcome(np.inf, _("raised {error}").format(error=name), actual.detail)


def compare_values(
    expected: Value, actual: Value, where: str = "", *, values: bool = True
) -> Outcome:
    """The first difference between two normalised values, or the largest error where there is none.

    With `values=False` only types, structure, shapes and dtypes count, and finiteness.
    """
    match expected, actual:
        case Array(), Array():
            return _compare_arrays(expected, actual, where, values)
        case dict(), dict():
            if expected.keys() != actual.keys():
                return _wrong(differences.of_names(expected, actual, where))
            children = [(_join(where, key), expected[key], actual[key]) for key in expected]
        case list(), list():
            if len(expected) != len(actual):
                return _wrong(differences.of_lengths(expected, actual, where))
            pairs = zip(expected, actual, strict=True)
            children = [(f"{where}[{i}]", e, a) for i, (e, a) in enumerate(pairs)]
        case (str(), str()) | (None, None):
            if expected == actual or not values:
                return Outcome()
            return _wrong(differences.of_texts(expected, actual, where))
        case _:
            return _wrong(differences.of_types(expected, actual, where))
    return worst([compare_values(e, a, path, values=values) for path, e, a in children])


def worst(outcomes: list[Outcome]) -> Outcome:
    """The first that is wrong, if any is, and the largest error."""
    first = next((outcome for outcome in outcomes if not outcome.passed), Outcome())
    return replace(first, error=max((outcome.error for outcome in outcomes), default=0.0))


def _compare_arrays(expected: Array, actual: Array, where: str, values: bool) -> Outcome:
    x, y = expected.values, actual.values
    if expected.kind != actual.kind:
        return _wrong(differences.of_types(expected, actual, where))
    if x.shape != y.shape:
        return _wrong(differences.of_shapes(x.shape, y.shape, where))
    if expected.dtype != actual.dtype:
        return _wrong(differences.of_dtypes(expected.dtype, actual.dtype, where))
    if np.isnan(y).any():
        return _wrong(differences.of_odd_numbers(np.isnan(y), differences.NAN, where))
    return _compare_numbers(expected, actual, where) if values else Outcome()


def _compare_numbers(expected: Array, actual: Array, where: str) -> Outcome:
    x, y = expected.values, actual.values
    error, is_exact = relative_error(x, y), x.dtype.kind in "iub"
    if np.array_equal(x, y) if is_exact else error < TOLERANCE:
        return Outcome(0.0 if is_exact else error)
    if lost := differences.of_every_parameter(where):
        return _wrong(lost)
    kind = "n" if expected.kind == "number" else x.dtype.kind
    x, y = x.astype(np.float64), y.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.where(x == y, 0.0, np.abs(x - y))
    place = np.unravel_index(int(np.argmax(gap)), x.shape)
    if not np.isfinite(y).all() and np.isfinite(x).all():
        said = differences.of_odd_numbers(np.isinf(y), differences.INFINITE, where)[0]
    else:
        is_wide = error >= TOLERANCE and not is_exact
        at = differences.at(where + differences.index(place))
        said = _("error {error:.2g} ≥ {limit:.0e}{at}") if is_wide else _("wrong value{at}")
        said = said.format(error=error, limit=TOLERANCE, at=at)
    detail = differences.of_numbers(x[place], y[place], kind)
    return Outcome(error if np.isfinite(error) else np.inf, said, detail)


def _wrong(said: differences.Said) -> Outcome:
    return Outcome(np.inf, *said)


def _join(where: str, key: str) -> str:
    return f"{where}.{word(key)}" if where else word(key)


def same(a: Evidence, b: Evidence) -> bool:
    """Whether two wrong answers cannot be told apart: equal numbers, NaN for NaN, or one error."""
    if a.error is not None or b.error is not None:
        return a.error == b.error
    changed = a.inputs_changed == b.inputs_changed
    besides = {name for name in (*a.tried, *b.tried) if _is_compared(name, a, b)}
    return (
        changed
        and _same_values(a.value, b.value)
        and all(_same_values(a.tried.get(name), b.tried.get(name)) for name in besides)
    )


def _is_compared(name: str, a: Evidence, b: Evidence) -> bool:
    """Whether neither leaves open what came of it, as keys do where a law judges."""
    return all(evidence.tried.get(name, "") is not None for evidence in (a, b))


def _same_values(a: Value, b: Value) -> bool:
    match a, b:
        case Array(), Array():
            if (a.kind, a.dtype, a.values.shape) != (b.kind, b.dtype, b.values.shape):
                return False
            nan_a, nan_b = np.isnan(a.values), np.isnan(b.values)
            if not np.array_equal(nan_a, nan_b):
                return False
            return nan_a.all() or relative_error(a.values[~nan_a], b.values[~nan_a]) < TOLERANCE
        case dict(), dict():
            return a.keys() == b.keys() and all(_same_values(a[key], b[key]) for key in a)
        case list(), list():
            return len(a) == len(b) and all(map(_same_values, a, b))
    return a == b
