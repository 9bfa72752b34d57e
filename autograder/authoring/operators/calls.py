"""Operators on calls: other axes, other functions, numbers read in another order."""

import ast
import copy
from collections.abc import Iterator

from autograder.authoring.operators.syntax import name_of, parsed, receiver, with_argument

AXES = (0, 1, 2, -1, -2, -3)
OTHER_AXES = (*map(str, AXES), "(-2, -1)")
OF_AXES = frozenset(
    """
    all amax amin any argmax argmin cat chunk concatenate cumprod cumsum flatten flip gather
    index_select log_softmax logsumexp max mean min norm normalize permute prod repeat_interleave
    roll select size softmax sort split squeeze stack std sum swapaxes topk transpose unbind
    unsqueeze var
    """.split()  # noqa: SIM905
)
REDUCING = {"sum", "mean", "std", "var", "norm", "amax", "amin", "prod", "logsumexp"}
ELEMENTWISE = {"sigmoid", "tanh", "relu"}
TRANSPOSING = {"transpose", "swapaxes", "permute", "movedim", "t"}
SIBLINGS = [
    group.split()
    for group in (
        "sum mean prod",
        "amax amin mean",
        "softmax log_softmax sigmoid",
        "tanh relu sigmoid",
        "relu gelu silu",
        "sin cos",
        "exp log log2 log1p",
        "log10 log",
        "max min",
        "argmax argmin",
        "maximum minimum",
        "tril triu",
        "zeros ones",
        "zeros_like ones_like",
        "std var",
        "cat stack",
        "sqrt rsqrt square",
        "ceil floor round",
        "cumsum cumprod",
        "any all",
        "items keys values",
        "Tanh ReLU Sigmoid GELU SiLU Identity",
        "LayerNorm Identity",
        "Dropout Identity",
    )
]
OPTIONS: dict[str, dict[str, tuple[int, ...]]] = {
    "tril": {"diagonal": (1, -1)},
    "triu": {"diagonal": (1, -1)},
    "std": {"unbiased": (True, False)},
    "var": {"unbiased": (True, False)},
}


def axes(node: ast.expr) -> Iterator[ast.expr]:
    """Every other axis, a pair of axes, and none."""
    if not isinstance(node, ast.Call) or name_of(node.func) not in OF_AXES:
        return
    for place, argument in enumerate(node.args):
        if _is_axis(argument):
            for axis in AXES:
                yield with_argument(node, place, ast.Constant(axis))
    for place, keyword in enumerate(node.keywords):
        if keyword.arg in ("dim", "axis"):
            for value in map(parsed, OTHER_AXES):
                changed = copy.deepcopy(node)
                changed.keywords[place].value = value
                yield changed
    if name_of(node.func) in REDUCING:
        yield from _over_other_axes(node)


def _over_other_axes(node: ast.Call) -> Iterator[ast.expr]:
    tensor = receiver(node)
    if tensor is None:
        return
    name, value = name_of(node.func), ast.unparse(tensor)
    yield parsed(f"({value}).{name}()")
    for axes in ("-1", "0", "(-2, -1)"):
        yield parsed(f"({value}).{name}({axes}, keepdim=True)")


def axes_named_alike(tree: ast.AST) -> Iterator[list[ast.expr]]:
    """Where calls work along the same axis, and that axis is named: in two places or more."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in REDUCING:
            for axis in (*node.args, *(k.value for k in node.keywords if k.arg in ("dim", "axis"))):
                if _is_axis(axis):
                    found.setdefault(ast.unparse(axis), []).append(axis)
    yield from (places for places in found.values() if len(places) > 1)


def siblings(node: ast.expr) -> Iterator[ast.expr]:
    """A function of the same kind, or the same one with another option."""
    if isinstance(node, ast.Call):
        name = name_of(node.func)
        others = dict.fromkeys(o for group in SIBLINGS if name in group for o in group if o != name)
        yield from (_renamed(node, other) for other in others)
        yield from _with_options(node, name)


def _renamed(node: ast.Call, name: str) -> ast.Call:
    changed = copy.deepcopy(node)
    match changed.func:
        case ast.Name():
            changed.func.id = name
        case ast.Attribute():
            changed.func.attr = name
    if name in ELEMENTWISE:
        is_function = any(receiver(node) is argument for argument in node.args)
        changed.args, changed.keywords = changed.args[:1] if is_function else [], []
    return changed


def _with_options(node: ast.Call, name: str) -> Iterator[ast.expr]:
    """Another diagonal, or a variance divided by another number."""
    options = OPTIONS.get(name, {})
    kept = [keyword for keyword in node.keywords if keyword.arg not in options]
    for option, values in options.items():
        for value in values:
            keyword = ast.keyword(option, ast.Constant(value))
            yield ast.Call(node.func, node.args, [*kept, keyword])


def viewed(node: ast.expr) -> Iterator[ast.expr]:
    """Numbers read in another order, where axes are exchanged; tiles, where they are repeated."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name, value=value)) if name in TRANSPOSING:
            yield parsed(f"({ast.unparse(value)}).reshape(({ast.unparse(node)}).shape)")
        case ast.Attribute(attr="T" | "mT", value=value):
            yield parsed(f"({ast.unparse(value)}).reshape(({ast.unparse(node)}).shape)")
        case ast.Call(func=ast.Attribute(attr="repeat_interleave", value=value)) if node.args:
            copies, axis = ast.unparse(node.args[0]), ast.unparse(_axis_of(node))
            yield parsed(f"torch.cat([{ast.unparse(value)}] * ({copies}), {axis})")
        case ast.Call(func=ast.Attribute(attr="repeat", value=value), args=counts):
            for place, count in enumerate(counts):
                if not (isinstance(count, ast.Constant) and count.value == 1):
                    arguments = f"{ast.unparse(count)}, {place - len(counts)}"
                    yield parsed(f"({ast.unparse(value)}).repeat_interleave({arguments})")


def _axis_of(node: ast.Call) -> ast.expr:
    """The axis that a call names second, or by name."""
    named = [keyword.value for keyword in node.keywords if keyword.arg == "dim"]
    return (named or node.args[1:] or [ast.Constant(0)])[0]


def _is_axis(node: ast.expr) -> bool:
    text = ast.unparse(node).removeprefix("-")
    return text.isdigit() and int(text) < 5
