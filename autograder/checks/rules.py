"""Static rules: what the text of a student's cell may not contain, whatever its numbers are.

Honest code is what they are for: who hides a loop in a string of code hides it from them too.
"""

import ast
from collections.abc import Callable, Iterator, Sequence

Rule = Callable[[ast.Module], str | None]  # what breaks it, in words, or None

STATEMENTS = {ast.For: "for", ast.AsyncFor: "async for", ast.While: "while"}
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# calls that run a function for each element; torch.vmap does not, it makes one batch of them
CALLS = ("map", "filter", "reduce", "accumulate", "functools.reduce", "itertools.accumulate")
# of numpy, of tensors, of pools of threads, and whatever itertools is imported as
METHODS = ("vectorize", "apply_along_axis", "map_", "apply_", "map", "starmap")


def no_loops(tree: ast.Module) -> str | None:
    """No `for`, `while` or comprehension, no function that loops for you, no recursion."""
    return next(filter(None, map(_loop, ast.walk(tree))), None)


def _loop(node: ast.AST) -> str | None:
    if type(node) in STATEMENTS:
        return f"loops with `{STATEMENTS[type(node)]}` in line {node.lineno}"
    if isinstance(node, COMPREHENSIONS):
        return f"loops in a comprehension in line {node.lineno}"
    if isinstance(node, ast.Call) and (
        ast.unparse(node.func) in CALLS or _last(node.func) in METHODS
    ):
        return f"loops with `{_last(node.func)}` in line {node.lineno}"
    if isinstance(node, ast.FunctionDef) and any(_calls(node, node.name)):
        return f"`{node.name}` calls itself"
    return None


def _calls(tree: ast.AST, name: str) -> Iterator[bool]:
    for node in ast.walk(tree):
        yield isinstance(node, ast.Call) and ast.unparse(node.func) in (name, f"self.{name}")


def without(*names: str) -> Rule:
    """No use of these names, be they variables, attributes or imported.

    What the cell itself defines under such a name may be used.
    """

    def rule(tree: ast.Module) -> str | None:
        own = set(_own(tree))
        for node in ast.walk(tree):
            for name in _names(node):
                if name in names and not (name in own and _means_own(node)):
                    return f"uses `{name}` in line {node.lineno}; write it yourself"
        return None

    return rule


def _own(tree: ast.Module) -> Iterator[str]:
    """The names of variables, functions and methods of a cell."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name):
                yield name


def _means_own(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) or ast.unparse(node).startswith("self.")


def _names(node: ast.AST) -> list[str]:
    match node:
        case ast.Name() | ast.Attribute():
            return [_last(node)]
        case ast.Import():
            return [part for alias in node.names for part in alias.name.split(".")]
        case ast.ImportFrom():
            return [*(node.module or "").split("."), *(alias.name for alias in node.names)]
    return []


def _last(node: ast.expr) -> str:
    """The last part of a dotted name; empty for other expressions."""
    return getattr(node, "attr", None) or getattr(node, "id", "")


def broken(rules: Sequence[Rule], cells: list[str], subject: str, stop: set[str]) -> str:
    """What in the cell that defines a subject breaks a rule; empty where nothing does."""
    for text in reversed(cells):
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        if any(getattr(node, "name", None) == subject for node in tree.body):
            return next((problem for rule in rules if (problem := rule(tree))), "")
    return ""


def by_hand(tree: ast.Module) -> str | None:
    """No automatic differentiation: what is asked for is a derivation."""
    return None
