"""Small words that rules are written with."""

import ast
from collections.abc import Callable, Iterator

from autograder.authoring.operators.syntax import parsed
from autograder.questions.sights import Facts

Found = Iterator[tuple[ast.expr, str, int]]
Rule = Callable[[ast.expr, Facts], Found]
U = ast.unparse


def written(text: str, why: str, rank: int) -> Found:
    """One change, as text."""
    yield parsed(text), why, rank


def operand(node: ast.expr) -> str:
    """An expression as an operand."""
    return (
        U(node)
        if isinstance(node, ast.Name | ast.Constant | ast.Call | ast.Attribute | ast.Subscript)
        else f"({U(node)})"
    )


def are_numeric(facts: Facts, *nodes: ast.expr) -> bool:
    """Whether all are numbers or tensors."""
    return all(facts.is_number(node) or facts.is_tensor(node) for node in nodes)
