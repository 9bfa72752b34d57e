"""Free constants: those of a solution that may have any value in a range, as both ends prove."""

import ast
from collections.abc import Mapping

from autograder.assignment.alternatives import Alternative
from autograder.assignment.source import Source, SourceError

Ranges = Mapping[str, tuple[float, float]]  # by name, the lowest and the highest right value


def ends_of(source: Source, exercise: str, free: Ranges) -> list[Alternative]:
    """The reference with each free constant at either end of its range: right answers, too.

    Raises SourceError where the solution has no such constant, or one outside the range.
    """
    cell = source.solutions[exercise]
    found = [constant_of(node) for node in ast.walk(ast.parse(cell.source))]
    for name, (low, high) in free.items():
        values = [constant[1] for constant in found if constant and constant[0] == name]
        if not values:
            raise SourceError(source.path, cell.line, f"no number is assigned to {name!r}")
        if not all(low <= value <= high for value in values):
            where = f"from {low:g} to {high:g}"
            raise SourceError(source.path, cell.line, f"{name} = {values[0]:g} is not {where}")
    return [
        Alternative(
            exercise,
            f"{name} = {value:g}",
            _with_constant(cell.source, name, value),
            source.path,
            cell.line,
        )
        for name, ends in free.items()
        for value in ends
    ]


def _with_constant(cell: str, name: str, value: float) -> str:
    tree = ast.parse(cell)
    for node in ast.walk(tree):
        found = constant_of(node)
        if isinstance(node, ast.Assign) and found and found[0] == name:
            node.value = ast.Constant(value)
    return ast.unparse(tree)


def is_free(node: ast.AST, free: Ranges) -> bool:
    """Whether a statement gives a free constant a value in its range."""
    found = constant_of(node)
    if found is None or found[0] not in free:
        return False
    low, high = free[found[0]]
    return low <= found[1] <= high


def constant_of(node: ast.AST) -> tuple[str, float] | None:
    """The name and the number of a statement like `beta = 200.0`; None for any other."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            number = number_of(value)
            return None if number is None else (name, number)
    return None


def number_of(node: ast.AST) -> float | None:
    """The number that an expression writes out; None for any other."""
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
    return None
