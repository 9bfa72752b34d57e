"""Where NaN begins: the operation and the student's line, or nothing where there are several."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from autograder.checks.beginning import beginning_of_nan, holds_nan
from autograder.checks.calls import built, call
from autograder.checks.evidence import Evidence, normalise
from autograder.checks.probes import Probe
from autograder.checks.sketch import sketched
from autograder.checks.spec import gradients

HERE = Path(__file__).read_text().splitlines()


def begins(function, *tried, asked=None):
    probe = Probe(lambda rng: asked or call(rng.normal(3, 4)), frozenset(tried))
    return beginning_of_nan(probe, function, 1, nullcontext, ["<folded>"])


def line_with(mark):
    """The number of the line that ends with a mark, and its text."""
    return next((n, line.strip()) for n, line in enumerate(HERE, 1) if line.endswith(mark))


def root(x):
    y = 2 * x
    return y.sqrt() + 1  # a root


def softmax(x):
    scores = x.masked_fill(x < 9, float("-inf"))
    return F.softmax(scores, dim=-1)  # of −inf


def written(x):
    y = x.clone()
    y[0] = float("nan")  # written
    return y


class Norm(nn.Module):
    def forward(self, x):
        return x / (x - x).norm(dim=-1, keepdim=True)  # of zeros


def quotient(x):
    return 0 * x / (0 * x)  # a quotient


def of_numpy(x):
    with np.errstate(all="ignore"):
        return torch.from_numpy(np.sqrt(x.numpy()))


def two_places(x):
    return x.log() + x.sqrt()


@pytest.mark.parametrize(
    ("function", "operation", "mark"),
    [
        (root, "sqrt", "# a root"),
        (softmax, "softmax", "# of −inf"),
        (written, "setitem", "# written"),
        (quotient, "div", "# a quotient"),
    ],
)
def test_the_operation_and_its_line_are_told(function, operation, mark):
    line, text = line_with(mark)
    assert begins(function) == f"NaN begins in `{operation}`, line {line} of {__file__}: `{text}`"


def test_in_a_derivative_too():
    line, text = line_with("# of zeros")
    zeros = begins(Norm, gradients, asked=built()(torch.zeros(2, 3)))
    assert zeros == f"NaN begins in `div`, line {line} of {__file__}: `{text}`"
    line, text = line_with("# only its slope")
    found = begins(slope, gradients, asked=call(torch.zeros(2, 3)))
    where = f"line {line} of {__file__}: `{text}`"
    assert found == f"NaN begins in the derivative of `mul`, {where}"


def slope(x):
    return (x * x).sqrt()  # only its slope


def test_what_the_check_itself_does_is_no_line_of_the_students():
    assert begins(lambda x: x * 1e30, gradients, asked=call(torch.tensor([1e30, -1e30]))) == ""


@pytest.mark.parametrize("function", [of_numpy, two_places, torch.relu])
def test_nothing_is_told_where_it_is_not_one_place(function):
    assert begins(function) == ""


def test_what_holds_nan():
    nan = normalise({"a": [torch.tensor([1.0, float("nan")])]})
    assert holds_nan(Evidence(nan), besides=False)
    for tried in ({"large": sketched(nan)}, {"gradients": {"argument 1": sketched(nan)}}):
        assert holds_nan(Evidence(1, tried=tried), besides=True)
        assert not holds_nan(Evidence(1, tried=tried), besides=False)
    right = normalise({"a": [1, "x", torch.ones(2)]})
    assert not holds_nan(Evidence(right, tried={"large": sketched(right), "b": "x"}), besides=True)
