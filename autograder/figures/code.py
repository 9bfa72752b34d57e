"""The code that a run depends on, by a name that changes when the code does."""

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

from autograder.assignment.definitions import binds, reached, words_of
from autograder.assignment.source import read_text
from autograder.figures.declared import FILE

Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def digest(run: str, folder: Path) -> str:
    """A hash of what a run reaches in `figures.py` and in the source of its assignment.

    Comments, docstrings, layout and all else of the assignment do not change it, nor does the
    version of Python.
    """
    own = _reached({run}, folder / FILE)
    named = words_of(*own) | {name for node in own for name in _attributes(node)}
    path = folder / f"{folder.name}.py"
    text = _bare(own, folder / FILE) + _bare(_reached(named, path), path)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _reached(names: set[str], path: Path) -> list[ast.stmt]:
    nodes = [node for node in ast.parse(read_text(path)).body if binds(node)]
    return reached(names, nodes)


def _attributes(node: ast.AST) -> set[str]:
    """The attributes that it takes, as `train` in `lab.train`."""
    return {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}


def _bare(nodes: list[ast.stmt], path: Path) -> str:
    """The text of definitions without decorators, docstrings, comments and white space."""
    lines = _without_comments(read_text(path))
    for node in nodes:
        for first, last in _docstrings(node):
            lines[first - 1 : last] = [""] * (last - first + 1)
    texts = ("\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in nodes)
    return "\n".join("".join(text.split()) for text in texts)


def _without_comments(text: str) -> list[str]:
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return lines


def _docstrings(node: ast.AST) -> Iterator[tuple[int, int]]:
    """First and last line of each docstring in a definition."""
    for inner in ast.walk(node):
        if isinstance(inner, Documented) and ast.get_docstring(inner) is not None:
            first = inner.body[0]
            yield first.lineno, first.end_lineno or first.lineno
