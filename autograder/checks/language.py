"""The language that checks speak: English sentences are gettext's ids, catalogues translate them.

A notebook's visible key chooses the language; what builds and what judges speak the course's own.
"""

import contextlib
import gettext
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).with_name("locale")
DOMAIN = "checks"
ENGLISH = "en"
PLACEHOLDER = re.compile(r"\\\{\w*\\\}")  # as `re.escape` leaves it

_spoken: list[gettext.NullTranslations] = [gettext.NullTranslations()]  # the last one is
_words: list[Mapping[str, str]] = [{}]  # authors' own, beside it


def _(message: str) -> str:
    """A sentence of the package in the language that is spoken."""
    return _spoken[-1].gettext(message) if message else ""


def N_(message: str) -> str:
    """Mark a sentence that is translated later, when it is said."""
    return message


def word(text: str) -> str:
    """A text of an assignment's own checks, which its author may have translated.

    The texts that are known may have placeholders, such as `keeps {share} of them`.
    """
    if (known := _words[-1].get(text)) is not None:
        return known
    for template, translation in _words[-1].items():
        if "{" in template and (found := _pattern(template).fullmatch(text)):
            return translation.format(**found.groupdict())
    return text


@cache
def _pattern(template: str) -> re.Pattern[str]:
    named = PLACEHOLDER.sub(lambda found: f"(?P<{found[0][2:-2]}>.+?)", re.escape(template))
    return re.compile(named, re.DOTALL)


def languages() -> tuple[str, ...]:
    """All that checks speak, English first."""
    return ENGLISH, *sorted(path.parts[-3] for path in LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))


def speak(language: str, words: Mapping[str, str] | None = None) -> None:
    """Say all in a language from now on; in English where that language is not known."""
    _spoken[-1], _words[-1] = _catalogue(language), words or {}


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say all in a language for a while."""
    _spoken.append(_catalogue(language))
    _words.append({})
    try:
        yield
    finally:
        _spoken.pop()
        _words.pop()


def spoken() -> str:
    """The language in which all is said now."""
    return _spoken[-1].info().get("language", ENGLISH)


def own_name(language: str) -> str:
    """A language as those who speak it call it."""
    return _catalogue(language).gettext(N_("English"))


def in_every_language(message: str) -> tuple[str, ...]:
    """What a sentence is in each language: what is looked for in notebooks may be any of them."""
    return tuple(_catalogue(language).gettext(message) for language in languages())


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE, [language], fallback=True)
