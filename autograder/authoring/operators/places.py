"""Operators on places: bounds of slices and loops, and names that are taken for one another."""

import ast
import copy
from collections.abc import Iterator

from autograder.authoring.operators.syntax import parsed


def bounds(node: ast.expr) -> Iterator[ast.expr]:
    """A slice or an index, moved by one."""
    match node:
        case ast.Subscript(slice=ast.Tuple(elts=parts)):
            for place, part in enumerate(parts):
                for moved in _moved(part):
                    changed = copy.deepcopy(node)
                    changed.slice.elts[place] = moved  # type: ignore[attr-defined]
                    yield changed
        case ast.Subscript(slice=part):
            for moved in _moved(part):
                yield ast.Subscript(node.value, moved, node.ctx)
        case ast.Call(func=ast.Name("range"), args=[*before, end]):
            for text in ("({}) - 1", "({}) + 1"):
                yield ast.Call(node.func, [*before, parsed(text.format(ast.unparse(end)))], [])
            if not before:
                yield ast.Call(node.func, [ast.Constant(1), end], [])
            yield parsed(f"reversed({ast.unparse(node)})")


def _moved(part: ast.expr) -> Iterator[ast.expr]:
    match part:
        case ast.Slice(lower=lower, upper=upper, step=step):
            yield ast.Slice(_plus(lower, 1) if lower else ast.Constant(1), upper, step)
            yield ast.Slice(lower, _plus(upper, -1) if upper else ast.Constant(-1), step)
            if lower:
                yield from (ast.Slice(None, upper, step), ast.Slice(_plus(lower, -1), upper, step))
            if upper:
                yield from (ast.Slice(lower, None, step), ast.Slice(lower, _plus(upper, 1), step))
            if step:
                yield ast.Slice(lower, upper, None)
        case ast.Constant(value=int()) | ast.Name() | ast.BinOp():
            yield from (_plus(part, 1), _plus(part, -1))


def _plus(node: ast.expr, step: int) -> ast.expr:
    return ast.BinOp(node, ast.Add(), ast.Constant(step))


def repeated(iterable: ast.expr) -> Iterator[ast.expr]:
    """A loop that leaves out its first or last time, or all others."""
    text = ast.unparse(iterable)
    for part in ("[:-1]", "[1:]", "[:1]", "[-1:]", "[::-1]"):
        yield parsed(f"list({text}){part}")


def other_names(node: ast.expr, tree: ast.AST) -> Iterator[ast.expr]:
    """Another parameter of the function, or another name for what is made alike."""
    for group in _names_alike(tree):
        if ast.unparse(node) in group:
            yield from (parsed(name) for name in group if name != ast.unparse(node))


def _names_alike(tree: ast.AST) -> Iterator[list[str]]:
    """Names that may be taken for one another."""
    made: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(args=ast.arguments(args=arguments)):
                yield [argument.arg for argument in arguments if argument.arg != "self"]
            case ast.Assign(targets=[target], value=ast.Call(func=maker)):
                made.setdefault(ast.unparse(maker), []).append(ast.unparse(target))
            case ast.Assign(targets=[ast.Tuple(elts=targets)]):
                yield [*map(ast.unparse, targets)]
    yield from made.values()
