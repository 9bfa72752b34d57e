"""mistakes.toml and alternatives.py: known wrong answers, and right answers in other words."""

import ast
import re
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.edits import EditError, edited
from autograder.assignment.source import Cell, Source, SourceError, parse
from autograder.errors import ToldError


@dataclass(frozen=True)
class KnownMistake:
    """One entry of mistakes.toml: edits of the reference, and the sentence for the student.

    `same_as` names another mistake that does the same to the numbers.
    """

    exercise: str
    name: str
    solution: str  # the mistaken solution cell
    says: str
    same_as: str | None = None


class MistakesError(ToldError):
    """A mistakes.toml that does not fit its source; the message names file, line and entry."""


def read_mistakes(source: Source) -> list[KnownMistake]:
    """The mistakes beside a source. Raises MistakesError where an entry cannot be applied."""
    path = source.path.with_name("mistakes.toml")
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    return [
        _mistake(source, exercise, name, entry, _where(path, text, exercise, name))
        for exercise, name, entry in _entries(path, text)
    ]


def _entries(path: Path, text: str) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Exercise, name and content of each entry."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MistakesError(_repetition(path, text) or f"{path}: {error}") from None
    for exercise, entries in tables.items():
        for name, entry in entries.items() if isinstance(entries, dict) else [("", entries)]:
            if not isinstance(entry, dict):
                raise MistakesError(f'{path}: write its_name.says = "…" below [{exercise}]')
            yield exercise, name, entry


def _repetition(path: Path, text: str) -> str:
    """Where an entry says something a second time, which TOML refuses; empty where none does."""
    seen: dict[tuple[str, str], int] = {}
    for number, exercise, name in _sentences(text):
        first = seen.setdefault((exercise, name), number)
        if first < number:
            return f"{path}:{number}: {exercise}.{name} stands at line {first} already"
    return ""


def _where(path: Path, text: str, exercise: str, name: str) -> str:
    lines = {(exercise, name): number for number, exercise, name in _sentences(text)}
    line = f":{lines[exercise, name]}" if (exercise, name) in lines else ""
    return f"{path}{line}: {exercise}.{name}"


def _sentences(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, exercise and name of each sentence for students."""
    exercise = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if found := re.match(r"\[(\w+)\]", line):
            exercise = found[1]
        elif found := re.match(r"(\w+)\.says\b", line):
            yield number, exercise, found[1]


def _mistake(
    source: Source, exercise: str, name: str, entry: dict[str, object], where: str
) -> KnownMistake:
    if exercise not in source.solutions:
        raise MistakesError(f"{where}: {source.path} has no solution {exercise!r}")
    edits = {old: new for old, new in entry.items() if isinstance(new, str)}
    if edits.keys() != entry.keys() or not entry.get("says"):
        raise MistakesError(f'{where}: wants says = "…" and edits, "text" = "replacement"')
    says, same_as = edits.pop("says"), edits.pop("same_as", None)
    try:
        solution = edited(source.solutions[exercise].source, edits)
    except EditError as error:
        raise MistakesError(f"{where}: {error}") from None
    return KnownMistake(exercise, name, solution, says, same_as)


@dataclass(frozen=True)
class Alternative:
    """A right answer written differently: the whole solution cell, and what is different."""

    exercise: str
    title: str
    solution: str


def read_alternatives(source: Source) -> list[Alternative]:
    """The alternatives beside a source. Raises SourceError.

    A cell holds only what differs from the reference: the last solution region, as statements that
    return, or definitions, in which a class has the reference's methods where it has none.
    """
    path = source.path.with_name("alternatives.py")
    if not path.exists():
        return []
    cells = parse(path.read_text(encoding="utf-8"), path).cells
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
    return Alternative(cell.name, cell.title or "alternative", ast.unparse(whole))


def _returns(node: ast.AST) -> bool:
    """Whether a statement returns, outside definitions of its own."""
    inner = (
        n for n in ast.iter_child_nodes(node) if not isinstance(n, ast.FunctionDef | ast.ClassDef)
    )
    return isinstance(node, ast.Return) or any(map(_returns, inner))


def _with_last_region(reference: str, statements: str) -> str:
    head, _, rest = reference.rpartition("### BEGIN SOLUTION\n")
    indent = head.rpartition("\n")[2]
    tail = rest.partition("### END SOLUTION")[2]
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
