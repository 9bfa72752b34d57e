"""What the build translates besides texts: sentences of the visible key; and what is left out."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from autograder.assignment.hints import read_hints
from autograder.assignment.languages import in_language
from autograder.assignment.mistakes import read_mistakes
from autograder.assignment.source import Source
from autograder.assignment.translated import read_tables, read_words
from autograder.authoring.causes.candidates import candidates
from autograder.checks.causes.library import Library
from autograder.checks.key import Exercise, Key
from autograder.checks.language import DOMAIN, LOCALE, speaking

LISTED = 3  # names in one line


def translated_key(key: Key, source: Source, released: Key | None) -> Key:
    """A visible key in the language of a source, which is one of its translations.

    Sentences are those of the released one where nothing has changed since. Raises
    TranslationError.
    """
    known = released.exercises if released else {}
    exercises = {
        name: replace(exercise, library=_library(exercise, source, known.get(name)))
        for name, exercise in key.exercises.items()
    }
    words = read_words(source)
    return replace(key, exercises=exercises, language=source.language, words=words)


def _library(exercise: Exercise, source: Source, released: Exercise | None) -> Library | None:
    library, kept = exercise.library, released.library if released else None
    if library is None:
        return None
    digest = _made_from(library.made_from, source)
    if kept and kept.made_from == digest:
        return kept
    told = _translations(source, exercise.name)
    sentences = tuple(told.get(sentence, sentence) for sentence in library.sentences)
    return replace(library, made_from=digest, sentences=sentences)


def _made_from(original: str, source: Source) -> str:
    """A hash of all that a library in another language depends on."""
    catalogue = LOCALE / source.language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    beside = source.path.with_name(f"mistakes.{source.language}.toml")
    parts = (
        original.encode(),
        *(f.read_bytes() if f.exists() else b"" for f in (catalogue, beside)),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _translations(source: Source, exercise: str) -> dict[str, str]:
    """What is said of wrong answers, in the course's language and in the source's."""
    said = _said(replace(source, language=""), exercise)
    with speaking(source.language):
        translated = _said(source, exercise)
    pairs = (zip(said[each], translated[each], strict=True) for each in said.keys() & translated)
    return {sentence: translation for each in pairs for sentence, translation in each}


def _said(source: Source, exercise: str) -> dict[str, tuple[str, ...]]:
    return {each.solution: each.says for each in candidates(source, exercise)}


def left_out(source: Source) -> Iterator[str]:
    """What stays in the course's language, in lines for the author. Raises TranslationError."""
    for language in source.languages:
        spoken = in_language(source, language)
        hints, told = read_tables(spoken, "hints"), read_tables(spoken, "mistakes")
        lacking = {
            "hints": [name for name in read_hints(source) if name not in hints],
            "mistakes": [
                f"{mistake.exercise}.{mistake.name}"
                for mistake in read_mistakes(source)
                if mistake.name not in told.get(mistake.exercise, {})
            ],
        }
        for file, names in lacking.items():
            if names:
                yield f"{source.path.parent.name}/{file}.{language}.toml lacks {_listed(names)}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
