"""A student's code of one exercise: as it is shown, and statement by statement."""

import ast
import copy
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from autograder.checks.evidence import printable
from autograder.checks.text.cell_texts import SOLUTION
from autograder.checks.text.cells import NOT_PYTHON

LONGEST, WIDEST = 60, 160  # lines that are shown, and characters of one
LONG_NUMBER = re.compile(r"(?<![\w.])\d{6,}\.0(?!\w)")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class UnreadableError(Exception):
    """A cell that nothing is asked about."""


@dataclass(frozen=True)
class Code:
    """The solution cell of an exercise, without the line that names it; its subject is a name."""

    exercise: str
    subject: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """All statements, nested ones too, in one order for trees of one shape."""
        return list(statements(self.tree))

    @cached_property
    def heads(self) -> list[str]:
        """Each of them in one line."""
        return [head(each) for each in self.statements]

    @cached_property
    def shown(self) -> list[tuple[int, str]]:
        """Numbered lines without comments and docstrings, in which shapes are often told."""
        bare = _without(self.text, [*_comments(self.text), *_docstrings(self.tree)])
        return [(n, printable(line.rstrip())) for n, line in enumerate(bare, 1) if line.strip()]

    @cached_property
    def definition(self) -> ast.FunctionDef | ast.ClassDef:
        """What defines its subject; the last, where several do."""
        return [node for node in self.tree.body if _defines(node, self.subject)][-1]  # type: ignore[return-value]

    def source(self, node: ast.expr) -> str:
        """An expression as it is written, or in one line where it is written in more."""
        text = ast.get_source_segment(self.text, node) or ""
        return text if text and "\n" not in text and "#" not in text else ast.unparse(node)


def code_of(exercise: str, subject: str, cell: str) -> Code:
    """The code in a cell. Raises UnreadableError where it is not Python, or too long to be read."""
    code = Code(exercise, subject, SOLUTION.sub("", cell, count=1).strip("\n"))
    try:
        compile(code.text, "<cell>", "exec")
        shown = code.shown
    except (*NOT_PYTHON, tokenize.TokenError) as error:
        raise UnreadableError("its cell is not Python") from error
    if not any(_defines(node, subject) for node in code.tree.body):
        raise UnreadableError(f"its cell does not define {subject}")
    if len(shown) > LONGEST:
        raise UnreadableError(f"its cell has {len(shown)} lines of code")
    if max(len(line) for _, line in shown) > WIDEST:
        raise UnreadableError(f"its cell has lines of more than {WIDEST} characters")
    return code


def _defines(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements in a node, outer ones first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        yield from statements(child)


def head(statement: ast.stmt) -> str:
    """A statement in one line; of one that holds others, its first."""
    bare = copy.copy(statement)
    for name in ("body", "orelse", "finalbody", "handlers"):
        if hasattr(bare, name):
            setattr(bare, name, [ast.Pass()] if name == "body" else [])
    if isinstance(bare, DEFINITIONS):
        bare.decorator_list = []
    text = unparsed(bare)
    match bare:
        case ast.Assign(value=ast.Tuple([_, *_]) as several) | ast.Return(
            ast.Tuple([_, *_]) as several
        ):
            written = unparsed(several)
            return f"{text.removesuffix(written)}{written[1:-1]}"  # as people write it
    return text.removesuffix("\n    pass") if hasattr(bare, "body") else text


def unparsed(node: ast.AST) -> str:
    """Python's own text of a node, with exponents where a number is long: 1e8."""
    return LONG_NUMBER.sub(_with_exponent, ast.unparse(ast.fix_missing_locations(node)))


def _with_exponent(found: re.Match[str]) -> str:
    text = f"{float(found[0]):g}"
    return text.replace("e+0", "e").replace("e+", "e") if "e+" in text else found[0]


def _comments(text: str) -> Iterator[tuple[int, int, int, int]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield *token.start, *token.end


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, int, int, int]]:
    """Strings that stand alone."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(ast.Constant(str())):
                end, column = node.end_lineno or node.lineno, node.end_col_offset or 0
                yield node.lineno, node.col_offset, end, column


def _without(text: str, places: list[tuple[int, int, int, int]]) -> list[str]:
    """The lines of a text without what stands between places, which are lines and columns."""
    lines = text.split("\n")
    for first, begin, last, end in places:
        for number in range(first, last + 1):
            line = lines[number - 1]
            start, stop = begin if number == first else 0, end if number == last else len(line)
            lines[number - 1] = line[:start] + " " * (min(stop, len(line)) - start) + line[stop:]
    return lines
