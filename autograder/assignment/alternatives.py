"""alternatives.py: right answers in other words."""

import ast
import textwrap
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.regions import BEGIN, END
from autograder.assignment.source import Cell, Source, SourceError, parse, read_text


@dataclass(frozen=True)
class Alternative:
    """A right answer written differently: the whole solution cell, what is different, and where."""

    exercise: str
    title: str
    solution: str
    path: Path
    line: int


def read_alternatives(source: Source) -> list[Alternative]:
    """The alternatives beside a source. Raises SourceError.

    A cell holds only what differs from the reference: the last solution region, as statements that
    return, or definitions, in which a class has the reference's methods where it has none.
    """
    path = source.path.with_name("alternatives.py")
    if not path.exists():
        return []
    cells = parse(read_text(path), path).cells
    return [_alternative(source, path, cell) for cell in cells]


def _alternative(source: Source, path: Path, cell: Cell) -> Alternative:
    if cell.role != "alternative" or cell.name not in source.solutions:
        raise SourceError(path, cell.line, f'no solution {cell.name!r}: write alternative="…"')
    written, reference = ast.parse(cell.source), source.solutions[cell.name].source
    if _returns(written):
        whole = ast.parse(_with_last_region(reference, cell.source))
    else:
        whole = _completed(written, ast.parse(reference))
    if not _defined(whole) & _defined(ast.parse(reference)):
        raise SourceError(path, cell.line, f"neither returns nor defines what {cell.name!r} does")
    title = cell.title or "alternative"
    return Alternative(cell.name, title, ast.unparse(whole), path, cell.line)


def _returns(node: ast.AST) -> bool:
    """Whether a statement returns, outside definitions of its own."""
    inner = (
        n for n in ast.iter_child_nodes(node) if not isinstance(n, ast.FunctionDef | ast.ClassDef)
    )
    return isinstance(node, ast.Return) or any(map(_returns, inner))


def _with_last_region(reference: str, statements: str) -> str:
    head, _, rest = reference.rpartition(f"{BEGIN}\n")
    indent = head.rpartition("\n")[2]
    tail = rest.partition(END)[2]
    return head.removesuffix(indent) + textwrap.indent(statements, indent) + tail


def _completed(written: ast.Module, reference: ast.Module) -> ast.Module:
    """Definitions in which classes have also the methods that only the reference's have.

    A class with other bases than the reference's is another class: it inherits its methods.
    """
    known = {_head(node): node for node in reference.body if isinstance(node, ast.ClassDef)}
    for node in written.body:
        if isinstance(node, ast.ClassDef) and _head(node) in known:
            own = {method.name for method in _methods(node)}
            others = _methods(known[_head(node)])
            node.body += [method for method in others if method.name not in own]
    return written


def _head(node: ast.ClassDef) -> tuple[str, ...]:
    return node.name, *map(ast.unparse, node.bases)


def _methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [item for item in node.body if isinstance(item, ast.FunctionDef)]


def _defined(tree: ast.Module) -> set[str]:
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
