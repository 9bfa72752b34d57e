"""When two texts are the same code: in layout, in order that means nothing, in free constants."""

import ast

from autograder.assignment.free import Ranges, is_free, number_of

AXES = ("transpose", "swapaxes", "swapdims")  # of torch, which exchange the two axes they name
AXIS_FIRST = frozenset(  # methods whose first argument is called `dim`
    """
    all amax amin any argmax argmin cumprod cumsum log_softmax logsumexp max mean median min prod
    softmax squeeze std sum unsqueeze var
    """.split()  # noqa: SIM905
)
SYMMETRIC = ("cosine_similarity", "maximum", "minimum")  # in the first two arguments


def canonical(text: str, free: Ranges | None = None) -> str | None:
    """A text that all texts of the same code share; None where it is not Python.

    Of a constant in `free`, any value in its range is the same.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    return ast.unparse(_Canonical(free or {}).visit(tree))


class _Canonical(ast.NodeTransformer):
    """Brings what means the same into the same form; each method says why it does."""

    def __init__(self, free: Ranges) -> None:
        self.free = free

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Every value in the range of a free constant is right."""
        if is_free(node, self.free):
            node.value = ast.Constant(...)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Axes are exchanged in either order; the larger of two numbers stays the larger.

        An axis may be named or not. `strict` of `zip` guards against lists of unequal lengths,
        which no right answer has.
        """
        self.generic_visit(node)
        _place_axis(node)
        match node.func:
            case ast.Name(id="zip"):
                node.keywords = [each for each in node.keywords if each.arg != "strict"]
            case ast.Name(id="max" | "min"):
                node.args = _sorted(node.args)
            case ast.Attribute(attr=name) if name in SYMMETRIC:
                node.args[:2] = _sorted(node.args[:2])
            case ast.Attribute(attr=name) if name in AXES:
                node.args = _with_sorted_numbers(node.args)
        return node

    def visit_Set(self, node: ast.Set) -> ast.AST:
        """A set has no order."""
        self.generic_visit(node)
        node.elts = _sorted(node.elts)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """The remainder of a division by a positive number is never below 0."""
        self.generic_visit(node)
        match node:
            case ast.Compare(
                left=ast.BinOp(op=ast.Mod(), right=divisor),
                ops=[ast.LtE()],
                comparators=[ast.Constant(value=0)],
            ) if (number_of(divisor) or 0) > 0:
                node.ops = [ast.Eq()]
        return node


def _place_axis(node: ast.Call) -> None:
    """Write an axis that is named without its name, where it comes first."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr=name), args=[], keywords=[ast.keyword("dim", axis), *rest]
        ) if name in AXIS_FIRST:
            node.args, node.keywords = [axis], rest


def _sorted(nodes: list[ast.expr]) -> list[ast.expr]:
    return sorted(nodes, key=ast.unparse)


def _with_sorted_numbers(arguments: list[ast.expr]) -> list[ast.expr]:
    """As they are, or two numbers at the end in order: three are a permutation, as in numpy."""
    numbers = [argument for argument in arguments if number_of(argument) is not None]
    if arguments[-2:] == numbers:
        return [*arguments[:-2], *_sorted(numbers)]
    return arguments
