"""Generated mutants: cosmic-ray's operators, and those that array code needs besides.

These are arguments swapped, keywords dropped, statements left out, and those of `operators`.
"""

import ast
import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.operators.operator import Operator as CosmicRayOperator
from cosmic_ray.plugins import get_operator, operator_names

from autograder.assignment.free import Ranges
from autograder.assignment.regions import BEGIN, END
from autograder.assignment.source import Source
from autograder.authoring.equivalence import canonical
from autograder.authoring.operators import EVERYWHERE, WRONG, Operator
from autograder.authoring.operators.calls import OTHER_AXES, axes_named_alike
from autograder.authoring.operators.places import other_names, repeated
from autograder.authoring.operators.values import changed_result, changed_value, other_value

Edit = tuple[int, int, str]  # replace text[start:end]
Position = Callable[[int, int], int]  # from a line and a column of ast to an offset
Located = ast.expr | ast.stmt | ast.keyword


@dataclass(frozen=True)
class Mutant:
    """A reference broken in one place: which lines went and which came."""

    exercise: str
    before: str
    after: str
    solution: str

    @property
    def label(self) -> str:
        """It in one line: the exercise, and which lines became which."""
        return f"{self.exercise}: {self.before} -> {self.after}"


def mutants(
    source: Source, exercise: str, free: Ranges | None = None, *, all_operators: bool = False
) -> Iterator[Mutant]:
    """Every mutant of an exercise's solution region, each once; text outside the region stays.

    None is made that is the same code as the reference, whatever value the constants in `free`
    have within their ranges. With `all_operators`, as libraries of wrong answers need them, many
    are made that are right answers, too.
    """
    original = source.solutions[exercise].source
    seen = {canonical(original, free)}
    for text in (
        *_without_statements(original),
        *(by_all_operators(original) if all_operators else _by_wrong_ones(original)),
        *_by_cosmic_ray(original),
        *_by_edits(original),
    ):
        if not _in_region(original, text):
            continue
        shape = canonical(text, free)
        if shape is not None and shape not in seen:
            seen.add(shape)
            before, after = _changed_lines(original, text)
            yield Mutant(exercise, before, after, text)


def _by_cosmic_ray(text: str) -> Iterator[str]:
    nodes = list(ast_nodes(get_ast(text)))
    for operator in _operators():
        places = sum(len(list(operator.mutation_positions(node))) for node in nodes)
        for occurrence in range(places):
            yield MutationVisitor.mutate_code(text, operator, occurrence)


@cache
def _operators() -> tuple[CosmicRayOperator, ...]:
    """cosmic-ray's operators that need no arguments."""
    classes = [get_operator(name) for name in operator_names()]
    return tuple(each() for each in classes if not each.arguments())


def _by_edits(text: str) -> Iterator[str]:
    tree = ast.parse(text)
    position = _positions(text)
    for node in ast.walk(tree):
        for edit in (*_swap_arguments(node, position, text), *_drop_keywords(node, position, text)):
            yield _apply(text, edit)


def _without_statements(text: str) -> Iterator[str]:
    position = _positions(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.If | ast.For | ast.Return):
            yield _apply(text, (*_span(node, position), "pass"))


def _by_axes(text: str) -> Iterator[str]:
    """Every axis that is named more than once, another one wherever it stands."""
    position = _positions(text)
    for places in axes_named_alike(ast.parse(text)):
        for axis in OTHER_AXES:
            yield _apply_all(text, [(*_span(place, position), axis) for place in places])


def _by_wrong_ones(text: str) -> Iterator[str]:
    """By operators that hardly ever make a right answer."""
    yield from _by_axes(text)
    yield from by_operators(text, WRONG)
    yield from _by_places(text, other_value)


def by_all_operators(text: str) -> Iterator[str]:
    """By every operator there is."""
    yield from _by_axes(text)
    yield from by_operators(text, EVERYWHERE)
    yield from _by_places(text, changed_result)
    tree, position = ast.parse(text), _positions(text)
    for node in _operands(tree):
        yield from _replaced(text, position, node, changed_value)


def by_operators(text: str, operators: Sequence[Operator]) -> Iterator[str]:
    """The text with one expression changed, whatever stands there."""
    tree, position = ast.parse(text), _positions(text)
    for operator in operators:
        for node in _expressions(tree):
            yield from _replaced(text, position, node, operator)


def _by_places(text: str, result: Operator) -> Iterator[str]:
    """The text with a loop cut, another name, or a result changed by an operator."""
    tree, position = ast.parse(text), _positions(text)
    for node in _iterated(tree):
        yield from _replaced(text, position, node, repeated)
    for node in _named(tree):
        yield from _replaced(text, position, node, partial(other_names, tree=tree))
    for node in _results(tree):
        yield from _replaced(text, position, node, result)


def _replaced(text: str, position: Position, node: ast.expr, operator: Operator) -> Iterator[str]:
    for new in operator(node):
        written = ast.unparse(new)
        yield _apply(text, (*_span(node, position), written if _is_atom(new) else f"({written})"))


def _is_atom(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript) or (
        isinstance(node, ast.Constant) and str(node.value).isidentifier()
    )


def _expressions(tree: ast.AST) -> Iterator[ast.expr]:
    """Expressions that are read, as what is written to has no value yet."""
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None), ast.Load | None):
            yield node


def _iterated(tree: ast.AST) -> Iterator[ast.expr]:
    """What loops and comprehensions run over."""
    return (n.iter for n in ast.walk(tree) if isinstance(n, ast.For | ast.comprehension))


def _named(tree: ast.AST) -> Iterator[ast.expr]:
    """Variables, and attributes of the instance."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in _expressions(tree):
        match node:
            case ast.Name() if id(node) not in called:
                yield node
            case ast.Attribute(value=ast.Name("self")):
                yield node


def _results(tree: ast.AST) -> Iterator[ast.expr]:
    """What is assigned or returned."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Return(value=value):
                yield from [value] if value else []


def _operands(tree: ast.AST) -> Iterator[ast.expr]:
    """Arguments, and the sides of operations."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(args=arguments):
                yield from arguments
            case ast.BinOp(left=left, right=right):
                yield from (left, right)


def _swap_arguments(node: ast.AST, position: Position, text: str) -> Iterator[Edit]:
    """Neighbouring arguments of a call, and elements of a tuple, in the other order."""
    for left, right in pairwise(_in_order(node)):
        (a, b), (c, d) = _span(left, position), _span(right, position)
        yield a, d, text[c:d] + text[b:c] + text[a:b]


def _in_order(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Call(args=items) | ast.Tuple(elts=items) | ast.List(elts=items):
            return items
    return []


def _drop_keywords(node: ast.AST, position: Position, text: str) -> Iterator[Edit]:
    """A call without one of its keyword arguments."""
    for keyword in node.keywords if isinstance(node, ast.Call) else ():
        start, end = _span(keyword, position)
        while text[start - 1] in " \n":
            start -= 1
        if text[start - 1] == ",":
            yield start - 1, end, ""
        else:
            rest = text[end:].lstrip(", \n")
            yield start, len(text) - len(rest), ""


def _positions(text: str) -> Position:
    """Offset in `text` of an ast position, whose columns count bytes."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    return lambda line, column: starts[line - 1] + len(lines[line - 1].encode()[:column].decode())


def _span(node: Located, position: Position) -> tuple[int, int]:
    end = position(node.end_lineno or 0, node.end_col_offset or 0)  # both known after parsing
    return position(node.lineno, node.col_offset), end


def _apply(text: str, edit: Edit) -> str:
    start, end, new = edit
    return text[:start] + new + text[end:]


def _apply_all(text: str, edits: list[Edit]) -> str:
    for edit in sorted(edits, reverse=True):
        text = _apply(text, edit)
    return text


def _in_region(original: str, mutated: str) -> bool:
    """Whether everything outside the solution region is as it was."""
    return _around(original) == _around(mutated)


def _around(text: str) -> list[str]:
    kept, inside = [], False
    for line in text.split("\n"):
        if line.strip() == END:
            inside = False
        if not inside:
            kept.append(line.rstrip())
        if line.strip() == BEGIN:
            inside = True
    return kept


def _changed_lines(original: str, mutated: str) -> tuple[str, str]:
    difference = list(difflib.ndiff(original.split("\n"), mutated.split("\n")))
    before, after = (
        " ⏎ ".join(line[2:].strip() for line in difference if line.startswith(sign))
        for sign in ("- ", "+ ")
    )
    return before, after
