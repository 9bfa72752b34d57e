"""Instrumenting a cell: expressions inside its functions stand in calls of `look`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

LOOK = "__look__"  # with two underscores at its end, so that no class body renames it
FIRST_LINE = f"from autograder.questions.looking import look as {LOOK}"
EXPRESSIONS = (ast.BinOp, ast.Call, ast.Subscript, ast.Compare, ast.Attribute, ast.Name)
MOST = 400  # expressions of one cell
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SIGNATURES = (*FUNCTIONS, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True)
class Instrumented:
    """A cell's syntax tree, and the expressions in it that are looked at."""

    tree: ast.Module

    @cached_property
    def looked_at(self) -> list[ast.expr]:
        """The expressions; the number of each is its place here."""
        functions = [node for node in ast.walk(self.tree) if isinstance(node, FUNCTIONS)]
        found = [node for each in functions for node in _read(each)]
        called = {id(node.func) for node in found if isinstance(node, ast.Call)}
        unique = {id(node): node for node in found if _is_value(node, called)}
        return [node for node in unique.values() if isinstance(node, ast.expr)][:MOST]

    @property
    def text(self) -> str:
        """The cell as it runs."""
        numbers = {id(node): number for number, node in enumerate(self.looked_at)}
        looked = ast.fix_missing_locations(_with_looks(self.tree, numbers))
        return f"{FIRST_LINE}\n{ast.unparse(looked)}"


def _read(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all in it that is computed: no signatures, annotations or parts of f-strings."""
    yield node
    for name, value in ast.iter_fields(node):
        in_head = isinstance(node, SIGNATURES) and name != "body"
        if in_head or name in ("annotation", "returns") or isinstance(node, ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _read(child)


def _is_value(node: ast.AST, called: set[int]) -> bool:
    """Whether a node is read as a value: functions that are called are none, but for layers."""
    if not isinstance(node, EXPRESSIONS) or not isinstance(
        getattr(node, "ctx", ast.Load()), ast.Load
    ):
        return False
    text = ast.unparse(node)
    return text != "self" and text != "super()" and (id(node) not in called or is_layer(node))


def is_layer(node: ast.AST) -> bool:
    """Whether an expression is an attribute of the instance, as layers are."""
    return isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self"


def _with_looks(node: ast.AST, numbers: dict[int, int]) -> ast.AST:
    """A copy of a tree in which numbered expressions are looked at."""

    def copied(value: object) -> object:
        if isinstance(value, list):
            return [copied(each) for each in value]
        return _with_looks(value, numbers) if isinstance(value, ast.AST) else value

    copy = type(node)(**{name: copied(value) for name, value in ast.iter_fields(node)})
    if id(node) not in numbers:
        return copy
    number = ast.Constant(numbers[id(node)])
    return ast.Call(ast.Name(LOOK, ast.Load()), [number, copy], [])  # type: ignore[list-item]
