"""What stands beside a source, in another language: `hints.zh.toml`, `mistakes.zh.toml` and so on.

Each has the form of the file that it translates. What it leaves out stays as it is there, and the
build says so.
"""

import string
import tomllib
from collections.abc import Iterator
from typing import Any

from autograder.assignment.source import Source, read_text
from autograder.errors import ToldError

Tables = dict[str, Any]


class TranslationError(ToldError):
    """A translation that does not fit what it translates; the message names the file."""


def read_tables(source: Source, name: str) -> Tables:
    """The tables of a file in the source's language; none where it has none, or there is no file.

    `name` is that of the file without its ending, such as `hints`. Raises TranslationError.
    """
    path = source.path.with_name(f"{name}.{source.language}.toml")
    if not source.language or not path.exists():
        return {}
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise TranslationError(f"{path}: {error}") from None


def read_sentences(source: Source, known: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What is said of mistakes in the source's language, by exercise and name, as far as it is.

    `known` are those that there are. Raises TranslationError for others, and for what is no text.
    """
    where = f"{source.path.parent}/mistakes.{source.language}.toml"
    found = {}
    for exercise, sentences in read_tables(source, "mistakes").items():
        for name, says in sentences.items() if isinstance(sentences, dict) else [("", "")]:
            if (exercise, name) not in known:
                raise TranslationError(f"{where}: {exercise}.{name} is no mistake of mistakes.toml")
            if not isinstance(says, str) or not says.strip():
                raise TranslationError(f'{where}: {exercise}.{name}: write {name} = "…"')
            found[exercise, name] = says
    return found


def read_words(source: Source) -> dict[str, str]:
    """What the source's own checks say, in its language: texts, also with `{placeholders}`.

    Names of measures, which the source gives, are among them. Raises TranslationError for a text
    that stands in neither, and for other placeholders.
    """
    where, words = f"{source.path.parent}/checks.{source.language}.toml", {}
    for text, translation in read_tables(source, "checks").items():
        if not isinstance(translation, str):
            raise TranslationError(f'{where}: write "a text" = "its translation"')
        if any(part not in source.text + source.checks_text for part, _ in _parts(text)):
            raise TranslationError(f"{where}: no check says anything like {text!r}")
        if placeholders(text) != placeholders(translation):
            raise TranslationError(f"{where}: {text!r} has other placeholders in its translation")
        words[text] = translation
    return words


def placeholders(text: str) -> list[str]:
    """The names between braces in a text, sorted. Raises ValueError where these do not match."""
    return sorted(name for _, name in _parts(text) if name is not None)


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    """Literal texts, each with the name of the placeholder behind it."""
    return ((literal, name) for literal, name, _, _ in string.Formatter().parse(text))
