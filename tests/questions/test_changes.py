"""Changes of one line: what keeps all results does, and what only looks like it does not."""

import pytest
import torch
from own_code import called, code, facts
from torch import nn

from autograder.questions.changes import mutants, rewritten
from autograder.questions.equivalents import RULES, equivalents
from autograder.questions.near_misses import near_misses
from autograder.questions.rules.products import linear_written_out

MANY = """\
import math


def many(x, mask, layer):
    n = len(x)
    y = layer(x.transpose(1, 2).mT)
    a = torch.bmm(y, y.transpose(1, 2)) / math.sqrt(y.shape[-1])
    b = a.masked_fill(mask, -1.0).softmax(dim=-1) * (a + 0.5)
    c = torch.where(b > 0.1, b, a.square())
    d = (c - c.mean(dim=-1, keepdim=True)) / (c.norm(dim=2, keepdim=True) + 1)
    e = torch.sigmoid(d) + torch.tanh(d) + F.silu(d).unsqueeze(1)[:, 0]
    f = torch.ones(4, 4, dtype=torch.bool).triu(diagonal=1)
    g = torch.cat([e, 2 * e], dim=1)[:, :-1]
    g = g * torch.rsqrt(d.sum(dim=-1, keepdim=True) ** 2 + 1).sum()
    if x.dim() == 3:
        return g, f, n, c.square().sum(dim=-1, keepdim=True).sqrt()
"""


@pytest.fixture(scope="module")
def inputs():
    torch.manual_seed(0)
    return torch.randn(2, 4, 5), torch.rand(2, 4, 4) < 0.3, nn.Linear(5, 5)


@pytest.fixture(scope="module")
def many(inputs):
    of = code(MANY, "many")
    return of, facts(of, *inputs)


def same(results, others):
    pairs = zip(results, others, strict=True)
    return all(
        a == b if isinstance(a, int) else a.shape == b.shape and torch.allclose(a, b, atol=1e-5)
        for a, b in pairs
        if type(a) is type(b)
    )


def test_every_rule_changes_something_and_keeps_all_results(many, inputs):
    of, known = many
    results = called(of.text, "many", *inputs)
    for rule in RULES:
        changes = [*rewritten(of, lambda node, rule=rule: rule(node, known))]
        assert changes or rule is linear_written_out, "here the layer is an argument"
        for change in changes:
            assert same(results, called(change.text, "many", *inputs)), change.after
            assert change.why and change.before != change.after


def test_layers_are_written_out_with_their_weights_transposed():
    text = """\
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.Q, self.K = nn.Linear(3, 4), nn.Linear(3, 4, bias=False)

    def forward(self, x):
        q = self.Q(x)
        k = self.K(x)
        return q + k
"""
    of = code(text, "Two")
    known = facts(of, torch.ones(2, 3))
    lines = {change.after for change in rewritten(of, lambda node: equivalents(node, known))}
    assert "q = x @ self.Q.weight.T + self.Q.bias" in lines
    assert "k = x @ self.K.weight.T" in lines


def test_near_misses_are_wrong_nearly_always(many, inputs):
    """What is not, by chance of these numbers, is found out by running."""
    of, known = many
    results = called(of.text, "many", *inputs)
    kept = broken = 0
    for change in rewritten(of, lambda node: near_misses(node, known)):
        try:
            is_same = same(results, called(change.text, "many", *inputs))
        except (RuntimeError, IndexError, TypeError):
            is_same = False
        kept, broken = kept + is_same, broken + (not is_same)
    assert broken > 20 and kept < broken / 5


def test_mutants_change_one_shown_line_each_and_take_turns():
    found = mutants(code())
    assert {change.line for change in found[:3]} == {6, 7, 8}
    lines = code().text.split("\n")
    for change in found:
        assert change.before in lines[change.line - 1] and change.after != change.before
    assert len({change.text for change in found}) == len(found)


def test_numbers_are_added_as_people_write_it():
    text = "def f(x, n):\n    y = x[n] + x[0]\n    return -1"
    lines = {change.after for change in mutants(code(text, "f"))}
    assert {"y = x[n - 1] + x[0]", "y = x[n] + x[-1]", "y = x[n] + x[1]"} <= lines
    assert not any("+ -" in line or "--" in line for line in lines)


def test_nothing_becomes_a_constant_which_all_see_to_be_wrong():
    text = "def f(x):\n    b = 2.0\n    y = x / 2\n    return -1"
    lines = {change.after for change in mutants(code(text, "f"))}
    assert "b = 4.0" in lines and "y = x" in lines
    assert "y = 2" not in lines and not any(line.startswith("return") for line in lines)


def test_a_mutant_that_is_no_python_is_none():
    text = "def f(x):\n    return torch.cat([*x], dim=0)"
    assert all(compile(change.text, "f", "exec") for change in mutants(code(text, "f")))
