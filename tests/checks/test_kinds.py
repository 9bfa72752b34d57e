"""Kinds of wrong numbers: told where one change explains all, and nothing where it does not."""

import numpy as np
import pytest
import torch

from autograder.checks.causes.kinds import explanation
from autograder.checks.evidence import normalise

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
    "times a length": (lambda x: 5 * x, "All numbers are the right ones times 5."),
    "line": (lambda x: 2 * x + 1, "Each number is 2 times the right one plus 1."),
    "permuted": (
        lambda x: x[torch.tensor([2, 0, 1, 4, 3])],
        "The right numbers stand in another order along axis 0.",
    ),
    "read by columns": (
        lambda x: x.permute(2, 0, 1).reshape(x.shape),
        "These are the right numbers, but at other places.",
    ),
    "repeated": (lambda x: x[1:2].expand(x.shape), "All items along axis 0 are the same."),
    "own factors": (
        lambda x: x * torch.arange(1, 6)[:, None, None] / x.sum(),
        "Along axis 1, each row is the right one times a factor of its own.",
    ),
    "own terms": (
        lambda x: x + torch.arange(5)[:, None, None],
        "Along axis 1, each row is the right one plus a number of its own.",
    ),
    "first": (
        lambda x: torch.cat([x[:1].cos() + 3, x[1:]]),
        "Along axis 0 only the first item is wrong.",
    ),
    "all but first": (
        lambda x: torch.cat([x[:, :1], x[:, 1:].cos() + 3], 1),
        "Along axis 1 only the first item is right.",
    ),
    "diagonal": (
        lambda x: torch.where(torch.eye(4, dtype=bool), x.cos() + 3, x),
        "Only the numbers on the diagonal are wrong.",
    ),
    "flat": (lambda x: x.flatten(1), "The numbers are right, only their shape is not."),
}
WEIGHTS = X.softmax(-1)
CAUSAL = X.masked_fill(~torch.ones(4, 4).tril().bool(), -torch.inf)


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


def test_where_a_kind_stands_is_said_if_the_rest_is_right():
    assert of(({"a": X, "b": Y}, {"a": 2 * X, "b": Y})) == f"At a: {KINDS['twice'][1]}"


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


@pytest.mark.parametrize(
    ("axes", "says"),
    [
        (1, "The numbers sum to 1 along axis 1, and should along axis 2."),
        (0, "The numbers sum to 1 along axis 0, and should along axis 2."),
    ],
)
def test_a_softmax_over_another_axis_is_told(axes, says):
    assert of((WEIGHTS, X.softmax(axes))) == says
    assert of((WEIGHTS, X.softmax(axes)), (Y.softmax(-1), Y.softmax(-1))) == ""


@pytest.mark.parametrize(
    ("factor", "named"), [(7**0.5, "2.646 = √7"), (7**-0.5, "0.378 = 1/√7"), (1.3, "1.3")]
)
def test_scores_of_another_size_are_told(factor, named):
    pair = WEIGHTS, (factor * X).softmax(-1)
    assert of(pair) == f"These are the weights for scores {named} times as large."
    assert of(pair, (Y.softmax(-1), (2 * Y).softmax(-1))) == ""


def test_a_mask_that_is_missing_is_told():
    says = "Numbers stand above the diagonal, where zeros belong: the future is seen."
    assert of((CAUSAL.softmax(-1), WEIGHTS)) == says
    assert of((CAUSAL.softmax(-1), Y.softmax(-1))) == ""


def test_what_does_not_depend_on_the_case_is_told():
    assert of((X, Y), (X + 1, Y)).startswith("The numbers are the same in all cases")
    assert of((X, Y), (X, Y)) == ""


def test_where_all_is_wrong_and_one_place_is_explained_it_is_named():
    right = {"weights": WEIGHTS, "output": WEIGHTS @ Y}
    given = {"weights": X.softmax(1), "output": X.softmax(1) @ Y}
    says = "At weights: The numbers sum to 1 along axis 1, and should along axis 2."
    assert of((right, given)) == says


def test_a_place_without_a_name_is_the_output():
    assert of((X, X.softmax(1)), ([X], [2 * X + Y])) == ""
    says = of((X, 2 * X), ([X], [X.cos() + 3]))
    assert says == "At the output: All numbers are the right ones times 2."


NUMBERS = [
    lambda rng, shape: rng.standard_normal(shape),
    lambda rng, shape: rng.randint(0, 9, shape).astype(float),
    lambda rng, shape: rng.standard_normal(shape) * (rng.uniform(size=shape) > 0.5),
    lambda rng, shape: torch.from_numpy(rng.standard_normal(shape)).softmax(-1).numpy(),
]


@pytest.mark.parametrize("right", range(len(NUMBERS)))
@pytest.mark.parametrize("given", range(len(NUMBERS)))
def test_numbers_that_have_nothing_to_do_with_the_right_ones_have_no_kind(right, given):
    """With 20,000 such pairs none but zeros was told; seeds are fixed."""
    rng = np.random.RandomState(1000 * right + given)
    for _ in range(30):
        shape = tuple(rng.randint(1, 6, rng.randint(1, 4)))
        x, y = (torch.from_numpy(NUMBERS[of](rng, shape)) for of in (right, given))
        assert of((x, y)) == "" or not y.any()
