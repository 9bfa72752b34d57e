"""Axes, shapes and masks, in other words."""

import ast

from autograder.authoring.operators.calls import OF_AXES
from autograder.authoring.operators.syntax import name_of, receiver
from autograder.questions.rules.words import Found, U, operand, written
from autograder.questions.sights import Facts

WHERE = "Both put the second value where the mask is true."
AXES = "The tensor has {} axes here, so that axis {} is axis {}."
SWAPPED = "Two axes are exchanged, in whatever order they are named."
KEPT = "`keepdim=True` keeps the axis, with length 1; so does an index of None there."
NEW_AXIS = "An index of None makes a new axis of length 1, as `unsqueeze` does."


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
