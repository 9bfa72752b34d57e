"""Kinds of wrong numbers: told where one change explains all, and nothing where it does not."""

import numpy as np
import pytest
import torch

from autograder.checks.evidence import normalise
from autograder.checks.kinds import explanation

RNG = np.random.RandomState(7)
X, Y = (torch.from_numpy(RNG.standard_normal((5, 4, 4))) for _ in range(2))
KINDS = {
    "zeros": (torch.zeros_like, "All numbers are zero."),
    "sign": (torch.neg, "The sign of all numbers is the opposite."),
    "twice": (lambda x: 2 * x, "All numbers are the right ones times 2."),
    "root": (lambda x: x * 8**0.5, "All numbers are the right ones times 2.828 = √8."),
    "mean": (lambda x: x / 12, "All numbers are the right ones times 0.08333 = 1/12."),
    "inverse root": (lambda x: x / 5**0.5, "All numbers are the right ones times 0.4472 = 1/√5."),
    "offset": (lambda x: x + 0.25, "Each number is the right one plus 0.25."),
    "exponential": (torch.exp, "Each number is the exponential of the right one."),
    "square": (torch.square, "Each number is the square of the right one."),
    "absolute": (torch.abs, "Each number is the absolute value of the right one."),
    "transposed": (lambda x: x.mT, "Axes 1 and 2 are exchanged."),
    "other axes": (lambda x: x.transpose(0, 2), "Axes 0 and 2 are exchanged."),
    "reversed": (lambda x: x.flip(1), "The numbers stand in reverse order along axis 1."),
    "late": (lambda x: x.roll(1, 0), "The numbers stand one place too late along axis 0."),
    "early": (lambda x: x.roll(-1, 2), "The numbers stand one place too early along axis 2."),
    "flat": (lambda x: x.flatten(1), "The numbers are right, only their shape is not."),
}


def of(*pairs):
    return explanation([(normalise(right), normalise(given)) for right, given in pairs])


@pytest.mark.parametrize(("change", "says"), KINDS.values(), ids=KINDS)
def test_a_kind_is_told(change, says):
    assert of((X, change(X))) == says
    assert of(({"a": X, "b": Y}, {"a": change(X), "b": change(Y)})) == says


@pytest.mark.parametrize("name", [*KINDS][:-1])
def test_a_case_that_is_right_contradicts(name):
    change, _ = KINDS[name]
    assert of((X, change(X)), (Y, Y)) == ""


def test_a_shape_may_be_right_elsewhere():
    """As where only axes of length 1 are lost."""
    assert of((X[:1], X[0]), (Y, Y)) == KINDS["flat"][1]


def test_what_stands_elsewhere_does_not_contradict():
    assert of(({"a": X, "b": Y}, {"a": 2 * X, "b": Y})) == KINDS["twice"][1]


@pytest.mark.parametrize(
    "given",
    [X + 1e-2 * Y, Y, X.softmax(-1), X * torch.tensor(float("nan")), None, [X, X], "text"],
    ids=["noise", "another", "no kind", "nan", "nothing", "two", "text"],
)
def test_silence_where_no_kind_explains(given):
    assert of((X, given)) == ""


@pytest.mark.parametrize("size", [1e308, -1e200, 1e-320])
def test_numbers_of_any_size_are_no_trouble(size):
    assert isinstance(of((X, X * size)), str) and isinstance(of((X * size, X)), str)


def test_a_negative_factor_is_no_root():
    assert of((X, X * -(8**0.5))) == "All numbers are the right ones times -2.828."


def test_two_kinds_at_once_are_none():
    assert of((X, 2 * X), (Y, 3 * Y)) == ""


def test_too_few_numbers_tell_nothing():
    assert of((torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0]))) == ""


def test_nearly_right_numbers_have_no_factor():
    assert of((X, X * 1.0005)) == ""
