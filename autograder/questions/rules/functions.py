"""Softmax, means, roots and the like, in other words."""

import ast

from autograder.authoring.operators.syntax import name_of, parsed, receiver
from autograder.questions.rules.words import Found, U, are_numeric, operand, written
from autograder.questions.sights import Facts

SHIFT = "Adding the same number to all scores cancels in a softmax: e^(s + c) = e^c · e^s."
MEAN = "A mean is a sum divided by the number of terms."
SIGMOID = "The sigmoid of x is 1 / (1 + e^(−x))."
TANH = "tanh x = 2 σ(2x) − 1."


def softmax_shifted(node: ast.expr, facts: Facts) -> Found:
    """A constant that is added to all scores."""
    match node:
        case ast.Call() if (scores := scores_of(node, facts)) is not None:
            yield with_scores(node, scores, f"{U(scores)} + 1"), SHIFT, 3
            yield with_scores(node, scores, f"{U(scores)} - 3"), SHIFT, 3


def scores_of(node: ast.Call, facts: Facts) -> ast.expr | None:
    """What a softmax is taken of."""
    if name_of(node.func) in ("softmax", "log_softmax"):
        found = receiver(node)
        if found is not None:
            return found
    has_layer = facts.is_layer(node.func, "Softmax False")
    return node.args[0] if has_layer and len(node.args) == 1 else None


def with_scores(node: ast.Call, scores: ast.expr, text: str) -> ast.expr:
    """A softmax of something else."""
    if isinstance(node.func, ast.Attribute) and node.func.value is scores:
        return ast.Call(
            ast.Attribute(parsed(f"({text})"), node.func.attr), node.args, node.keywords
        )
    rest = [parsed(text) if each is scores else each for each in node.args]
    return ast.Call(node.func, rest, node.keywords)


def mean_as_sum(node: ast.expr, facts: Facts) -> Found:
    """A mean over one axis as a sum."""
    match node:
        case ast.Call(ast.Attribute(x, "mean"), args, keywords) if facts.is_tensor(x):
            axis = next(
                (U(k.value) for k in keywords if k.arg == "dim"), U(args[0]) if args else ""
            )
            if axis.lstrip("-").isdigit():
                total = ast.Call(ast.Attribute(x, "sum"), args, keywords)
                yield from written(f"{U(total)} / {operand(x)}.shape[{axis}]", MEAN, 3)


def root_written_out(node: ast.expr, facts: Facts) -> Found:
    """Roots, squares and lengths in other words."""
    match node:
        case ast.Call(ast.Attribute(ast.Name("math"), "sqrt"), [c]):
            yield from written(f"({U(c)}) ** 0.5", "A square root is a power of ½.", 1)
        case ast.Call(ast.Attribute(x, "sqrt"), []) if facts.is_tensor(x):
            yield from written(f"({U(x)}) ** 0.5", "A square root is a power of ½.", 1)
        case ast.Call(ast.Attribute(x, "square"), []) if facts.is_tensor(x):
            yield from written(f"({U(x)}) ** 2", "A square is a second power.", 1)
        case ast.Call(ast.Attribute(ast.Name("torch"), "rsqrt"), [x]):
            yield from written(
                f"1 / ({U(x)}) ** 0.5", "`rsqrt` is 1 divided by the square root.", 2
            )
        case ast.BinOp(x, ast.Pow(), ast.Constant(2)) if are_numeric(facts, x):
            yield from written(f"({U(x)}) * ({U(x)})", "A square is a product with itself.", 1)
        case ast.BinOp(x, ast.Div(), c) if facts.is_number(c) and are_numeric(facts, x):
            yield from written(
                f"({U(x)}) * (1 / {operand(c)})", "To divide is to multiply by the inverse.", 1
            )
        case ast.Call(ast.Attribute(x, "norm"), [] as args, keywords) if facts.is_tensor(x):
            summed = ast.Call(ast.Attribute(parsed(f"({U(x)}).square()"), "sum"), args, keywords)
            yield from written(
                f"{U(summed)}.sqrt()", "A norm is the root of the sum of squares.", 2
            )


def function_written_out(node: ast.expr, facts: Facts) -> Found:
    """A sigmoid, a tanh or a SiLU in other words."""
    if not isinstance(node, ast.Call) or len(node.args) > 1 or node.keywords:
        return
    x = receiver(node)
    if x is None or not facts.is_tensor(x):
        return
    match name_of(node.func):
        case "sigmoid":
            yield from written(f"1 / (1 + torch.exp(-({U(x)})))", SIGMOID, 3)
        case "tanh":
            yield from written(f"2 * torch.sigmoid(2 * ({U(x)})) - 1", TANH, 3)
        case "silu":
            yield from written(f"({U(x)}) * torch.sigmoid({U(x)})", "SiLU is x · σ(x).", 3)
