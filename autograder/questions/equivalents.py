"""Changes that keep all results, by what array code means; each is proved by running, too.

A rule takes an expression and yields what may stand there instead, why, and how much one must
understand to see it: 3 is most.
"""

import ast
from collections.abc import Callable, Iterator

from autograder.authoring.operators.calls import OF_AXES
from autograder.authoring.operators.syntax import name_of, parsed, receiver
from autograder.questions.sights import Facts

Found = Iterator[tuple[ast.expr, str, int]]
Rule = Callable[[ast.expr, Facts], Found]
U = ast.unparse

SHIFT = "Adding the same number to all scores cancels in a softmax: e^(s + c) = e^c · e^s."
SCALE = "A factor may be applied to either side of a matrix product as well as to the product."
TRANSPOSED = "The transpose of a product is the product of the transposes, in the other order."
LINEAR = "This is what nn.Linear computes: x Wᵀ + b."
DISTRIBUTED = "Multiplication distributes over addition."
MEAN = "A mean is a sum divided by the number of terms."
WHERE = "Both put the second value where the mask is true."
AXES = "The tensor has {} axes here, so that axis {} is axis {}."
SWAPPED = "Two axes are exchanged, in whatever order they are named."
COMMUTES = "{} does not depend on the order of its two sides."
SIGMOID = "The sigmoid of x is 1 / (1 + e^(−x))."
TANH = "tanh x = 2 σ(2x) − 1."
KEPT = "`keepdim=True` keeps the axis, with length 1; so does an index of None there."
NEW_AXIS = "An index of None makes a new axis of length 1, as `unsqueeze` does."


def written(text: str, why: str, rank: int) -> Found:
    """One change, as text."""
    yield parsed(text), why, rank


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


def operand(node: ast.expr) -> str:
    """An expression as an operand."""
    return (
        U(node)
        if isinstance(node, ast.Name | ast.Constant | ast.Call | ast.Attribute | ast.Subscript)
        else f"({U(node)})"
    )


def product_transposed(node: ast.expr, facts: Facts) -> Found:
    """A matrix product as the transpose of another."""
    if (sides := product(node)) and all((facts.rank(s) or 0) > 1 for s in sides[:2]):
        a, b, form = sides
        both = form.format(f"({U(b)}).mT", f"({U(a)}).mT")
        yield from written(f"({both}).mT", TRANSPOSED, 3)
    if sides and "bmm" in sides[2]:
        yield from written(f"({U(sides[0])}) @ ({U(sides[1])})", "`bmm` is `@` for three axes.", 1)


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


def mask_written_out(node: ast.expr, facts: Facts) -> Found:
    """Masks, filled, chosen by, and the other way round."""
    match node:
        case ast.Call(ast.Attribute(x, "masked_fill"), [mask, value], []):
            yield from written(f"torch.where({U(mask)}, {U(value)}, {U(x)})", WHERE, 2)
        case ast.Call(ast.Attribute(ast.Name("torch"), "where"), [mask, a, b], []):
            if facts.dtypes(mask) == {"bool"}:
                text = f"torch.where(~({U(mask)}), {U(b)}, {U(a)})"
                yield from written(
                    text, "The mask is inverted, and the two values are exchanged.", 2
                )
        case ast.Call(ast.Attribute(x, "triu"), args, keywords) if facts.dtypes(node) == {"bool"}:
            above = [*args, *(k.value for k in keywords)]
            if above and U(above[0]) == "1":
                text = f"~({U(x)}).tril()"
                yield from written(text, "What is above the diagonal is not on or below it.", 2)


def axes_counted_otherwise(node: ast.expr, facts: Facts) -> Found:
    """An axis counted from the other end, and pairs of axes."""
    match node:
        case ast.Call(ast.Attribute(x, "transpose"), [a, b], []) if rank := facts.rank(x):
            yield from written(f"{operand(x)}.transpose({U(b)}, {U(a)})", SWAPPED, 1)
            if {_axis(a, rank), _axis(b, rank)} == {rank - 1, rank - 2}:
                yield from written(f"{operand(x)}.mT", "`mT` exchanges the last two axes.", 2)
        case ast.Attribute(x, "mT") if facts.rank(x):
            yield from written(
                f"{operand(x)}.transpose(-2, -1)", "`mT` exchanges the last two axes.", 2
            )
        case ast.Attribute(x, "T") if facts.rank(x) == 2:
            yield from written(f"{operand(x)}.transpose(0, 1)", "`T` exchanges the two axes.", 2)
        case ast.Call() if name_of(node.func) in OF_AXES and name_of(node.func) != "transpose":
            yield from _other_axis(node, facts)


def _other_axis(node: ast.Call, facts: Facts) -> Found:
    tensor = receiver(node)
    rank = facts.rank(tensor) if tensor is not None else None
    if name_of(node.func) in ("cat", "concatenate", "stack"):
        rank = facts.rank(node)
    stated = [k for k in node.keywords if k.arg in ("dim", "axis")]
    for keyword in stated if rank else ():
        axis = _axis(keyword.value, rank)
        if axis is not None and rank is not None and rank > 1:
            written = int(U(keyword.value))
            other = axis - rank if written >= 0 else axis
            kept = [k for k in node.keywords if k is not keyword]
            new = ast.Call(
                node.func, node.args, [ast.keyword(keyword.arg, ast.Constant(other)), *kept]
            )
            yield new, AXES.format(rank, other, written), 2


def _axis(node: ast.expr, rank: int | None) -> int | None:
    text = U(node)
    return int(text) % rank if rank and text.removeprefix("-").isdigit() else None


def shape_written_out(node: ast.expr, facts: Facts) -> Found:
    """Shapes, new axes and kept ones."""
    match node:
        case ast.Call(ast.Attribute(x, "unsqueeze"), [ast.Constant(0)], []):
            yield from written(f"{operand(x)}[None]", NEW_AXIS, 1)
        case ast.Call(ast.Attribute(x, "unsqueeze"), [ast.Constant(1)], []):
            yield from written(f"{operand(x)}[:, None]", NEW_AXIS, 2)
        case ast.Call(ast.Attribute(x, "dim"), []):
            yield from written(f"len({U(x)}.shape)", "A shape has a number for each axis.", 1)
        case ast.Subscript(ast.Attribute(x, "shape"), ast.Constant(0)):
            yield from written(
                f"len({U(x)})", "The length of a tensor is that of its first axis.", 1
            )
        case ast.Call(ast.Name("len"), [x]) if facts.is_tensor(x):
            yield from written(
                f"{operand(x)}.shape[0]", "The length of a tensor is that of its first axis.", 1
            )
        case ast.Call(ast.Attribute(x, "sum" | "mean" as name), [], keywords) if _keeps(keywords):
            axis = next((U(k.value) for k in keywords if k.arg == "dim"), "")
            if axis == "-1":
                yield from written(f"{operand(x)}.{name}(dim=-1)[..., None]", KEPT, 2)
        case ast.Subscript(x, ast.Tuple([ast.Slice(None, None, None), ast.Slice(None, end, None)])):
            if end is not None and U(end) == "-1" and facts.is_tensor(x):
                text = f"{operand(x)}[:, :{operand(x)}.shape[1] - 1]"
                yield from written(text, "Counted from the end, −1 is the last position.", 2)


def _keeps(keywords: list[ast.keyword]) -> bool:
    return any(k.arg == "keepdim" and U(k.value) == "True" for k in keywords)


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


def are_numeric(facts: Facts, *nodes: ast.expr) -> bool:
    """Whether all are numbers or tensors."""
    return all(facts.is_number(node) or facts.is_tensor(node) for node in nodes)


RULES: tuple[Rule, ...] = (
    *(softmax_shifted, scale_moved, product_transposed, linear_written_out, distributed),
    *(mean_as_sum, root_written_out, function_written_out, mask_written_out),
    *(axes_counted_otherwise, shape_written_out, commuted),
)


def equivalents(node: ast.expr, facts: Facts) -> Found:
    """All that may stand in the place of an expression."""
    for rule in RULES:
        yield from rule(node, facts)
