"""mistakes.toml and alternatives.py: known wrong answers, and right answers in other words."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment.source import Cell, Source, SourceError, parse
from autograder.errors import ToldError


@dataclass(frozen=True)
class KnownMistake:
    """One entry of mistakes.toml: an edit of the reference, and the sentence for the student.

    `same_as` names another mistake that does the same to the numbers.
    """

    exercise: str
    name: str
    solution: str  # the mistaken solution cell
    says: str
    same_as: str | None = None


class MistakesError(ToldError):
    """A mistakes.toml that does not fit its source; the message names file and entry."""


def read_mistakes(source: Source) -> list[KnownMistake]:
    """The mistakes beside a source. Raises MistakesError where an entry cannot be applied."""
    path = source.path.with_name("mistakes.toml")
    if not path.exists():
        return []
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise MistakesError(f"{path}: {error}") from None
    return [
        _mistake(source, path, exercise, entry)
        for exercise, entries in tables.items()
        for entry in (entries if isinstance(entries, list) else [entries])
    ]


def _mistake(source: Source, path: Path, exercise: str, entry: object) -> KnownMistake:
    if not isinstance(entry, dict):
        raise MistakesError(f"{path}: {exercise}: start each mistake with [[{exercise}]]")
    where = f"{path}: {exercise}.{entry.get('name', '?')}"
    if exercise not in source.solutions:
        raise MistakesError(f"{where}: {source.path} has no solution {exercise!r}")
    fields = {"name", "find", "replace", "says"}
    if not fields <= entry.keys() <= fields | {"same_as"}:
        raise MistakesError(f"{where}: wants name, find, replace and says (and may have same_as)")
    cell = source.solutions[exercise].source
    for key in ("find", "replace"):
        if isinstance(entry[key], str):
            entry[key] = [entry[key]]
    if len(entry["find"]) != len(entry["replace"]):
        raise MistakesError(f"{where}: as many texts to find as to replace")
    for old, new in zip(entry["find"], entry["replace"], strict=True):
        if cell.count(old) != 1:
            raise MistakesError(f"{where}: {old!r} is found {cell.count(old)} times, not once")
        cell = cell.replace(old, new)
    return KnownMistake(exercise, entry["name"], cell, entry["says"], entry.get("same_as"))


@dataclass(frozen=True)
class Alternative:
    """A right answer written differently: the whole solution cell, and what is different."""

    exercise: str
    title: str
    solution: str


def read_alternatives(source: Source) -> list[Alternative]:
    """The alternatives beside a source; cells without a role (imports) are for the linter only."""
    path = source.path.with_name("alternatives.py")
    if not path.exists():
        return []
    cells = parse(path.read_text(encoding="utf-8"), path).cells
    return list(_alternatives(source, path, cells))


def _alternatives(source: Source, path: Path, cells: tuple[Cell, ...]) -> Iterator[Alternative]:
    for cell in cells:
        if cell.role is None:
            continue
        if cell.role != "alternative" or cell.name not in source.solutions:
            raise SourceError(path, cell.line, f'no solution {cell.name!r}: write alternative="…"')
        yield Alternative(cell.name, cell.title or "alternative", cell.source)
