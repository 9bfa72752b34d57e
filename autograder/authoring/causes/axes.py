"""Sentences about axes: what works along others than it should, in one call or in all."""

import ast

from autograder.authoring.operators.calls import OF_AXES
from autograder.authoring.operators.syntax import name_of
from autograder.checks.language import _

NAMES = ("dim", "axis")


def along_others(name: str, call: ast.Call) -> str:
    """What is said of a call that names other axes."""
    said = _("`{name}` works along other axes than it should{axes}")
    return said.format(name=name, axes=_axes(call))


def same_but_for_axes(a: ast.Call, b: ast.Call) -> bool:
    """Whether two calls differ in which axes they name, and maybe in what becomes of these."""
    first, second = (
        [ast.dump(each) for each in [call.func, *call.args] if not _is_numeric(each)]
        for call in (a, b)
    )
    return first == second and _axes(a) != _axes(b)


def everywhere_along_others(before: ast.AST, after: ast.AST) -> str:
    """What is said where several calls of one function name the same other axes; else nothing."""
    told = {
        along_others(name_of(wrong.func), wrong)
        for right, wrong in zip(_of_axes(before), _of_axes(after), strict=False)
        if _axes(right) != _axes(wrong)
    }
    is_all = ast.dump(_without_axes(before)) == ast.dump(_without_axes(after))
    return told.pop() if len(told) == 1 and is_all else ""


def _of_axes(tree: ast.AST) -> list[ast.Call]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and name_of(n.func) in OF_AXES]


def _without_axes(tree: ast.AST) -> ast.AST:
    """The same code, where calls that work along axes name none."""
    bare = ast.parse(ast.unparse(tree))
    for call in _of_axes(bare):
        call.args = [each for each in call.args if not _is_numeric(each)]
        call.keywords = [each for each in call.keywords if each.arg not in NAMES]
    return bare


def _axes(call: ast.Call) -> str:
    """Which axes a call names."""
    named = [k.value for k in call.keywords if k.arg in NAMES]
    numbers = [ast.unparse(x) for x in (named or call.args) if _is_numeric(x)]
    if not numbers:
        return _(", all of them") if not call.args else ""
    return _(": {detail}").format(detail=", ".join(numbers))


def _is_numeric(node: ast.expr) -> bool:
    return not any(isinstance(each, ast.Name | ast.Call | ast.Attribute) for each in ast.walk(node))
