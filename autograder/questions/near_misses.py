"""Errors that look like changes which keep all results; that they do not is proved by running.

Each comes with what is wrong about it. They make it hard to tell a right option by its looks.
"""

import ast
from collections.abc import Iterator

from autograder.authoring.operators.syntax import name_of, receiver
from autograder.questions.rules.functions import scores_of, with_scores
from autograder.questions.rules.products import product, transposed
from autograder.questions.rules.words import Found, U, are_numeric, operand, written
from autograder.questions.sights import Facts

FACTOR = "A factor, unlike a number that is added to all, does not cancel in a softmax."
AFTER = "It is added after the softmax, where nothing cancels it."
NOT_TRANSPOSED = "This is x W and not x Wᵀ."
WRONG_SIDE = "This is Wᵀ x, with the two sides exchanged."
TWICE = "Both sides get the factor, and the product has it twice."
WRONG_ORDER = "The transposes stand in the order of the product."
HALF = "Only one of the two terms gets the factor."
OTHER_LENGTH = "It is divided by the length of another axis."
INVERTED = "The mask is inverted, and the values are not exchanged."
EXCHANGED = "The values are exchanged, and the mask is not inverted."
LOST = "The axis is lost, and the shapes no longer fit as they did."
OTHER_AXIS = "The new axis stands in another place."
SIGN = "The sign of the exponent is wrong."
OTHER_POWER = "This is another power."


def near_misses(node: ast.expr, facts: Facts) -> Found:
    """What looks like an equivalent change of an expression, and is none."""
    for text, why in (
        *_of_products(node, facts),
        *_of_functions(node, facts),
        *_of_masks(node, facts),
    ):
        yield from written(text, why, 0)
    if isinstance(node, ast.Call) and (scores := scores_of(node, facts)) is not None:
        yield with_scores(node, scores, f"2 * ({U(scores)})"), FACTOR, 0
        yield from written(f"{U(node)} + 1", AFTER, 0)


def _of_products(node: ast.expr, facts: Facts) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Call(layer, [x], []) if facts.is_layer(layer, "Linear True"):
            yield f"({U(x)}) @ {U(layer)}.weight + {U(layer)}.bias", NOT_TRANSPOSED
            yield f"{U(layer)}.weight.T @ ({U(x)}) + {U(layer)}.bias", WRONG_SIDE
        case ast.Call(layer, [x], []) if facts.is_layer(layer, "Linear False"):
            yield f"({U(x)}) @ {U(layer)}.weight", NOT_TRANSPOSED
        case ast.BinOp(left, ast.Div() | ast.Mult() as op, c) if product(left):
            if facts.is_number(c):
                a, b, form = product(left) or (left, left, "")
                sign = "/" if isinstance(op, ast.Div) else "*"
                parts = (f"({U(each)}) {sign} {operand(c)}" for each in (a, b))
                yield form.format(*parts), TWICE
        case ast.BinOp(c, ast.Mult(), ast.BinOp(a, ast.Add() | ast.Sub() as op, b)) | ast.BinOp(
            ast.BinOp(a, ast.Add() | ast.Sub() as op, b), ast.Mult(), c
        ):
            if are_numeric(facts, a, b, c):
                sign = "+" if isinstance(op, ast.Add) else "-"
                yield f"({U(a)}) * ({U(c)}) {sign} ({U(b)})", HALF
                yield f"({U(a)}) {sign} ({U(b)}) * ({U(c)})", HALF
    sides = product(node)
    if sides and all((facts.rank(side) or 0) > 1 for side in sides[:2]):
        a, b, form = sides
        yield f"({form.format(transposed(a), transposed(b))}).mT", WRONG_ORDER
        yield form.format(transposed(b), transposed(a)), "The result is not transposed back."


def _of_functions(node: ast.expr, facts: Facts) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Call(ast.Attribute(x, "mean"), args, keywords) if facts.is_tensor(x):
            axis = next(
                (U(k.value) for k in keywords if k.arg == "dim"), U(args[0]) if args else ""
            )
            if axis.lstrip("-").isdigit():
                total = ast.Call(ast.Attribute(x, "sum"), args, keywords)
                yield f"{U(total)} / {operand(x)}.shape[{int(axis) - 1}]", OTHER_LENGTH
            if any(k.arg == "keepdim" for k in keywords):
                yield f"{operand(x)}.mean(dim={axis})[None]", OTHER_AXIS
                yield f"{operand(x)}.mean(dim={axis})", LOST
        case ast.Call(ast.Attribute(x, "sum"), [], keywords) if facts.is_tensor(x):
            if any(k.arg == "keepdim" for k in keywords):
                left = [k for k in keywords if k.arg != "keepdim"]
                yield U(ast.Call(node.func, [], left)), LOST
                yield f"{U(ast.Call(node.func, [], left))}[None]", OTHER_AXIS
        case ast.Call(ast.Attribute(x, "unsqueeze"), [ast.Constant(1)], []):
            yield f"{operand(x)}[None]", OTHER_AXIS
            yield f"{operand(x)}[..., None]", OTHER_AXIS
        case ast.Call(ast.Attribute(x, "square"), []) if facts.is_tensor(x):
            yield f"2 * ({U(x)})", "Twice a number is not its square."
        case ast.Call(ast.Attribute(ast.Name("math"), "sqrt"), [c]):
            yield f"({U(c)}) ** 2", OTHER_POWER
            yield f"({U(c)}) ** -0.5", OTHER_POWER
        case ast.Call() if (only := _only_input(node)) is not None and facts.is_tensor(only):
            yield from _of_squashing(name_of(node.func), U(only))


def _only_input(node: ast.Call) -> ast.expr | None:
    return receiver(node) if len(node.args) < 2 and not node.keywords else None


def _of_squashing(name: str, x: str) -> Iterator[tuple[str, str]]:
    match name:
        case "sigmoid":
            yield f"1 / (1 + torch.exp({x}))", SIGN
            yield f"torch.exp({x}) / (1 + torch.exp(-({x})))", SIGN
        case "tanh":
            yield f"2 * torch.sigmoid({x}) - 1", "The argument of the sigmoid is not doubled."
            yield f"torch.sigmoid(2 * ({x}))", "Its values are between 0 and 1."
        case "silu":
            yield f"torch.sigmoid({x})", "x itself is no longer a factor."
            yield f"({x}) * torch.tanh({x})", "tanh stands in the place of the sigmoid."


def _of_masks(node: ast.expr, facts: Facts) -> Iterator[tuple[str, str]]:
    if facts.dtypes(node) == {"bool"} and not isinstance(node, ast.Name):
        yield f"~({U(node)})", "The mask is inverted."
    match node:
        case ast.Call(ast.Attribute(x, "masked_fill"), [mask, value], []):
            yield f"torch.where({U(mask)}, {U(x)}, {U(value)})", EXCHANGED
        case ast.Call(ast.Attribute(ast.Name("torch"), "where"), [mask, a, b], []):
            if facts.dtypes(mask) == {"bool"}:
                yield f"torch.where(~({U(mask)}), {U(a)}, {U(b)})", INVERTED
                yield f"torch.where({U(mask)}, {U(b)}, {U(a)})", EXCHANGED
        case ast.BinOp(a, ast.Add(), b) if are_numeric(facts, a, b):
            yield f"({U(b)}) - ({U(a)})", "This is a difference."
        case ast.BinOp(a, ast.Sub(), b) if are_numeric(facts, a, b):
            yield f"-({U(a)}) + ({U(b)})", "The signs are exchanged."
