"""Kinds of wrong numbers: something about whole rows or items along one axis, or about a mask."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from autograder.checks.causes.close import CLOSE, Candidate, Explains, Numbers, close, differ
from autograder.checks.causes.of_numbers import NEARLY, name_of_factor
from autograder.checks.language import N_, _

SHORTEST = 3  # an axis along which one number is told from chance
FEWEST = 3  # zeros that are no chance
FUTURE = N_("Numbers stand above the diagonal, where zeros belong: the future is seen.")
OWN: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    N_("Along axis {axis}, each row is the right one times a factor of its own."): np.divide,
    N_("Along axis {axis}, each row is the right one plus a number of its own."): np.subtract,
}
ITEMS = {  # which are right
    N_("Along axis {axis} only the first item is wrong."): slice(1, None),
    N_("Along axis {axis} only the last item is wrong."): slice(None, -1),
    N_("Along axis {axis} only the first item is right."): slice(None, 1),
    N_("Along axis {axis} only the last item is right."): slice(-1, None),
}
Pairs = Sequence[tuple[Numbers, Numbers]]
Mask = Callable[[Numbers], Numbers]


def of_rows(wrong: Pairs) -> Iterator[Candidate]:
    """What may have happened in arrays that differ, the most telling first."""
    axes = range(max(right.ndim for right, _ in wrong))
    for axis in axes:
        for other in axes:
            if other != axis:
                says = _("The numbers sum to 1 along axis {other}, and should along axis {axis}.")
                yield says.format(other=other, axis=axis), _sum_to_one_along(other, axis)
        says = _("All numbers together sum to 1, and should along axis {axis}.")
        yield says.format(axis=axis), _sum_to_one_along(None, axis)
    yield _(FUTURE), _sees_future
    yield _("Numbers stand where zeros belong."), _unmasked
    yield from _of_scores(wrong, axes)
    for axis in axes:
        says = _("All items along axis {axis} are the same.")
        yield says.format(axis=axis), _repeated(axis)
        for says, part in OWN.items():
            yield _(says).format(axis=axis), _with_own(axis, part)


def of_parts(dimensions: int) -> Iterator[Candidate]:
    """In which part of every array the numbers are wrong."""
    for axis in range(dimensions):
        for says, where in ITEMS.items():
            yield _(says).format(axis=axis), _right_at(axis, where)
    for says, mask in PARTS.items():
        yield _(says), _wrong_in(mask)


def _sum_to_one_along(axis: int | None, right_axis: int) -> Explains:
    def explains(a: Numbers, b: Numbers) -> bool:
        if a.shape != b.shape or a.ndim <= max(axis or 0, right_axis) or (b < 0).any():
            return False
        return (
            a.shape[right_axis] > 1
            and b.size > a.shape[right_axis]
            and _are_ones(a.sum(right_axis))
            and _are_ones(b.sum(axis))
            and not _are_ones(b.sum(right_axis))
        )

    return explains


def _are_ones(sums: Numbers) -> bool:
    return close(np.ones_like(sums), sums)


def _unmasked(a: Numbers, b: Numbers) -> bool:
    """Whether zeros are nowhere kept, and all else is right but for a factor of each row."""
    if a.shape != b.shape:
        return False
    kept, zeros = a != 0, a == 0
    if zeros.sum() < FEWEST or not kept.any() or (b[zeros] == 0).any():
        return False
    return any(_have_own_factor(a, b, kept, axis) for axis in range(a.ndim))


def _have_own_factor(a: Numbers, b: Numbers, kept: Numbers, axis: int) -> bool:
    factors = b / np.where(kept, a, 1.0)
    least = np.where(kept, factors, np.inf).min(axis)
    most = np.where(kept, factors, -np.inf).max(axis)
    several = kept.sum(axis) >= SHORTEST
    return bool(several.any() and close(least[several], most[several]))


def _sees_future(a: Numbers, b: Numbers) -> bool:
    if not _unmasked(a, b) or a.ndim < 2:
        return False
    return np.array_equal(a == 0, np.broadcast_to(_above(a), a.shape))


def _of_scores(wrong: Pairs, axes: Sequence[int]) -> Iterator[Candidate]:
    """Weights of a softmax whose scores have another size, which the first array tells."""
    a, b = wrong[0]
    for axis in axes:
        if not _are_weights(a, b, axis):
            continue
        x, y = _scores(a, axis), _scores(b, axis)
        size = float((x * y).sum() / (x * x).sum()) if x.any() else 0.0
        if size and abs(size - 1) > NEARLY:
            says = _("These are the weights for scores {size:.4g}{name} times as large.")
            yield says.format(size=size, name=name_of_factor(size)), _scaled(axis, size)


def _are_weights(a: Numbers, b: Numbers, axis: int) -> bool:
    if a.shape != b.shape or a.ndim <= axis or a.shape[axis] < SHORTEST:
        return False
    positive = bool((a > 0).all() and (b > 0).all())
    return positive and _are_ones(a.sum(axis)) and _are_ones(b.sum(axis))


def _scores(weights: Numbers, axis: int) -> Numbers:
    """What a softmax made these weights of, but for a number that is the same for each row."""
    logs = np.log(weights)
    return logs - logs.mean(axis, keepdims=True)


def _scaled(axis: int, size: float) -> Explains:
    def explains(a: Numbers, b: Numbers) -> bool:
        return _are_weights(a, b, axis) and close(size * _scores(a, axis), _scores(b, axis))

    return explains


def _repeated(axis: int) -> Explains:
    def explains(a: Numbers, b: Numbers) -> bool:
        if (
            a.shape != b.shape
            or a.ndim <= axis
            or a.shape[axis] < SHORTEST
            or not differ(b, SHORTEST)
        ):
            return False
        first_right, first = np.take(a, [0], axis), np.take(b, [0], axis)
        return close(0 * b + first, b) and not close(0 * a + first_right, a)

    return explains


def _with_own(axis: int, part: Callable[[Numbers, Numbers], Numbers]) -> Explains:
    """Whether given and right numbers differ by the same along an axis, but not everywhere."""

    def explains(a: Numbers, b: Numbers) -> bool:
        if a.shape != b.shape or a.ndim <= axis or a.ndim < 2 or a.shape[axis] < SHORTEST:
            return False
        first = np.take(part(b, a), [0], axis)
        made = first * a if part is np.divide else first + a
        return bool(np.ptp(first) > CLOSE * np.abs(first).max()) and close(made, b)

    return explains


def _right_at(axis: int, where: slice) -> Explains:
    """Whether the numbers there are right, and no item beside them is."""

    def explains(a: Numbers, b: Numbers) -> bool:
        if a.shape != b.shape or a.ndim <= axis or a.shape[axis] < SHORTEST:
            return False
        x, y = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
        beside = np.delete(np.arange(len(x)), where)
        kept = differ(x[where], SHORTEST) and close(x[where], y[where])
        return kept and not any(close(x[i], y[i]) for i in beside)

    return explains


def _wrong_in(mask: Mask) -> Explains:
    """Whether numbers are wrong in a part of every matrix, and nowhere else."""

    def explains(a: Numbers, b: Numbers) -> bool:
        if a.shape != b.shape or a.ndim < 2 or min(a.shape[-2:]) < SHORTEST:
            return False
        wrong = np.abs(a - b) > CLOSE * np.abs(b).max()
        return bool(wrong[..., mask(a)].all()) and not wrong[..., ~mask(a)].any()

    return explains


def _above(a: Numbers) -> Numbers:
    return ~np.tri(a.shape[-2], a.shape[-1], dtype=bool)


PARTS: dict[str, Mask] = {
    N_("Only the numbers on the diagonal are wrong."): lambda a: np.eye(
        a.shape[-2], a.shape[-1], dtype=bool
    ),
    N_("Only the numbers above the diagonal are wrong."): _above,
    N_("Only the numbers below the diagonal are wrong."): lambda a: np.tri(
        a.shape[-2], a.shape[-1], k=-1, dtype=bool
    ),
}
