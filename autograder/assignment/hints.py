"""hints.toml: help for each exercise in three depths, for students who are stuck."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from autograder.assignment.regions import BEGIN, END
from autograder.assignment.source import Source, read_text
from autograder.assignment.translated import read_tables
from autograder.errors import ToldError

WORTH_HIDING = 25  # characters of a line of the solution that no hint may hold


@dataclass(frozen=True)
class Hints:
    """What helps with an exercise: each depth tells more than the one before."""

    question: str
    pointer: str
    almost: str


DEPTHS = tuple(depth.name for depth in fields(Hints))


class HintsError(ToldError):
    """A hints.toml that does not fit its source; the message names the file and the exercise."""


def read_hints(source: Source) -> dict[str, Hints]:
    """The hints beside a source, by exercise, in its language: none where there is no file.

    Raises HintsError where an exercise has none, a depth is missing, or a hint is the solution.
    """
    path = source.path.with_name("hints.toml")
    if not path.exists():
        return {}
    tables = _tables(path)
    for exercise in source.checks.keys() - tables.keys():
        raise HintsError(f"{path}: no hints for {exercise!r}")
    translated = path.with_name(f"hints.{source.language}.toml")
    every = [(path, tables), (translated, read_tables(source, "hints"))]
    return {
        exercise: _hints(source, where, exercise, table)
        for where, tables in every
        for exercise, table in tables.items()
    }


def _tables(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise HintsError(f"{path}: {error}") from None


def _hints(source: Source, path: Path, exercise: str, table: object) -> Hints:
    where = f"{path}: {exercise}"
    if exercise not in source.checks:
        raise HintsError(f"{where}: {source.path.name} has no check of that name")
    found = table if isinstance(table, dict) else {}
    texts = {name: text.strip() for name, text in found.items() if isinstance(text, str)}
    if not all(texts.get(depth) for depth in DEPTHS) or found.keys() != set(DEPTHS):
        raise HintsError(f"{where}: wants {', '.join(DEPTHS)}, each a text")
    for line in _lines_to_hide(source.solutions[exercise].source):
        if any(line in text for text in texts.values()):
            raise HintsError(f"{where}: tells a whole line of the solution: {line}")
    return Hints(**texts)


def _lines_to_hide(solution: str) -> Iterator[str]:
    """The lines of the solution regions that are long enough to be an answer."""
    inside = False
    for line in map(str.strip, solution.splitlines()):
        code = line.partition("  #")[0]
        if inside and line != END and len(code) >= WORTH_HIDING:
            yield code
        inside = line == BEGIN or (inside and line != END)
