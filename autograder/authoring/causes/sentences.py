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

from autograder.authoring.causes.axes import everywhere_along_others
from autograder.authoring.causes.expressions import (
    ANOTHER_FUNCTION,
    BY,
    OPERATORS,
    UNTOLD,
    WITH,
    code,
    of_addition,
    of_alike,
    of_part,
    text,
)
from autograder.authoring.operators.syntax import name_of
from autograder.checks.language import N_, _

LIBRARIES = (builtins, torch, torch.Tensor, torch.nn, F, np)
REGION = re.compile(r"### BEGIN SOLUTION.*?### END SOLUTION", re.DOTALL)
TOLD = re.compile(r"`([^`]*)`")
SAYS = N_("These are the numbers of a right answer in which {what}{where}.")
WHERE = N_(", where {code} is computed")
ANOTHER = N_("{code} stands where something else belongs")
OTHERWISE = N_("{code} is computed otherwise")
LEFT_OUT = N_("the line that assigns {code} is left out")
OF_BITS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift)


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
    said = _(SAYS).format(what=told, where=_where(chain))
    return _discreet(said, right) if told else ""


def _is_far_fetched(a: ast.AST, b: ast.AST) -> bool:
    """Whether nobody would write that: bits are combined where numbers are."""
    return isinstance(b, OF_BITS) and not isinstance(a, OF_BITS)


def _discreet(said: str, right: str) -> str:
    """A sentence without what only the solution shows; empty where nothing else is left of it."""
    known = set(re.findall(r"\w+", REGION.sub("", right)))

    def told(found: re.Match[str]) -> str:
        return found[0] if _may_be_told(found[1], known) else _(UNTOLD)

    cut = TOLD.sub(told, said).replace(_untold(LEFT_OUT), _("a line is left out"))
    for needless in (WHERE, BY, WITH):
        cut = cut.replace(_untold(needless), "")
    empty = (ANOTHER, ANOTHER_FUNCTION, OTHERWISE)
    return "" if any(_untold(each) in cut for each in empty) else cut


def _untold(template: str) -> str:
    """What a sentence's part becomes where its code is not told."""
    return _(template).format(code=_(UNTOLD))


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
    if target.startswith("`"):
        return _(WHERE).format(code=target)
    return _(", in {what}").format(what=target) if target else ""


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
    unlike = [pair for pair in pairs if text(pair[0]) != text(pair[1])]
    if len(unlike) == 1 and all(isinstance(each, ast.AST) for each in unlike[0]):
        yield from _different(*unlike[0])


def _plainly(a: ast.AST, b: ast.AST) -> str:
    """A change that has a name, in words: of what stood there to what stands there."""
    match a, b:
        case ast.stmt(), ast.Pass():
            return _without(a)
        case ast.expr(), ast.expr():
            return of_part(a, b) or of_addition(a, b) or of_alike(a, b)
        case ast.operator() | ast.cmpop() | ast.boolop() | ast.unaryop(), ast.AST():
            new = OPERATORS.get(type(b), "")
            said = _("`{code}` stands where another operator belongs").format(code=new)
            return said if new else ""
        case ast.Slice(), ast.Slice():
            return _("a slice has other bounds than it should")
    return ""


def _vaguely(a: ast.AST, b: ast.AST) -> str:
    """Any other change, by what stands there now."""
    match a, b:
        case ast.Constant(), ast.expr() if code(b):
            return _("{code} stands where another number belongs").format(code=code(b))
        case ast.expr(), ast.expr() if code(b):
            return _(ANOTHER).format(code=f"`{code(b)}`")
        case ast.keyword(arg=name), ast.keyword(value=value) if code(value):
            said = _("`{name}` is {code}, and not what it should be")
            return said.format(name=name, code=code(value))
        case ast.stmt(), ast.stmt() if _target(a):
            return _(OTHERWISE).format(code=_target(a))
    return ""


def _without(statement: ast.stmt) -> str:
    match statement:
        case ast.Return():
            return _("nothing is returned here")
        case ast.For() | ast.While():
            return _("a loop is left out")
        case ast.If():
            return _("an `if` is left out")
        case ast.Expr(value=ast.Call(func=function)) if name_of(function):
            return _("the call of `{name}` is left out").format(name=name_of(function))
        case _ if _target(statement):
            return _(LEFT_OUT).format(code=_target(statement))
    return ""


def _target(statement: ast.AST) -> str:
    match statement:
        case ast.Assign(targets=[target]) | ast.AugAssign(target=target):
            return f"`{ast.unparse(target)}`"
        case ast.Return():
            return _("what is returned")
    return ""
