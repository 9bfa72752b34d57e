"""Sentences about a wrong answer that is the right one but for one change, worked out from both.

They say what the student's answer has, never what the right one has in its place. Students can read
all sentences of a notebook, so that none holds more of the solution than a name that they know.
"""

import ast
import builtins
import re
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.nn import functional as F

from autograder.authoring.causes.axes import (
    along_others,
    everywhere_along_others,
    same_but_for_axes,
)
from autograder.authoring.operators.calls import OF_AXES
from autograder.authoring.operators.syntax import name_of

LIBRARIES = (builtins, torch, torch.Tensor, torch.nn, F, np)
REGION = re.compile(r"### BEGIN SOLUTION.*?### END SOLUTION", re.DOTALL)
TOLD = re.compile(r"`([^`]*)`")
UNTOLD = "something"
SAYS = "These are the numbers of a right answer in which {}{}."
LONGEST = 60  # characters of code that are told
OF_BITS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift)
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


def sentence(right: str, wrong: str) -> str:
    """What is said of the wrong text; empty where no short sentence says it."""
    try:
        before, after = ast.parse(right), ast.parse(wrong)
    except SyntaxError:
        return ""
    chain = list(_different(before, after))
    if _is_far_fetched(*chain[-1]):
        return ""
    pairs = chain[::-1]  # the smallest difference first
    told = everywhere_along_others(before, after)
    told = told or next((said for pair in pairs if (said := _plainly(*pair))), "")
    told = told or next((said for pair in pairs if (said := _vaguely(*pair))), "")
    return _discreet(SAYS.format(told, _where(chain)), right) if told else ""


def _is_far_fetched(a: ast.AST, b: ast.AST) -> bool:
    """Whether nobody would write that: bits are combined where numbers are."""
    return isinstance(b, OF_BITS) and not isinstance(a, OF_BITS)


def _discreet(said: str, right: str) -> str:
    """A sentence without what only the solution shows; empty where nothing else is left of it."""
    known = set(re.findall(r"\w+", REGION.sub("", right)))

    def told(found: re.Match[str]) -> str:
        return found[0] if _may_be_told(found[1], known) else UNTOLD

    cut = TOLD.sub(told, said)
    cut = cut.replace(f", where {UNTOLD} is computed", "").replace(f", by {UNTOLD}", "")
    cut = cut.replace(f"the line that assigns {UNTOLD}", "a line").replace(f", with {UNTOLD}", "")
    return "" if f"{UNTOLD} stands" in cut or f"{UNTOLD} is computed" in cut else cut


def _may_be_told(code: str, known: set[str]) -> bool:
    """Whether it is an operator, a library's name, or one that students are given."""
    words = re.findall(r"[A-Za-z_]\w*", code)
    if code in OPERATORS.values():
        return True
    if " " in code or len(words) > 2 or (words and not re.fullmatch(r"[\w.]+", code)):
        return False
    return all(w in known or any(hasattr(lib, w) for lib in LIBRARIES) for w in words)


def _where(chain: Sequence[tuple[ast.AST, ast.AST]]) -> str:
    """The line in which expressions are different, by what it makes."""
    statements = (a for a, b in reversed(chain[:-1]) if isinstance(a, ast.stmt))
    target = next((target for each in statements if (target := _target(each))), "")
    return (
        f", where {target} is computed"
        if target.startswith("`")
        else f", in {target}"
        if target
        else ""
    )


def _different(a: ast.AST, b: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The pairs of nodes that hold all that is different, from the outermost on."""
    yield a, b
    if type(a) is not type(b):
        return
    pairs = []
    for field in a._fields:
        x, y = getattr(a, field), getattr(b, field)
        if isinstance(x, list) and isinstance(y, list) and len(x) == len(y):
            pairs += list(zip(x, y, strict=True))
        else:
            pairs.append((x, y))
    unlike = [pair for pair in pairs if _text(pair[0]) != _text(pair[1])]
    if len(unlike) == 1 and all(isinstance(each, ast.AST) for each in unlike[0]):
        yield from _different(*unlike[0])


def _text(node: object) -> str:
    if isinstance(node, list):
        return "\0".join(map(_text, node))
    return ast.dump(node) if isinstance(node, ast.AST) else repr(node)


def _plainly(a: ast.AST, b: ast.AST) -> str:
    """A change that has a name, in words: of what stood there to what stands there."""
    match a, b:
        case ast.stmt(), ast.Pass():
            return _without(a)
        case ast.expr(), ast.expr():
            return _of_part(a, b) or _of_addition(a, b) or _of_alike(a, b)
        case ast.operator() | ast.cmpop() | ast.boolop() | ast.unaryop(), ast.AST():
            new = OPERATORS.get(type(b), "")
            return f"`{new}` stands where another operator belongs" if new else ""
        case ast.Slice(), ast.Slice():
            return "a slice has other bounds than it should"
    return ""


def _vaguely(a: ast.AST, b: ast.AST) -> str:
    """Any other change, by what stands there now."""
    match a, b:
        case ast.Constant(), ast.expr() if code(b):
            return f"{code(b)} stands where another number belongs"
        case ast.expr(), ast.expr() if code(b):
            return f"`{code(b)}` stands where something else belongs"
        case ast.keyword(arg=name), ast.keyword(value=value) if code(value):
            return f"`{name}` is {code(value)}, and not what it should be"
        case ast.stmt(), ast.stmt() if _target(a):
            return f"{_target(a)} is computed otherwise"
    return ""


def _without(statement: ast.stmt) -> str:
    match statement:
        case ast.Return():
            return "nothing is returned here"
        case ast.For() | ast.While():
            return "a loop is left out"
        case ast.If():
            return "an `if` is left out"
        case ast.Expr(value=ast.Call(func=function)) if name_of(function):
            return f"the call of `{name_of(function)}` is left out"
        case _ if _target(statement):
            return f"the line that assigns {_target(statement)} is left out"
    return ""


def _target(statement: ast.AST) -> str:
    match statement:
        case ast.Assign(targets=[target]) | ast.AugAssign(target=target):
            return f"`{ast.unparse(target)}`"
        case ast.Return():
            return "what is returned"
    return ""


def _of_alike(a: ast.expr, b: ast.expr) -> str:
    """A node that became one of the same kind."""
    match a, b:
        case ast.BinOp(left=x, right=y), ast.BinOp(left=u, op=op, right=v):
            if (_text(x), _text(y)) == (_text(v), _text(u)):
                return f"the two sides of `{OPERATORS[type(op)]}` are exchanged"
        case ast.Call(), ast.Call():
            return _of_calls(a, b)
        case ast.Subscript(), ast.Subscript() if _text(a.value) == _text(b.value):
            return f"{_name(a.value)} is indexed otherwise, by `{ast.unparse(b.slice)}`"
        case ast.Compare(), ast.UnaryOp(op=ast.Invert()):
            return "a comparison is the other way round"
    return ""


def _of_calls(a: ast.Call, b: ast.Call) -> str:
    name = name_of(b.func)
    if not name:
        return ""
    if name_of(a.func) != name:
        return f"`{name}` stands where another function belongs"
    if sorted(map(_text, a.args)) == sorted(map(_text, b.args)) and len(a.keywords) == len(
        b.keywords
    ):
        return f"two arguments of `{name}` are exchanged"
    if name in OF_AXES and same_but_for_axes(a, b):
        return along_others(name, b)
    fewer = [k.arg for k in a.keywords if k.arg not in {other.arg for other in b.keywords}]
    if len(fewer) == 1 and fewer[0]:
        return f"`{name}` is called without `{fewer[0]}`"
    return ""


def _of_part(a: ast.expr, b: ast.expr) -> str:
    """A part of what stood there."""
    match a:
        case ast.BinOp(left=x, op=op, right=y) if _text(b) in (_text(x), _text(y)):
            gone = code(y if _text(b) == _text(x) else x)
            return f"`{OPERATORS[type(op)]}` is left out" + (f", with `{gone}`" if gone else "")
        case ast.Call() | ast.Attribute() if _is_within(b, a) and not isinstance(b, ast.Constant):
            name = name_of(a.func if isinstance(a, ast.Call) else a)
            return f"`{name}` is left out" if name else ""
        case ast.UnaryOp(op=op, operand=x) if _text(b) == _text(x):
            return f"`{OPERATORS[type(op)]}` is left out"
    return ""


def _of_addition(a: ast.expr, b: ast.expr) -> str:
    """Something done to what stood there."""
    what = f"`{code(a)}`" if code(a) else "an expression"
    match b:
        case ast.UnaryOp(op=ast.USub(), operand=x) if _text(x) == _text(a):
            return f"{what} has the opposite sign"
        case ast.UnaryOp(op=op, operand=x) if _text(x) == _text(a):
            return f"`{OPERATORS[type(op)]}` stands before {what}"
        case ast.Call(func=ast.Attribute(value=x, attr="detach")) if _text(x) == _text(a):
            return f"{what} is detached, so that no gradient passes"
        case ast.Call(func=ast.Attribute(value=x, attr=name)) if _text(x) == _text(a):
            return f"`.{name}` is called on {what}"
        case ast.Call(func=ast.Name("int"), args=[x]) if _text(x) == _text(a):
            return f"{what} is cut to a whole number"
        case ast.BinOp(left=ast.Constant(2), op=ast.Mult(), right=x) if _text(x) == _text(a):
            return f"{what} is doubled"
        case ast.BinOp(left=x, op=ast.Div(), right=ast.Constant(2)) if _text(x) == _text(a):
            return f"{what} is halved"
        case ast.BinOp(left=x, op=ast.Add(), right=ast.Constant(n)) if _text(x) == _text(a):
            return f"{n!r} is added to {what}"
        case ast.BinOp(left=ast.Constant(1), op=ast.Sub(), right=x) if _text(x) == _text(a):
            return f"{what} is taken from 1"
        case ast.Subscript(value=ast.Call(func=ast.Name("list"), args=[x])) if _text(x) == _text(a):
            return f"a loop runs over `{ast.unparse(b.slice)}` of its range only"
    return ""


def _is_within(part: ast.expr, whole: ast.expr) -> bool:
    return any(_text(node) == _text(part) for node in ast.iter_child_nodes(whole)) or any(
        _text(node) == _text(part)
        for child in ast.iter_child_nodes(whole)
        for node in ast.iter_child_nodes(child)
    )


def _name(node: ast.expr) -> str:
    return f"`{code(node)}`" if code(node) else "something"


def code(node: ast.expr) -> str:
    """An expression as it is told; empty where it is long."""
    text = ast.unparse(node)
    return text if len(text) <= LONGEST else ""
