"""Changes of a student's code in one line: equivalent ones, and mutants."""

import ast
import copy
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from autograder.authoring.equivalence import canonical
from autograder.authoring.mutants import by_operators
from autograder.authoring.operators import Operator
from autograder.authoring.operators.calls import axes, siblings, viewed
from autograder.authoring.operators.places import bounds
from autograder.authoring.operators.syntax import parsed
from autograder.authoring.operators.values import exchanged, left_out, numbers, roots
from autograder.questions.code import DEFINITIONS, Code, head, statements

# Those whose mutants look like something that one might write.
OPERATORS: tuple[Operator, ...] = (
    *(axes, siblings, exchanged, left_out, bounds, viewed, roots, numbers),
)
NEAR = "near"  # what looks like an equivalent change
WHOLE_NUMBERS = re.compile(r"-?\d+ \+ -?\d+")
LONGEST = 110  # characters of a line
Rewrite = Callable[[ast.expr], Iterator[tuple[ast.expr, str, int]]]


@dataclass(frozen=True)
class Change:
    """A line that becomes another, and the cell that then is; `kind` names an operator.

    `why` says what keeps all results, or, of a near miss, what is wrong; `rank` how much one must
    understand to see it: 3 is most.
    """

    line: int
    before: str
    after: str
    text: str
    why: str = ""
    rank: int = 0
    kind: str = NEAR


def mutants(code: Code, operators: Iterable[Operator] = OPERATORS) -> list[Change]:
    """Mutants of a cell, from all of its lines in turn; none is the same code as another."""
    seen = {canonical(code.text)}
    found: list[Change] = []
    for operator in operators:
        for text in by_operators(code.text, [operator]):
            shape = canonical(text)
            if shape is None or shape in seen:
                continue
            seen.add(shape)
            if change := _change(code, text, operator.__name__):
                found.append(change)
    by_line = itertools.groupby(sorted(found, key=_line), _line)
    in_turn = itertools.zip_longest(*([*group] for _, group in by_line))
    return [change for changes in in_turn for change in changes if change is not None]


def _line(change: Change) -> int:
    return change.line


def _change(code: Code, text: str, kind: str) -> Change | None:
    """What a text changes, where that is one statement that can be shown."""
    tree = ast.fix_missing_locations(_AsWritten().visit(ast.parse(text)))
    for old, before, new in zip(code.statements, code.heads, statements(tree), strict=False):
        if before != head(new):
            return _shown(old, new, Change(old.lineno, "", "", ast.unparse(tree), kind=kind))
    return None


class _AsWritten(ast.NodeTransformer):
    """Writes `n + -1` and `1 + 1` as people do."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Whole numbers that are added."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Add) and WHOLE_NUMBERS.fullmatch(text := ast.unparse(node)):
            return parsed(str(sum(map(int, text.split(" + ")))))
        match node:
            case ast.BinOp(left, ast.Add(), ast.UnaryOp(ast.USub(), ast.Constant(int()) as number)):
                return ast.BinOp(left, ast.Sub(), number)
        return node


def _shown(old: ast.stmt, new: ast.stmt, change: Change) -> Change | None:
    """The change with its lines; conditions, signatures and lone calls are not changed.

    Nor is anything made a constant, which everybody sees to be wrong.
    """
    before, after = head(old), head(new)
    is_fit = len(after) <= LONGEST and "\n" not in before + after and before != after
    is_left = isinstance(old, (*DEFINITIONS, ast.If, ast.Expr))
    is_plain = _is_constant(new) and (isinstance(old, ast.Return) or not _is_constant(old))
    is_good = is_fit and not is_left and not is_plain
    return replace(change, before=before, after=after) if is_good else None


def _is_constant(statement: ast.stmt) -> bool:
    """Whether its value is a number, with signs or without."""
    value = getattr(statement, "value", None)
    while isinstance(value, ast.UnaryOp):
        value = value.operand
    return isinstance(value, ast.Constant)


def rewritten(code: Code, rewrite: Rewrite) -> Iterator[Change]:
    """Every change that a rewriting makes in one expression of a cell."""
    for at, statement in enumerate(code.statements):
        for node in _own_expressions(statement):
            for new, why, rank in rewrite(node):
                tree = _replaced(code.tree, node, new)
                changed = next(itertools.islice(statements(tree), at, None))
                bare = Change(statement.lineno, "", "", ast.unparse(tree), why, rank)
                if change := _shown(statement, changed, bare):
                    yield change


def _own_expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement that are read, without those of statements inside it."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt):
            for node in ast.walk(child):
                if isinstance(node, ast.expr) and _is_read(node):
                    yield node


def _is_read(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


def _replaced(tree: ast.Module, old: ast.expr, new: ast.expr) -> ast.Module:
    """A copy of a tree with one expression in the place of another."""
    memo = {id(old): new}  # as `deepcopy` takes what it has copied already from there
    return ast.fix_missing_locations(copy.deepcopy(tree, memo))
