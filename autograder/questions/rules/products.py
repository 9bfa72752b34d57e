"""Matrix products, layers and sums, in other words."""

import ast

from autograder.questions.rules.words import Found, U, are_numeric, operand, written
from autograder.questions.sights import Facts

SCALE = "A factor may be applied to either side of a matrix product as well as to the product."
TRANSPOSED = "The transpose of a product is the product of the transposes, in the other order."
LINEAR = "This is what nn.Linear computes: x Wᵀ + b."
DISTRIBUTED = "Multiplication distributes over addition."
COMMUTES = "{} does not depend on the order of its two sides."


def product(node: ast.expr) -> tuple[ast.expr, ast.expr, str] | None:
    """The two sides of a matrix product, and how it is written."""
    match node:
        case ast.BinOp(left, ast.MatMult(), right):
            return left, right, "({}) @ ({})"
        case ast.Call(ast.Attribute(ast.Name("torch"), "bmm" | "matmul" as name), [left, right]):
            return left, right, f"torch.{name}({{}}, {{}})"
    return None


def scale_moved(node: ast.expr, facts: Facts) -> Found:
    """A factor of a matrix product, applied to one of its sides."""
    match node:
        case ast.BinOp(left, ast.Div() | ast.Mult() as op, c) if facts.is_number(c):
            if sides := product(left):
                a, b, form = sides
                sign = "/" if isinstance(op, ast.Div) else "*"
                yield from written(form.format(f"({U(a)}) {sign} {operand(c)}", U(b)), SCALE, 3)
                yield from written(form.format(U(a), f"({U(b)}) {sign} {operand(c)}"), SCALE, 3)


def product_transposed(node: ast.expr, facts: Facts) -> Found:
    """A matrix product as the transpose of another."""
    if (sides := product(node)) and all((facts.rank(s) or 0) > 1 for s in sides[:2]):
        a, b, form = sides
        both = form.format(transposed(b), transposed(a))
        yield from written(f"({both}).mT", TRANSPOSED, 3)
    if sides and "bmm" in sides[2]:
        yield from written(f"({U(sides[0])}) @ ({U(sides[1])})", "`bmm` is `@` for three axes.", 1)


def transposed(node: ast.expr) -> str:
    """The transpose of a matrix product's side; of a transpose, what it is one of."""
    match node:
        case ast.Attribute(x, "T" | "mT"):
            return U(x)
        case ast.Call(ast.Attribute(x, "transpose"), [a, b], []) if {U(a), U(b)} == {"-1", "-2"}:
            return U(x)
    return f"({U(node)}).mT"


def linear_written_out(node: ast.expr, facts: Facts) -> Found:
    """A layer as a matrix product."""
    match node:
        case ast.Call(layer, [x], []) if facts.is_layer(layer, "Linear True"):
            yield from written(f"({U(x)}) @ {U(layer)}.weight.T + {U(layer)}.bias", LINEAR, 3)
        case ast.Call(layer, [x], []) if facts.is_layer(layer, "Linear False"):
            yield from written(f"({U(x)}) @ {U(layer)}.weight.T", LINEAR, 3)


def distributed(node: ast.expr, facts: Facts) -> Found:
    """A factor of a sum, applied to its terms."""
    match node:
        case ast.BinOp(c, ast.Mult(), ast.BinOp(a, ast.Add() | ast.Sub() as op, b)) | ast.BinOp(
            ast.BinOp(a, ast.Add() | ast.Sub() as op, b), ast.Mult(), c
        ):
            sign = "+" if isinstance(op, ast.Add) else "-"
            if are_numeric(facts, a, b, c):
                yield from written(
                    f"({U(a)}) * ({U(c)}) {sign} ({U(b)}) * ({U(c)})", DISTRIBUTED, 2
                )


def commuted(node: ast.expr, facts: Facts) -> Found:
    """The sides of what commutes, exchanged."""
    match node:
        case ast.BinOp(a, ast.Add(), b) if are_numeric(facts, a, b):
            yield from written(f"({U(b)}) + ({U(a)})", COMMUTES.format("A sum"), 1)
        case ast.BinOp(a, ast.Mult(), b) if are_numeric(facts, a, b):
            yield from written(f"({U(b)}) * ({U(a)})", COMMUTES.format("A product of numbers"), 1)
        case ast.BinOp(a, ast.Sub(), b) if are_numeric(facts, a, b):
            yield from written(f"-({U(b)}) + ({U(a)})", "To subtract is to add the negative.", 1)
        case ast.Compare(a, [ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE() as op], [b]):
            turned = {ast.Lt: ">", ast.LtE: ">=", ast.Gt: "<", ast.GtE: "<="}[type(op)]
            yield from written(
                f"({U(b)}) {turned} ({U(a)})", "The comparison is read from the right.", 2
            )
