"""The recurrent assignment beyond what all assignments have in common."""

from pathlib import Path

import pytest
import torch

from autograder.assignment.trial import load
from autograder.assignment.validation import read_source
from autograder.tools.accounting import counts

LAB = load(read_source(Path(__file__).parents[2] / "solutions/recurrent/recurrent.py"))


@pytest.mark.parametrize("I, H, B, T", [(3, 5, 7, 1), (9, 32, 4, 20)])
def test_the_formulas_count_what_a_profiler_counts(I, H, B, T):
    counted = counts(LAB.LSTM(I, H), torch.randn(B, T, I))
    costs = LAB.lstm_costs(I, H, B, T)
    assert (costs["parameters"], costs["flops"]) == (counted.parameters, counted.flops)
    assert 4 * (costs["kept"] - B * H) == counted.saved_bytes  # h_0 and c_0 are one tensor


def test_the_last_marked_symbol_is_asked_for():
    torch.manual_seed(0)
    x, wanted = LAB.sequences(200, 12, again=0.3)
    assert x[:, 0, 8].all() and 0.2 < x[:, 1:, 8].mean() < 0.4
    for sequence, symbol in zip(x, wanted, strict=True):
        last = sequence[:, 8].nonzero().max()
        assert sequence[last, symbol] == 1


def test_the_first_symbol_is_asked_for_where_no_other_is_marked():
    x, wanted = LAB.sequences(50, 12)
    assert x[:, 1:, 8].sum() == 0
    assert torch.equal(x[:, 0, :8].argmax(1), wanted)


def test_a_forget_gate_that_is_always_open_stays_so():
    lstm = LAB.GatedRecall(by=20).lstm
    _, f, _, _ = lstm.gates(torch.randn(6, 9), torch.randn(6, 32))
    f.sum().backward()
    assert f.min() > 1 - 1e-6
    assert lstm.W_if.grad.abs().max() < 1e-5
