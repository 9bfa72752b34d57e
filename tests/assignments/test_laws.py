"""What laws say is true of the answers that break them."""

from functools import cache
from pathlib import Path

import pytest
import torch
from torch import nn

from autograder.assignment.trial import load, specs_of
from autograder.assignment.validation import read_source
from autograder.checks.running import observe

SOLUTIONS = Path(__file__).parents[2] / "solutions"
RANDOM = "two equal calls have different results: it draws random numbers, or keeps a state"


@cache
def source(assignment):
    return read_source(SOLUTIONS / assignment / f"{assignment}.py")


@cache
def lab(assignment):
    return load(source(assignment))


LAB = lab("recurrent")


def said(exercise, subject, case, assignment="recurrent"):
    """What a law says of an answer."""
    probe = specs_of(source(assignment))[exercise].probes[case]
    evidence = observe(probe, subject, 1)
    assert evidence.error is None, evidence.detail
    return probe.problem(evidence.value, 1)


class Changed(LAB.LSTM):
    """The reference, one of whose gates is computed in another way."""

    def forget(self, x, h):
        return x @ self.W_if + self.b_if + h @ self.W_hf + self.b_hf

    def gates(self, x, h):
        i, _, g, o = super().gates(x, h)
        return i, torch.sigmoid(self.forget(x, h)), g, o


class PlusOne(Changed):
    def forget(self, x, h):
        return super().forget(x, h) + 1


class BiasThatIsNoParameter(Changed):
    def forget(self, x, h):
        return super().forget(x, h) + torch.arange(h.shape[1])


class Square(Changed):
    def forget(self, x, h):
        return x @ self.W_if * self.b_if + h @ self.W_hf + self.b_hf


class NoParameters(Changed):
    def forget(self, x, h):
        return x @ torch.ones_like(self.W_if).cumsum(0) / 9 + h @ torch.eye(h.shape[1]) + 1


class Dropout(Changed):
    def forget(self, x, h):
        return nn.functional.dropout(super().forget(x, h))


class Shared(Changed):
    def forget(self, x, h):
        return x @ self.W_ii + self.b_ii + h @ self.W_hi + self.b_hi


class NoBias(Changed):
    def forget(self, x, h):
        return x @ self.W_if + h @ self.W_hf


class Blind(Changed):
    def forget(self, x, h):
        return x @ self.W_if + self.b_if


@pytest.mark.parametrize(
    ("subject", "law"),
    [
        (LAB.LSTM, None),
        (PlusOne, "inside its σ, the forget gate adds 1, which is no parameter"),
        (
            BiasThatIsNoParameter,
            "inside its σ, the forget gate adds a constant that is no parameter",
        ),
        (Square, "the forget gate is not linear in its parameters, as in the equations"),
        (
            NoParameters,
            "the forget gate stays the same when all parameters change: its weights are none",
        ),
        (Dropout, RANDOM),
        (Shared, "the input gate and the forget gate share their weights"),
        (NoBias, "the forget gate has no bias"),
        (Blind, "the forget gate does not depend on all of x and h"),
    ],
)
def test_of_a_gate_a_law_says_what_it_saw(subject, law):
    assert said("lstm", subject, "gates_of_one_step") == law


class Random(LAB.LSTM):
    def forward(self, x):
        return super().forward(nn.functional.dropout(x))


class Detached(LAB.LSTM):
    def forward(self, x):
        return super().forward(torch.cat([x[:, :-1].detach(), x[:, -1:]], dim=1))


@pytest.mark.parametrize(
    ("subject", "law"),
    [
        (LAB.LSTM, None),
        (Random, RANDOM),
        (
            Detached,
            "the gradient is not the derivative, as where something detaches a part of a step",
        ),
    ],
)
def test_what_is_random_is_not_called_detached(subject, law):
    assert said("lstm", subject, "gradients_of_sequences") == law
    if subject is Random:
        assert said("lstm", subject, "sequences_of_growing_length") == law


class RandomStep(LAB.VanillaRNN):
    def forward(self, x, h):
        return super().forward(nn.functional.dropout(x), h)


class StateCutOff(LAB.VanillaRNN):
    def forward(self, x, h):
        return super().forward(x, h.detach() + 0 * h)


def test_a_random_step_is_called_random():
    assert said("vanilla_rnn", RandomStep, "one_step_from_many_points") == RANDOM
    assert said("vanilla_rnn", LAB.VanillaRNN, "one_step_from_many_points") is None


def test_a_gradient_that_is_lost_says_where():
    assert said("vanilla_rnn", StateCutOff, "gradients_of_one_step") == (
        "no gradient flows from the log-probabilities back to the old state"
    )


def causal(change):
    """The reference, whose weights are changed and whose context follows from them."""

    class Changed(lab("attention").CausalScaledDotAttention):
        def forward(self, queries, keys, values):
            context, weights = super().forward(queries, keys, values)
            return change(context, weights, values)

    return said("causal_scaled_dot_attention", Changed, "no_future", "attention")


def test_of_causal_attention():
    assert causal(lambda context, weights, _: (context, weights)) is None
    dropped = causal(lambda context, weights, _: (nn.functional.dropout(context), weights))
    assert dropped == RANDOM
    negative = causal(
        lambda context, weights, _: (context, weights - 2 * (weights < 0.4) * weights)
    )
    assert negative == "a weight is negative"


def test_of_a_decoder_that_draws_random_numbers():
    class Dropping(lab("nmt").DecoderOnly):
        def forward(self, *arguments):
            scores, weights = super().forward(*arguments)
            return nn.functional.dropout(scores), weights

    assert said("decoder_only", Dropping, "no_future", "nmt") == RANDOM
