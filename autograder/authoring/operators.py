"""What goes wrong in array code besides what cosmic-ray knows: operators on expressions.

Each takes an expression and yields what may stand there instead. What is no Python, or the same
code, is left out later.
"""

import ast
import copy
from collections.abc import Callable, Iterator

Operator = Callable[[ast.expr], Iterator[ast.expr]]

AXES = (0, 1, 2, -1, -2, -3)
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
        yield from map(_parsed, CONSTANTS)


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
            for value in (*map(ast.Constant, AXES), _parsed("(-2, -1)")):
                changed = copy.deepcopy(node)
                changed.keywords[place].value = value
                yield changed
    if name_of(node.func) in REDUCING:
        yield from _over_other_axes(node)


def _over_other_axes(node: ast.Call) -> Iterator[ast.expr]:
    receiver = _receiver(node)
    if receiver is None:
        return
    name, value = name_of(node.func), ast.unparse(receiver)
    yield _parsed(f"({value}).{name}()")
    for axes in ("-1", "0", "(-2, -1)"):
        yield _parsed(f"({value}).{name}({axes}, keepdim=True)")


def siblings(node: ast.expr) -> Iterator[ast.expr]:
    """A function of the same kind."""
    if not isinstance(node, ast.Call):
        return
    name = name_of(node.func)
    for group in SIBLINGS:
        for other in group if name in group else ():
            if other != name:
                changed = copy.deepcopy(node)
                _rename(changed.func, other)
                if other in ELEMENTWISE:
                    is_method = _receiver(node) is not node.args[:1]
                    changed.args, changed.keywords = ([] if is_method else changed.args[:1]), []
                yield changed
    if name in ("tril", "triu"):
        for diagonal in (1, -1):
            changed = copy.deepcopy(node)
            changed.keywords = [ast.keyword("diagonal", ast.Constant(diagonal))]
            yield changed
    if name in ("std", "var"):
        changed = copy.deepcopy(node)
        changed.keywords = [k for k in node.keywords if k.arg not in ("unbiased", "correction")]
        for correction in (0, 1) if len(changed.keywords) == len(node.keywords) else ():
            more = copy.deepcopy(changed)
            more.keywords.append(ast.keyword("correction", ast.Constant(correction)))
            yield more
        yield changed


def left_out(node: ast.expr) -> Iterator[ast.expr]:
    """What a call is called on, or one side of an operation."""
    match node:
        case ast.Call():
            receiver = _receiver(node)
            if receiver is not None:
                yield receiver
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


def viewed(node: ast.expr) -> Iterator[ast.expr]:
    """Numbers read in another order, where axes are exchanged; tiles, where they are repeated."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name, value=value)) if name in TRANSPOSING:
            yield _parsed(f"({ast.unparse(value)}).reshape(({ast.unparse(node)}).shape)")
        case ast.Attribute(attr="T" | "mT", value=value):
            yield _parsed(f"({ast.unparse(value)}).reshape(({ast.unparse(node)}).shape)")
        case ast.Call(func=ast.Attribute(attr="repeat_interleave", value=value)) if node.args:
            copies, axis = ast.unparse(node.args[0]), ast.unparse(_axis_of(node))
            yield _parsed(f"torch.cat([{ast.unparse(value)}] * ({copies}), {axis})")
        case ast.Call(func=ast.Attribute(attr="repeat", value=value), args=counts):
            for place, count in enumerate(counts):
                if not (isinstance(count, ast.Constant) and count.value == 1):
                    arguments = f"{ast.unparse(count)}, {place - len(counts)}"
                    yield _parsed(f"({ast.unparse(value)}).repeat_interleave({arguments})")


def roots(node: ast.expr) -> Iterator[ast.expr]:
    """The small number that is added for a root's sake: outside of it, or inside."""
    match node:
        case ast.Call() if name_of(node.func) in ROOTS and isinstance(_receiver(node), ast.BinOp):
            inner = _receiver(node)
            if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
                a, e = ast.unparse(inner.left), ast.unparse(inner.right)
                outside = f"(({a}) ** 0.5 + {e})"
                yield _parsed(outside if name_of(node.func) == "sqrt" else f"1 / {outside}")
        case ast.BinOp(left=ast.BinOp(left=a, op=ast.Add(), right=e), op=ast.Pow(), right=power):
            sign = "-" if ast.unparse(power).startswith("-") else ""
            yield _parsed(f"(({ast.unparse(a)}) ** 0.5 + {ast.unparse(e)}) ** {sign}1")
        case ast.BinOp(left=ast.Call() as root, op=ast.Add(), right=e) if name_of(root.func) in (
            *ROOTS,
            "std",
        ):
            square = root if name_of(root.func) == "std" else _receiver(root)
            if square is not None:
                yield _parsed(f"({ast.unparse(square)} + {ast.unparse(e)}) ** 0.5")


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
                yield ast.Call(node.func, [*before, _parsed(text.format(ast.unparse(end)))], [])
            if not before:
                yield ast.Call(node.func, [ast.Constant(1), end], [])
            yield _parsed(f"reversed({ast.unparse(node)})")


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
        yield from (_parsed(change.format(text)) for change in changes)


def inverted(node: ast.expr) -> Iterator[ast.expr]:
    """A mask or a condition the other way round."""
    match node:
        case ast.Compare():
            yield _parsed(f"~({ast.unparse(node)})")
        case ast.Call(
            func=ast.Attribute(attr="masked_fill" | "masked_fill_" | "where"), args=[mask, *_]
        ):
            yield with_argument(node, 0, _parsed(f"~({ast.unparse(mask)})"))


def repeated(iterable: ast.expr) -> Iterator[ast.expr]:
    """A loop that leaves out its first or last time, or all others."""
    text = ast.unparse(iterable)
    for part in ("[:-1]", "[1:]", "[:1]", "[-1:]", "[::-1]"):
        yield _parsed(f"list({text}){part}")


def other_names(node: ast.expr, tree: ast.AST) -> Iterator[ast.expr]:
    """Another parameter of the function, or another name for what is made alike."""
    for group in _names_alike(tree):
        if ast.unparse(node) in group:
            yield from (_parsed(name) for name in group if name != ast.unparse(node))


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


# Of answers that do the same, the first is told: what is left out, before all else.
EVERYWHERE: tuple[Operator, ...] = (
    *(left_out, exchanged, axes, siblings, constants, viewed, roots, bounds, inverted, numbers),
)


def name_of(node: ast.AST) -> str:
    """The last name of a function; empty where it has none."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def with_argument(node: ast.Call, place: int, value: ast.expr) -> ast.Call:
    """The call with another argument in one place."""
    changed = copy.deepcopy(node)
    changed.args[place] = value
    return changed


def _receiver(node: ast.Call) -> ast.expr | None:
    """The tensor that a call works on: of a method, or of a function of torch."""
    match node.func:
        case ast.Attribute(value=ast.Name("torch" | "F" | "nn" | "math" | "np" | "functional")):
            return node.args[0] if node.args else None
        case ast.Attribute(value=ast.Name("self")):
            return None
        case ast.Attribute(value=value):
            return value
    return None


def _axis_of(node: ast.Call) -> ast.expr:
    """The axis that a call names second, or by name."""
    named = [keyword.value for keyword in node.keywords if keyword.arg == "dim"]
    return (named or node.args[1:] or [ast.Constant(0)])[0]


def _is_axis(node: ast.expr) -> bool:
    text = ast.unparse(node).removeprefix("-")
    return text.isdigit() and int(text) < 5


def _rename(function: ast.expr, name: str) -> None:
    match function:
        case ast.Name():
            function.id = name
        case ast.Attribute():
            function.attr = name


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
