"""mistakes.toml: known wrong answers, as edits of the reference."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.assignment.edits import EditError, edited
from autograder.assignment.source import Source, read_text
from autograder.assignment.translated import read_sentences
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
    where: str  # file, line and entry
    same_as: str | None = None
    edits: tuple[tuple[str, str], ...] = ()  # texts of the reference, and their replacements


class MistakesError(ToldError):
    """A mistakes.toml that does not fit its source; the message names file, line and entry."""


def read_mistakes(source: Source) -> list[KnownMistake]:
    """The mistakes beside a source, in its language as far as they are translated.

    Raises MistakesError where an entry cannot be applied, and TranslationError.
    """
    path = source.path.with_name("mistakes.toml")
    if not path.exists():
        return []
    text = read_text(path)
    lines = {(exercise, name): f":{number}" for number, exercise, name in _sentences(text)}
    found = []
    for exercise, name, entry in _entries(path, text):
        where = f"{path}{lines.get((exercise, name), '')}: {exercise}.{name}"
        found.append(_mistake(source, exercise, name, entry, where))
    told = read_sentences(source, {(mistake.exercise, mistake.name) for mistake in found})
    return [replace(m, says=told.get((m.exercise, m.name), m.says)) for m in found]


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
    return KnownMistake(exercise, name, solution, says, where, same_as, tuple(edits.items()))
