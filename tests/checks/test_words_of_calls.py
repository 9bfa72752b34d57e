"""What is made of one call, and of several of one module."""

import pytest
import torch
from torch import nn

from autograder.checks.probes import Inputs, Probe, as_plain
from autograder.checks.spec import (
    built,
    call,
    collecting,
    gradients,
    input_gradients,
    probe,
    size,
    weighted_sum,
)


class Attention(nn.Module):
    """Its softmax cancels the bias of `K`; with `parts=1` its weights carry no gradient."""

    def __init__(self, parts=2):
        super().__init__()
        self.Q, self.K, self.parts = nn.Linear(3, 3), nn.Linear(3, 3), parts

    def forward(self, x):
        weights = (self.Q(x) @ self.K(x).mT).softmax(-1)
        return weights @ x, weights if self.parts == 2 else weights.detach()


class Double(Attention):
    """The same in other roundings."""

    def forward(self, x):
        scores = self.Q(x).double() @ self.K(x).mT.double()
        weights = (scores - scores.amax(-1, keepdim=True)).softmax(-1).float()
        return weights @ x, weights


def answers(subject, draw, *tried):
    found, _, _ = Probe(draw, frozenset(tried)).answer(subject, 1, frozenset())
    return as_plain(found)


def one_call(rng):
    return built()(rng.normal(2, 5, 3))


def context_only(rng):
    return built()(rng.normal(2, 5, 3)).through(0)


def test_a_gradient_that_is_only_rounding_errors_is_zero():
    for subject in (Attention, Double):
        found = answers(subject, one_call, gradients)["gradients"]
        assert not found["K.bias"].any()
        assert found["Q.bias"].any() and found["K.weight"].any() and found["argument 1"].any()


def test_rounding_errors_reach_a_parameter_all_the_same():
    assert answers(Attention, one_call, input_gradients)["gradients"]["every parameter"]


def test_the_size_is_that_of_all_parameters():
    assert answers(Attention, one_call, size)["size"] == 2 * (3 * 3 + 3)


def test_gradients_are_what_weighted_sums_of_outputs_measure():
    move = 1e-2 * torch.ones(2, 5, 3)

    def near_by(rng):
        attention, x = built(), rng.normal(2, 5, 3)
        return [attention(x), attention(x + move), attention(x - move)]

    here, *ends = answers(Attention, near_by, input_gradients)
    after, before = (weighted_sum(end["output"]) for end in ends)
    slope = (here["gradients"]["argument 1"] * move).sum()
    assert slope.item() == pytest.approx((after - before).item() / 2, rel=1e-2)


@pytest.mark.parametrize(("draw", "equal"), [(one_call, False), (context_only, True)])
def test_gradients_flow_through_the_result_that_is_named(draw, equal):
    whole = answers(Attention, draw, gradients)
    part = answers(lambda: Attention(parts=1), draw, gradients)
    assert torch.equal(whole["output"][1], part["output"][1])
    assert torch.equal(whole["gradients"]["Q.weight"], part["gradients"]["Q.weight"]) is equal


class Counting(nn.Module):
    def __init__(self, start):
        super().__init__()
        self.calls = start

    def forward(self, x):
        self.calls += 1
        return self.calls


def test_what_is_built_once_is_one_module_for_all_its_calls():
    def two(rng):
        counting, other = built(0), built(10)
        return {"first": counting(1), "second": [counting(1), other(1)]}

    assert answers(Counting, two) == {"first": 1, "second": [2, 11]}


def test_calls_may_stand_among_other_inputs():
    def one(rng):
        return Inputs(calls={"x": call(2)}, more=rng.normal(3))

    probe = Probe(one)
    assert as_plain(probe.answer(lambda x: x + 1, seed=1)[0]) == {"x": 3}


def test_probes_may_share_a_reading():
    def doubled(answer, inputs):
        return 2 * answer

    with collecting() as specs:
        probe("first", read=doubled)(context_only)
        probe("second", read=doubled)(one_call)
    readings = [found.reading(3, seed=1) for spec in specs.values() for found in spec.visible]
    assert readings == [6, 6]
