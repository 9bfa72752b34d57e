"""The part of an answer that is shown: where it differs, and no more than can be seen."""

import numpy as np
import pytest

from autograder.checks.evidence import Array, normalise
from autograder.checks.first_difference import first_difference


def found(expected, actual):
    return first_difference(normalise(expected), normalise(actual))


def test_a_small_matrix_is_shown_whole():
    x = np.zeros((2, 3))
    difference = found(x, x + 1)
    assert difference.where == "" and difference.is_of_numbers
    assert difference.expected.shape == difference.actual.shape == (2, 3)


@pytest.mark.parametrize(
    "shape, place, where, size",
    [
        ((4, 2, 3), (3, 1, 2), "[3, :, :]", (2, 3)),
        ((5, 40), (1, 0), "[:, 0:12]", (5, 12)),
        ((30, 2), (29, 1), "[18:30, :]", (12, 2)),
        ((2, 30, 30), (1, 15, 20), "[1, 9:21, 14:26]", (12, 12)),
        ((20,), (10,), "[4:16]", (12,)),
    ],
)
def test_of_a_large_one_the_part_around_the_largest_difference(shape, place, where, size):
    x = np.zeros(shape)
    y = x.copy()
    y[0] += 0.1
    y[place] = 9
    difference = found(x, y)
    assert (difference.where, difference.actual.shape) == (where, size)
    assert difference.actual.max() == 9 and difference.expected.max() == 0


def test_nan_is_where_one_looks():
    y = np.zeros((20, 2))
    y[0, 0], y[19, 1] = 5, np.nan
    assert np.isnan(found(np.zeros((20, 2)), y).actual).any()


def test_the_first_of_several_that_differs_as_the_line_says():
    right = {"a": np.zeros(2), "b": [np.zeros(2), np.zeros(3)], "c": np.zeros(2)}
    wrong = {"a": np.zeros(2), "b": [np.zeros(2), np.ones(3)], "c": np.ones(2)}
    assert found(right, wrong).where == "b[1]"


def test_other_shapes_are_shown_where_both_are_small():
    difference = found(np.zeros((2, 3)), np.zeros((3, 2)))
    assert not difference.is_of_numbers and difference.actual.shape == (3, 2)
    assert found(np.zeros((2, 3)), np.zeros((20, 3))) is None
    assert found(np.zeros((2, 3)), np.zeros((0, 3))) is None


@pytest.mark.parametrize(
    "expected, actual",
    [
        (1.0, 2.0),
        (np.zeros(2, np.float32), np.zeros(2)),
        ({"a": np.zeros(2)}, {"b": np.ones(2)}),
        ([np.zeros(2)], [np.zeros(2), np.zeros(2)]),
        (["x", np.zeros(2)], ["y", np.ones(2)]),
        (np.zeros(2), None),
    ],
)
def test_nothing_where_arrays_are_not_what_differs(expected, actual):
    assert found(expected, actual) is None


def test_whole_numbers_stay_whole():
    difference = found(np.array([1, 2]), np.array([1, 3]))
    assert isinstance(normalise(np.array([1])), Array)
    assert difference.actual.tolist() == [1, 3]
