"""What a source must be before anything is made of it: whole, and checks in their place."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from autograder.assignment.cells import Role
from autograder.assignment.languages import with_translations
from autograder.assignment.measured import filled
from autograder.assignment.regions import BEGIN, END
from autograder.assignment.source import (
    CHECKS_FILE,
    Cell,
    Source,
    SourceError,
    parse,
    read_text,
    subject_of,
)

# nbgrader looks for these words anywhere in a line, our readers for whole lines
MARKER_LIKE = re.compile(
    r"^[ \t]*(#+[ \t]*(?:BEGIN|END)\b.*?|.*(?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS).*?)[ \t]*$",
    re.MULTILINE,
)
Fail = Callable[[str], None]


def read_source(path: Path) -> Source:
    """Parse and validate a source file, with its figures, and the checks beside it.

    Raises SourceError.
    """
    source = parse(read_text(path), path)
    _validate(source)
    source = filled(with_translations(source))
    checks = path.with_name(CHECKS_FILE)
    if not checks.is_file():
        if source.checks:
            raise SourceError(checks, 1, "is missing: it says how each exercise is judged")
        return source
    return replace(source, checks_text=read_text(checks))


def _validate(source: Source) -> None:
    seen: dict[tuple[str, str], int] = {}
    for cell in source.cells:
        fail = _failer(source.path, cell.line)
        _check_regions(cell, fail)
        if cell.role in (Role.SOLUTION, Role.ANSWER) or (cell.role and cell.role.is_check):
            group = "check" if cell.role.is_check else cell.role
            first = seen.setdefault((group, cell.name), cell.line)
            if first != cell.line:
                fail(f"{cell.role} {cell.name!r} stands at line {first} already")
        if cell.role is Role.ALTERNATIVE:
            fail("alternatives belong in alternatives.py")
    _check_pairs(source)


def _check_pairs(source: Source) -> None:
    for name, cell in source.exercises.items():
        _check_one_line(source, name, cell)
    for name, cell in source.solutions.items():
        if name not in source.checks:
            _failer(source.path, cell.line)(f"solution {name!r} has no check cell")
    for name, cell in source.answers.items():
        if name in source.exercises:
            other = source.exercises[name].role
            _failer(source.path, cell.line)(f"{name!r} names a {other} and an answer")


def _check_one_line(source: Source, name: str, cell: Cell) -> None:
    fail = _failer(source.path, cell.line)
    if not subject_of(cell):
        fail(f'the cell must be one line, check("{name}", …), with the name of what is checked')
    if cell.role is Role.ARTEFACT:
        return
    if name not in source.solutions:
        fail(f"check {name!r} has no solution cell")
    if source.solutions[name].line > cell.line:
        fail(f"check {name!r} stands before its solution in line {source.solutions[name].line}")


def _check_regions(cell: Cell, fail: Fail) -> None:
    for text in MARKER_LIKE.findall(cell.source):
        if text not in (BEGIN, END):  # misspelt, it would hide nothing from students
            fail(f"unknown marker {text!r}: write {BEGIN} or {END}")
    found = re.findall(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*$", cell.source, re.MULTILINE)
    belongs = cell.role is Role.SOLUTION
    if found and not belongs:
        fail(f"### {found[0]} SOLUTION does not belong in this cell")
    if found != ["BEGIN", "END"] * (len(found) // 2):
        fail(f"{BEGIN} and {END} do not match")
    if belongs and not found:
        fail(f"no {BEGIN} and {END} in this solution cell")


def _failer(path: Path, line: int) -> Fail:
    def fail(problem: str) -> None:
        raise SourceError(path, line, problem)

    return fail
