"""Sketches: the same for the same numbers, others for others."""

import numpy as np
import pytest
import torch

from autograder.checks.evidence import normalise
from autograder.checks.sketch import numbers_of, sketched

X = torch.from_numpy(np.random.RandomState(3).standard_normal((4, 7)).astype(np.float32))


def apart(a, b):
    x, y = numbers_of(normalise(a)), numbers_of(normalise(b))
    return float(np.abs(x - y).max() / (np.abs(x) + np.abs(y)).max())


def test_rounding_errors_make_no_difference():
    exact = X.double().tanh()
    assert apart(X.tanh(), exact) < 1e-6
    assert apart([X.tanh(), 1e-3 * X], [exact, 1e-3 * X.double()]) < 1e-6


OTHERS = {
    "one number": lambda: torch.where(torch.arange(28).reshape(4, 7) == 9, X + 1e-2, X),
    "a factor": lambda: 1.01 * X,
    "an offset": lambda: X + 0.01,
    "the order": lambda: X.flip(0),
    "the axes": lambda: X.T.contiguous(),
    "the sign": lambda: -X,
    "zeros": lambda: 0 * X,
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_other_numbers_have_another_sketch(other):
    assert apart(X, other()) > 1e-4


def test_a_small_array_counts_as_much_as_a_large_one():
    assert apart([1e4 * X, 1e-1 * X], [1e4 * X, 1.1e-1 * X]) > 1e-3


@pytest.mark.parametrize("seed", range(20))
def test_each_of_several_numbers_alone_counts(seed):
    """As in counts of parameters, where one wrong number may weigh as much as another."""
    numbers = np.random.RandomState(seed).uniform(1, 1000, 5)
    logs = np.log(numbers)
    logs[0] += 0.2 * np.cos(2.0) / np.cos(1.0)  # what the second takes from one projection
    logs[1] -= 0.2
    assert apart(numbers.tolist(), np.exp(logs).tolist()) > 1e-3


def test_an_array_of_rounding_errors_beside_others_is_zero():
    assert apart([X, 1e-9 * X], [X, -1e-9 * X]) == 0


def test_shapes_and_names_stand_in_the_form_alone():
    assert apart(X, {"a": X.reshape(7, 4)}) == 0
    forms = [
        sketched(normalise(value))["form"] for value in (X, X.double(), X[None], [X], {"a": X})
    ]
    assert len(set(forms)) == 5 and forms[0] == "tensor float32 (4, 7)"


def test_what_is_not_finite_is_counted_in_the_form():
    odd = X.clone()
    odd[0, 0], odd[1] = float("nan"), float("inf")
    assert sketched(normalise(odd))["form"] == "tensor float32 (4, 7) with 1 NaN with 7 infinite"
    assert np.isfinite(numbers_of(normalise(odd))).all()


def test_empty_arrays_texts_and_nothing_have_a_sketch():
    form = sketched(normalise({"a": torch.zeros(0), "b": "text", "c": None, "d": print}))["form"]
    assert form.startswith("a: tensor float32 (0,), b: 'text', c: None, d: ")


def test_numbers_of_any_size_do_not_overflow():
    assert np.isfinite(numbers_of(normalise(np.array([1e300, -1e300])))).all()
