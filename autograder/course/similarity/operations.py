"""Code as the operations that it computes, in the order in which it computes them.

What a copy is disguised by leaves no trace here: comments, layout, names that a student chose,
results that get a name or lose it, methods for functions, loops for comprehensions. Nothing runs.
"""

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from autograder.checks.text.cells import MAX_CELL, NOT_PYTHON, parsed
from autograder.course.similarity.moving import computes_nothing, read_once

MOST_WRONG = 20  # lines of a cell that are no Python; each costs a parse
MOST_BITS = 200  # of a whole number that is told from others
LOOP, BRANCH, DEFINITION, ITEM, TEXT, LARGE = "for", "if", "def", "[]", "text", "large"
OWN = "own"  # whatever a student defined
SYNONYMS = {
    **dict.fromkeys(("Add", "AugAdd"), "add"),
    **dict.fromkeys(("Mult", "multiply"), "mul"),
    **dict.fromkeys(("Div", "divide", "true_divide"), "div"),
    **dict.fromkeys(("MatMult", "mm", "bmm"), "matmul"),
    **dict.fromkeys(("Gt", "Lt", "gt", "lt"), "less"),
    **dict.fromkeys(("GtE", "LtE", "ge", "le"), "less_equal"),
    "Sub": "sub",
    "Pow": "pow",
    "USub": "neg",
    "view": "reshape",
}
UNSAID = "append"  # of a loop that a comprehension may be
Part = ast.AST | str


class Bare(str):
    """A name that is called as it is, with no module or object before it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """What is computed, and on which lines of its cell, from 1."""

    name: str
    first: int
    last: int


def tree_of(text: str) -> ast.Module:
    """The syntax of a cell, without lines that are no Python."""
    lines = text.split("\n") if len(text) <= MAX_CELL else []
    for _ in range(MOST_WRONG):
        tree = parsed("\n".join(lines))
        at = 0 if tree else _wrong_line(lines)
        if tree or not 0 < at <= len(lines):
            return tree or ast.Module([], [])
        line = lines[at - 1]
        lines[at - 1] = f"{line[: len(line) - len(line.lstrip())]}pass"
    return ast.Module([], [])


def _wrong_line(lines: list[str]) -> int:
    try:
        ast.parse("\n".join(lines))
    except SyntaxError as error:
        return error.lineno or 0
    except NOT_PYTHON:
        pass
    return 0


def own_names(tree: ast.AST) -> set[str]:
    """The functions, classes and attributes that code defines."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name) | ast.Attribute(ctx=ast.Store(), attr=name):
                found.add(name)
    return found


def operations(
    tree: ast.AST, own: Collection[str], known: Collection[str] = ()
) -> Iterator[Operation]:
    """The operations of code in which `own` are names that its student chose.

    What is called by a bare name is a student's own, too, unless the name is among the `known`.
    """
    moved = read_once(tree)
    todo: list[tuple[Part, ast.AST]] = [(tree, tree)]
    while todo:
        part, of = todo.pop()
        if isinstance(part, str):
            first = getattr(of, "lineno", 1)
            is_own = part in own or (isinstance(part, Bare) and part not in known)
            yield Operation(OWN if is_own else str(part), first, _last(of, first))
        else:
            inner = moved[part] if part in moved else _parts(part)
            todo += ((each, part) for each in reversed(list(inner)))


def _last(node: ast.AST, first: int) -> int:
    """The last line of an expression; a statement that holds others is its first line."""
    if isinstance(node, ast.expr):
        return node.end_lineno or first
    return first


def _parts(node: ast.AST) -> Sequence[Part]:
    """What a node computes: parts that compute, and names of what it does itself, in order."""
    match node:
        case ast.Constant(value=value):
            return [_constant(value)]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            return [f"-{_constant(value)}"]
        case ast.Call(func=called, args=arguments, keywords=keywords):
            return _call(called, [*arguments, *(each.value for each in keywords)])
        case ast.BinOp(left=left, op=op, right=right):
            return [left, right, _name(op)]
        case ast.UnaryOp(op=op, operand=operand):
            return [operand, _name(op)]
        case ast.BoolOp(op=op, values=values):
            return [*values, _name(op)]
        case ast.Compare(left=left, ops=ops, comparators=others):
            return [left, *others, *map(_name, ops)]
        case ast.Attribute(value=value, attr=name):
            return [value, SYNONYMS.get(name, name)]
        case ast.Subscript(value=value, slice=at):
            return [value, at, ITEM]
    return () if computes_nothing(node) else _statement(node)


def _statement(node: ast.AST) -> Sequence[Part]:
    """Parts of statements, and of expressions that are loops, conditions or definitions as well."""
    match node:
        case ast.Assign(targets=targets, value=value):
            return [value, *targets]
        case ast.AnnAssign(target=target, value=value):
            return [value, target] if value else []
        case ast.AugAssign(target=target, op=op, value=value):
            return [target, value, _name(op)]
        case ast.For(iter=over, body=body) | ast.AsyncFor(iter=over, body=body):
            return [over, LOOP, *body, *node.orelse]
        case ast.While(test=test, body=body):
            return [test, LOOP, *body, *node.orelse]
        case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.GeneratorExp(elt=element):
            return [*_loops(node.generators), element]
        case ast.DictComp(generators=generators, key=key, value=value):
            return [*_loops(generators), key, value]
        case ast.If(test=test, body=body, orelse=other):
            return [test, BRANCH, *body, *other]
        case ast.IfExp(test=test, body=one, orelse=another):
            return [test, BRANCH, one, another]
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [*node.args.defaults, DEFINITION, *node.body]
        case ast.Lambda(args=arguments, body=result):
            return [*arguments.defaults, DEFINITION, result]
    return list(ast.iter_child_nodes(node))


def _call(called: ast.expr, arguments: list[ast.expr]) -> list[Part]:
    """`f(x)` is x, f; and `x.f()` is the same."""
    match called:
        case ast.Name(id=name):
            return [*arguments, Bare(SYNONYMS.get(name, name))]
        case ast.Attribute(value=value, attr=name):
            parts: list[Part] = [value, *arguments]
        case _:
            parts, name = [called, *arguments], OWN
    return parts if name == UNSAID else [*parts, SYNONYMS.get(name, name)]


def _loops(generators: list[ast.comprehension]) -> Iterator[Part]:
    for each in generators:
        yield each.iter
        yield LOOP
        for test in each.ifs:
            yield test
            yield BRANCH


def _constant(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return LARGE  # Python refuses to write it out
    return TEXT if isinstance(value, str | bytes) else repr(value)


def _name(op: ast.AST) -> str:
    return SYNONYMS.get(type(op).__name__, type(op).__name__)
