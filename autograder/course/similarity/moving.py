"""Values that are read once: computed where they are read, as if they had no name."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

SILENT = ast.Import | ast.ImportFrom | ast.Assert | ast.Pass | ast.Global | ast.Nonlocal
LOOKS = ("print", "display")
Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Moved: TypeAlias = dict[ast.AST, list[ast.expr]]


def computes_nothing(node: ast.AST) -> bool:
    """Whether a statement is there for people alone: a docstring, an import, something printed."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name in LOOKS
    return isinstance(node, SILENT)


def read_once(tree: ast.AST) -> Moved:
    """By the name that reads it, a value; by its assignment, nothing is left.

    Whatever is moved stands before the name that reads it, so that none of it is moved into itself.
    """
    moved: Moved = {}
    for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, Scope))]:
        moved |= _of_scope(scope)
    return moved


def _of_scope(scope: ast.AST) -> Moved:
    moved: Moved = {}
    written: defaultdict[str, int] = defaultdict(int)
    read: defaultdict[str, list[ast.Name]] = defaultdict(list)
    assigned = []
    for node in _nodes(scope):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                assigned.append((name, node, value))
            case ast.Name(id=name, ctx=ast.Load()):
                read[name].append(node)
            case ast.Name(id=name):
                written[name] += 1
    for name, node, value in assigned:
        if written[name] == 1 and len(read[name]) == 1 and _is_before(node, read[name][0]):
            moved |= {node: [], read[name][0]: [value]}
    return moved


def _nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of functions and classes in it."""
    todo = list(ast.iter_child_nodes(scope))
    while todo:
        node = todo.pop()
        if computes_nothing(node):
            continue
        yield node
        if not isinstance(node, Scope):
            todo += ast.iter_child_nodes(node)


def _is_before(node: ast.stmt, name: ast.Name) -> bool:
    end = node.end_lineno or node.lineno, node.end_col_offset or 0
    return end <= (name.lineno, name.col_offset)
