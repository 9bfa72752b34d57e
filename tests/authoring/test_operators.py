"""Operators on expressions: what each makes of a line."""

import ast

import pytest

from autograder.authoring.mutants import by_all_operators

MADE = {
    "F.softmax(x, dim=-1)": [
        "F.softmax(x, dim=0)",
        "F.softmax(x, dim=(-2, -1))",
        "F.log_softmax(x, dim=-1)",
        "F.sigmoid(x)",
        "F.softmax(x, dim=-1).detach()",
    ],
    "x.softmax(-1)": ["x", "x.softmax(0)", "x.sigmoid()", "-x.softmax(-1)", "x.softmax(-1) ** 0.5"],
    "x.mean(-1, keepdim=True)": ["x.mean()", "x.mean(0, keepdim=True)", "x.sum(-1, keepdim=True)"],
    "x.var(-1, unbiased=False)": ["x.std(-1, unbiased=False)", "x.var(-1, unbiased=True)"],
    "x.triu()": ["x.tril()", "x.triu(diagonal=1)", "x.triu(diagonal=-1)"],
    "x / y": ["y / x", "x", "y", "x / (y + 1)", "x / (2 * y)"],
    "x.masked_fill(y, -1e9)": [
        "x.masked_fill(y, -100.0)",
        "x.masked_fill(y, -float('inf'))",
        "x.masked_fill(~y, -1000000000.0)",
    ],
    "x.masked_fill(y, -torch.inf)": ["x.masked_fill(y, -1e9)"],
    "torch.sqrt(x + 1e-5)": ["x ** 0.5 + 1e-05", "torch.rsqrt(x + 1e-05)", "torch.sqrt(x)"],
    "torch.rsqrt(x + y)": ["1 / (x ** 0.5 + y)"],
    "x.std() + 1e-5": ["(x.std() + 1e-05) ** 0.5"],
    "x.transpose(1, 2)": ["x.reshape(x.transpose(1, 2).shape)", "x.transpose(1, 0)", "x"],
    "x.repeat_interleave(3, dim=0)": ["torch.cat([x] * 3, 0)"],
    "x.repeat(3, 1)": ["x.repeat_interleave(3, -2)"],
    "x[1:]": ["x[1 + 1:]", "x[1:-1]", "x[:]"],
    "x[:, y]": ["x[:, y + 1]", "x[:, y + -1]"],
    "[a for a in range(y)]": ["[a for a in range(1, y)]", "[a for a in list(range(y))[:-1]]"],
    "x + y": ["y + y", "x + x"],
    "x.mean(1) - y.mean(1)": ["x.mean(0) - y.mean(0)", "x.mean(-1) - y.mean(1)"],
    "x @ y.T": ["x @ y", "y.T @ x", "x @ y.reshape(y.T.shape)"],
}
F = "def f(x, y):\n    return {}\n"


@pytest.mark.parametrize(("before", "after"), [(b, a) for b, made in MADE.items() for a in made])
def test_this_is_made(before, after):
    texts = {normal(text) for text in by_all_operators(F.format(before))}
    assert normal(F.format(after)) in texts


def normal(text):
    try:
        return ast.unparse(ast.parse(text))
    except SyntaxError:
        return None
