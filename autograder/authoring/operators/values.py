"""Operators on values: numbers, signs, masks, and what is left out, exchanged or put on."""

import ast
from collections.abc import Iterator

from autograder.authoring.operators.syntax import name_of, parsed, receiver, with_argument

ROOTS = ("sqrt", "rsqrt")
LARGE = 50  # a negative constant from here on stands for minus infinity
CONSTANTS = ("-100.0", "-1e4", "-1e9", "-1e20", "-3.4028234663852886e38", "-float('inf')")


def numbers(node: ast.expr) -> Iterator[ast.expr]:
    """Another number of those that are often meant."""
    match node:
        case ast.Constant(value=bool()):
            return
        case ast.Constant(value=int() | float() as value):
            for other in (0, 1, -1, 2, 2 * value, value / 2 if isinstance(value, float) else 3):
                yield ast.Constant(other)


def constants(node: ast.expr) -> Iterator[ast.expr]:
    """Another constant where one stands for minus infinity."""
    if stands_for_infinity(node):
        yield from map(parsed, CONSTANTS)


def stands_for_infinity(node: ast.expr) -> bool:
    """Whether an expression is a very large negative number."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return value >= LARGE
        case ast.UnaryOp(op=ast.USub(), operand=ast.Attribute(attr="inf")):
            return True
        case ast.UnaryOp(op=ast.USub(), operand=ast.Call(func=ast.Name("float"))):
            return True
        case ast.Call(func=ast.Name("float"), args=[ast.Constant(str() as text)]):
            return text.startswith("-")
        case ast.Attribute(value=ast.Call(func=ast.Attribute(attr="finfo")), attr="min"):
            return True
    return False


def left_out(node: ast.expr) -> Iterator[ast.expr]:
    """What a call is called on, or one side of an operation."""
    match node:
        case ast.Call():
            tensor = receiver(node)
            if tensor is not None:
                yield tensor
            if (
                isinstance(node.func, ast.Attribute)
                and node.args
                and name_of(node.func.value) == "self"
            ):
                yield from node.args[:1]
            if isinstance(node.func, ast.Name) and node.args:
                yield node.args[0]
        case ast.BinOp(left=left, right=right):
            yield from (left, right)
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Attribute(attr="T" | "mT", value=value):
            yield value


def exchanged(node: ast.expr) -> Iterator[ast.expr]:
    """The two sides of an operation, exchanged."""
    match node:
        case ast.BinOp(
            left=left, op=ast.Sub() | ast.Div() | ast.MatMult() | ast.Pow() as op, right=right
        ):
            yield ast.BinOp(right, op, left)


def roots(node: ast.expr) -> Iterator[ast.expr]:
    """The small number that is added for a root's sake: outside of it, or inside."""
    match node:
        case ast.Call() if name_of(node.func) in ROOTS and isinstance(receiver(node), ast.BinOp):
            inner = receiver(node)
            if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
                a, e = ast.unparse(inner.left), ast.unparse(inner.right)
                outside = f"(({a}) ** 0.5 + {e})"
                yield parsed(outside if name_of(node.func) == "sqrt" else f"1 / {outside}")
        case ast.BinOp(left=ast.BinOp(left=a, op=ast.Add(), right=e), op=ast.Pow(), right=power):
            sign = "-" if ast.unparse(power).startswith("-") else ""
            yield parsed(f"(({ast.unparse(a)}) ** 0.5 + {ast.unparse(e)}) ** {sign}1")
        case ast.BinOp(left=ast.Call() as root, op=ast.Add(), right=e) if name_of(root.func) in (
            *ROOTS,
            "std",
        ):
            square = root if name_of(root.func) == "std" else receiver(root)
            if square is not None:
                yield parsed(f"({ast.unparse(square)} + {ast.unparse(e)}) ** 0.5")


def other_value(node: ast.expr) -> Iterator[ast.expr]:
    """Twice the value of an expression, or one more."""
    yield from _done(node, "2 * ({})", "({}) + 1")


def changed_value(node: ast.expr) -> Iterator[ast.expr]:
    """The value of an expression with something done to it."""
    yield from _done(node, "-({})", "2 * ({})", "({}) / 2", "({}) + 1", "({}).detach()")


def changed_result(node: ast.expr) -> Iterator[ast.expr]:
    """The same, where it is assigned or returned, with what is done to results besides."""
    yield from changed_value(node)
    yield from _done(node, "1 - ({})", "int({})", "({}).float()", "({}).double()", "({}).round()")
    yield from _done(node, "({}).squeeze()", "({}).flip(-1)", "({}).flip(0)", "({}).abs()")
    yield from _done(node, "({}).softmax(-1)", "({}) ** 0.5")


def _done(node: ast.expr, *changes: str) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp | ast.Call | ast.Name | ast.Subscript | ast.Attribute):
        text = ast.unparse(node)
        yield from (parsed(change.format(text)) for change in changes)


def inverted(node: ast.expr) -> Iterator[ast.expr]:
    """A mask or a condition the other way round."""
    match node:
        case ast.Compare():
            yield parsed(f"~({ast.unparse(node)})")
        case ast.Call(
            func=ast.Attribute(attr="masked_fill" | "masked_fill_" | "where"), args=[mask, *_]
        ):
            yield with_argument(node, 0, parsed(f"~({ast.unparse(mask)})"))
