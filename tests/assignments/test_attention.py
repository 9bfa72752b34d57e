"""The attention assignment beyond what all assignments have in common."""

import math
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from autograder.assignment.trial import load
from autograder.assignment.validation import read_source
from autograder.tools.accounting import counts

ROOT = Path(__file__).parents[2]
LAB = load(read_source(ROOT / "solutions/attention/attention.py"))


@pytest.mark.parametrize("sizes", [(2, 3, 5, 7), (1, 11, 4, 6)])
def test_what_is_counted_by_hand_is_what_a_profiler_sees(sizes):
    batch, k, s, h = sizes
    given = [torch.randn(batch, length, h) for length in (k, s, s)]
    assert asdict(counts(LAB.ScaledDotAttention(h), *given)) == LAB.attention_costs(*sizes)


@pytest.mark.parametrize(
    ("name", "divisor"), [("q·k / √h", math.sqrt(9)), ("q·k", 1), ("q·k / h", 9)]
)
def test_rescaled_scores_are_divided_by_what_their_name_says(name, divisor):
    torch.manual_seed(0)
    model = LAB.rescaled(9, LAB.POWERS[name])
    symbols = LAB.random_symbols(model, 3)
    x = model.embedding(symbols) + model.positions
    attention = model.attention
    scores = attention.Q.layer(x) @ attention.K(x).mT / divisor
    assert torch.allclose(model(symbols)[1], scores.softmax(-1), atol=1e-5)
