"""What became of an expression, in words: what an answer has in the place of what is right."""

import ast

from autograder.authoring.causes.axes import along_others, same_but_for_axes
from autograder.authoring.operators.calls import OF_AXES
from autograder.authoring.operators.syntax import name_of
from autograder.checks.language import N_, _

UNTOLD = N_("something")  # in the place of code that only the solution shows
ANOTHER_FUNCTION = N_("{code} stands where another function belongs")
WITH, BY = N_(", with {code}"), N_(", by {code}")
LONGEST = 60  # characters of code that are told
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.And: "and",
    ast.Or: "or",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Invert: "~",
    ast.Not: "not",
}


def of_alike(a: ast.expr, b: ast.expr) -> str:
    """A node that became one of the same kind."""
    match a, b:
        case ast.BinOp(left=x, right=y), ast.BinOp(left=u, op=op, right=v):
            if (text(x), text(y)) == (text(v), text(u)):
                said = _("the two sides of `{code}` are exchanged")
                return said.format(code=OPERATORS[type(op)])
        case ast.Call(), ast.Call():
            return _of_calls(a, b)
        case ast.Subscript(), ast.Subscript() if text(a.value) == text(b.value):
            said = _("{name} is indexed otherwise{by}").format(
                name=_name(a.value), by=_(BY).format(code=f"`{ast.unparse(b.slice)}`")
            )
            return said
        case ast.Compare(), ast.UnaryOp(op=ast.Invert()):
            return _("a comparison is the other way round")
    return ""


def _of_calls(a: ast.Call, b: ast.Call) -> str:
    name = name_of(b.func)
    if not name:
        return ""
    if name_of(a.func) != name:
        return _(ANOTHER_FUNCTION).format(code=f"`{name}`")
    if sorted(map(text, a.args)) == sorted(map(text, b.args)) and len(a.keywords) == len(
        b.keywords
    ):
        return _("two arguments of `{name}` are exchanged").format(name=name)
    if name in OF_AXES and same_but_for_axes(a, b):
        return along_others(name, b)
    fewer = [k.arg for k in a.keywords if k.arg not in {other.arg for other in b.keywords}]
    if len(fewer) == 1 and fewer[0]:
        return _("`{name}` is called without `{argument}`").format(name=name, argument=fewer[0])
    return ""


def of_part(a: ast.expr, b: ast.expr) -> str:
    """A part of what stood there."""
    match a:
        case ast.BinOp(left=x, op=op, right=y) if text(b) in (text(x), text(y)):
            gone = code(y if text(b) == text(x) else x)
            rest = _(WITH).format(code=f"`{gone}`") if gone else ""
            return _without_operator(op) + rest
        case ast.Call() | ast.Attribute() if _is_within(b, a) and not isinstance(b, ast.Constant):
            name = name_of(a.func if isinstance(a, ast.Call) else a)
            return _("`{code}` is left out").format(code=name) if name else ""
        case ast.UnaryOp(op=op, operand=x) if text(b) == text(x):
            return _without_operator(op)
    return ""


def _without_operator(operator: ast.AST) -> str:
    return _("`{code}` is left out").format(code=OPERATORS[type(operator)])


def of_addition(a: ast.expr, b: ast.expr) -> str:
    """Something done to what stood there."""
    what = f"`{code(a)}`" if code(a) else _("an expression")
    said = _added(a, b)
    return said.replace("{what}", what)


def _added(a: ast.expr, b: ast.expr) -> str:
    """The same, where `{what}` stands for what it was done to."""
    match b:
        case ast.UnaryOp(op=ast.USub(), operand=x) if text(x) == text(a):
            return _("{what} has the opposite sign")
        case ast.UnaryOp(op=op, operand=x) if text(x) == text(a):
            said = _("`{code}` stands before {what}")
            return said.replace("{code}", OPERATORS[type(op)])
        case ast.Call(func=ast.Attribute(value=x, attr="detach")) if text(x) == text(a):
            return _("{what} is detached, so that no gradient passes")
        case ast.Call(func=ast.Attribute(value=x, attr=name)) if text(x) == text(a):
            return _("`.{name}` is called on {what}").replace("{name}", name)
        case ast.Call(func=ast.Name("int"), args=[x]) if text(x) == text(a):
            return _("{what} is cut to a whole number")
        case ast.BinOp(left=ast.Constant(2), op=ast.Mult(), right=x) if text(x) == text(a):
            return _("{what} is doubled")
        case ast.BinOp(left=x, op=ast.Div(), right=ast.Constant(2)) if text(x) == text(a):
            return _("{what} is halved")
        case ast.BinOp(left=x, op=ast.Add(), right=ast.Constant(n)) if text(x) == text(a):
            return _("{number} is added to {what}").replace("{number}", repr(n))
        case ast.BinOp(left=ast.Constant(1), op=ast.Sub(), right=x) if text(x) == text(a):
            return _("{what} is taken from 1")
        case ast.Subscript(value=ast.Call(func=ast.Name("list"), args=[x])) if text(x) == text(a):
            said = _("a loop runs over `{code}` of its range only")
            return said.replace("{code}", ast.unparse(b.slice))
    return ""


def _is_within(part: ast.expr, whole: ast.expr) -> bool:
    return any(text(node) == text(part) for node in ast.iter_child_nodes(whole)) or any(
        text(node) == text(part)
        for child in ast.iter_child_nodes(whole)
        for node in ast.iter_child_nodes(child)
    )


def _name(node: ast.expr) -> str:
    return f"`{code(node)}`" if code(node) else _(UNTOLD)


def code(node: ast.expr) -> str:
    """An expression as it is told; empty where it is long."""
    said = ast.unparse(node)
    return said if len(said) <= LONGEST else ""


def text(node: object) -> str:
    """Syntax as a text that is the same for the same syntax."""
    if isinstance(node, list):
        return "\0".join(map(text, node))
    return ast.dump(node) if isinstance(node, ast.AST) else repr(node)
