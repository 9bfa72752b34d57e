"""What is done to code so that nobody shall see that it is another's."""

import ast
import copy
import random

from autograder.bench.styles import remarked, renamed

Statement = ast.Assign | ast.Return


def split(text: str, rng: random.Random) -> str:
    """A cell in which results inside of statements get a line and a name of their own."""
    return ast.unparse(ast.fix_missing_locations(_Split(rng).visit(ast.parse(text))))


class _Split(ast.NodeTransformer):
    def __init__(self, rng: random.Random) -> None:
        self.rng, self.count = rng, 0

    def _statement(self, node: Statement) -> list[ast.stmt]:
        before: list[ast.stmt] = []
        if node.value is not None:
            node.value = self._inside(node.value, before)
            if isinstance(node, ast.Return):
                node.value = self._named(node.value, before)
        return [*before, node]

    visit_Return = visit_Assign = _statement

    def _inside(self, value: ast.expr, before: list[ast.stmt]) -> ast.expr:
        """A value whose parts stand in lines before it, in the order in which they are computed."""
        if isinstance(value, ast.BinOp):
            value.left = self._part(value.left, before)
            value.right = self._part(value.right, before)
        elif isinstance(value, ast.Call):
            if isinstance(value.func, ast.Attribute):
                value.func.value = self._part(value.func.value, before)
            value.args = [self._part(each, before) for each in value.args]
        return value

    def _part(self, value: ast.expr, before: list[ast.stmt]) -> ast.expr:
        return self._named(self._inside(value, before), before)

    def _named(self, value: ast.expr, before: list[ast.stmt]) -> ast.expr:
        is_super = isinstance(value, ast.Call) and ast.unparse(value.func) == "super"
        if is_super or not isinstance(value, ast.Call | ast.BinOp) or self.rng.random() > 0.7:
            return value
        self.count += 1
        before.append(ast.Assign([ast.Name(f"part_{self.count}", ast.Store())], value))
        return ast.Name(f"part_{self.count}", ast.Load())


def rewritten(text: str, rng: random.Random) -> str:
    """A cell whose comprehensions are loops, whose loops are `while`, its conditions statements."""
    return ast.unparse(ast.fix_missing_locations(_Rewritten().visit(ast.parse(text))))


class _Rewritten(ast.NodeTransformer):
    def __init__(self) -> None:
        self.count = 0

    def _statement(self, node: Statement) -> ast.stmt | list[ast.stmt]:
        match node.value:
            case ast.ListComp(elt=element, generators=[ast.comprehension() as each]):
                return self._loop(node, element, each)
            case ast.IfExp(test=test, body=one, orelse=another):
                first, second = copy.copy(node), copy.copy(node)
                first.value, second.value = one, another
                return ast.If(test, [first], [second])
        return node

    visit_Return = visit_Assign = _statement

    def _loop(self, node: Statement, element: ast.expr, each: ast.comprehension) -> list[ast.stmt]:
        self.count += 1
        name = f"gathered_{self.count}"
        body: list[ast.stmt] = [*ast.parse(f"{name}.append({ast.unparse(element)})").body]
        for test in each.ifs:
            body = [ast.If(test, body, [])]
        node.value = ast.Name(name, ast.Load())
        return [*ast.parse(f"{name} = []").body, ast.For(each.target, each.iter, body, []), node]

    def visit_For(self, node: ast.For) -> ast.stmt | list[ast.stmt]:
        """`for i in range(n)` counts by hand."""
        self.generic_visit(node)
        skips = any(isinstance(inner, ast.Continue) for inner in ast.walk(node))
        match node:
            case ast.For(
                target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=[stop])
            ) if not skips:
                loop = ast.parse(
                    f"{name} = 0\nwhile {name} < {ast.unparse(stop)}:\n    {name} += 1"
                )
                loop.body[1].body[:0] = node.body  # type: ignore[attr-defined]
                return loop.body
        return node


def all_at_once(text: str, rng: random.Random) -> str:
    """A cell that is rewritten, split, renamed and remarked."""
    return remarked(renamed(split(rewritten(text, rng), rng), rng), rng)
