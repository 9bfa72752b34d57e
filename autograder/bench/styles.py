"""One student's way of writing: a habit for each choice among equal forms, mostly kept."""

import ast
import random
from typing import cast

METHODS = (
    *("abs", "argmax", "argsort", "cumsum", "exp", "flip", "gather", "log", "mean", "relu"),
    *("sigmoid", "softmax", "sort", "sqrt", "sum", "tanh", "topk"),
)
MODULES = ("torch", "F", "math", "nn")
FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
}
HABITS = ("matmul", "method", "math", "unsqueeze", "transpose", "reshape", "flip", "swap", "bare")
FAITHFUL = 0.8  # how often a habit is kept
WORDS = (
    *("alpha", "beta", "acc", "aux", "block", "box", "chunk", "cur", "data", "elem", "feat"),
    *("first", "grid", "head", "item", "left", "mat", "mid", "new", "node", "obj", "out", "part"),
    *("prev", "proj", "res", "rest", "row", "scale", "seq", "step", "tmp", "top", "unit", "val"),
)


class Style(ast.NodeTransformer):
    """Rewrites code in a student's habits, which `rng` draws."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.habits = {habit: rng.random() < 0.5 for habit in HABITS}

    def _does(self, habit: str) -> bool:
        return self.habits[habit] == (self.rng.random() < FAITHFUL)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """`a @ b`, `a * b`, `a + b`, `a ** 0.5`."""
        self.generic_visit(node)
        if isinstance(node.op, ast.MatMult) and self._does("matmul"):
            return _call("torch.matmul", node.left, node.right)
        if isinstance(node.op, ast.Pow) and ast.unparse(node.right) == "0.5":
            return _call("math.sqrt", node.left) if self._does("math") else node
        is_symmetric = isinstance(node.op, ast.Mult | ast.Add)
        if is_symmetric and not isinstance(node.left, ast.List) and self._does("swap"):
            node.left, node.right = node.right, node.left
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """`a < b` or `b > a`."""
        self.generic_visit(node)
        other = FLIPPED.get(type(node.ops[0])) if len(node.ops) == 1 else None
        if other and self._does("flip"):
            return ast.Compare(node.comparators[0], [other()], [node.left])
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """`torch.sum(x, dim=1)` or `x.sum(1)`; `view` or `reshape`."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute):
            self._call(node, node.func)
        few = len(node.args) < 2 and not any(isinstance(a, ast.Starred) for a in node.args)
        if few and node.keywords and node.keywords[0].arg == "dim" and self._does("bare"):
            node.args.append(node.keywords.pop(0).value)
        return node

    def _call(self, node: ast.Call, called: ast.Attribute) -> None:
        of = called.value.id if isinstance(called.value, ast.Name) else ""
        if called.attr in ("view", "reshape") and of != "torch":
            called.attr = "view" if self._does("reshape") else "reshape"
        elif called.attr not in METHODS:
            return
        elif of in ("torch", "F") and node.args and self._does("method"):
            called.value = node.args.pop(0)
        elif of not in MODULES and not self._does("method"):
            node.args.insert(0, called.value)
            called.value = ast.Name("torch", ast.Load())

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """`x.mT` or `x.transpose(-2, -1)`."""
        self.generic_visit(node)
        if node.attr == "mT" and self._does("transpose"):
            return _method(node.value, "transpose", -2, -1)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """`x[:, None]` or `x.unsqueeze(1)`."""
        self.generic_visit(node)
        at = {"None": 0, "(:, None)": 1, "(..., None)": -1}.get(ast.unparse(node.slice))
        at = 1 if ast.unparse(node).endswith("[:, None]") else at
        if at is not None and isinstance(node.ctx, ast.Load) and self._does("unsqueeze"):
            return _method(node.value, "unsqueeze", at)
        return node


def styled(text: str, style: Style) -> str:
    """A cell in a student's habits."""
    return ast.unparse(ast.fix_missing_locations(style.visit(ast.parse(text))))


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.parse(name, mode="eval").body, list(arguments), [])


def _method(value: ast.expr, name: str, *arguments: int) -> ast.Call:
    constants: list[ast.expr] = [ast.Constant(each) for each in arguments]
    return ast.Call(ast.Attribute(value, name, ast.Load()), constants, [])


def renamed(text: str, rng: random.Random) -> str:
    """A cell with other names for what its functions assign."""
    tree, words = ast.parse(text), rng.sample(WORDS, len(WORDS))
    names = {
        old: f"{words[at % len(words)]}{at // len(words) or ''}"
        for at, old in enumerate(_assigned(tree))
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    return ast.unparse(tree)


def _assigned(tree: ast.Module) -> list[str]:
    """Names that functions assign, but for their parameters, which a stub gives."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.Lambda)]
    given = {a.arg for n in ast.walk(tree) if isinstance(n, ast.arguments) for a in _all(n)}
    stored = {
        node.id
        for function in functions
        for node in ast.walk(cast(ast.AST, function))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return sorted(stored - given)


def _all(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def remarked(text: str, rng: random.Random) -> str:
    """A cell with comments and empty lines of one's own, and nobody else's."""
    lines = []
    for line in ast.unparse(ast.parse(text)).split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        if rng.random() < 0.2 and line.lstrip().startswith(("return", "for", "if", "with", "self")):
            lines += [""] * rng.randrange(2) + [f"{indent}# {' '.join(rng.choices(WORDS, k=4))}"]
        lines.append(line)
    return "\n".join(lines)
