"""Checks in other languages: whole catalogues, and what is said in them."""

import re
from gettext import GNUTranslations
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from autograder.checks import language
from autograder.checks.always import FACTOR, LARGE, SMALL
from autograder.checks.comparison import compare
from autograder.checks.evidence import Evidence, normalise
from autograder.checks.language import LOCALE, N_, _, in_every_language, speak, speaking, word
from autograder.checks.text.cell_texts import ANSWER, LIMIT, answer_line

PACKAGE = Path(language.__file__).parents[1]
CATALOGUES = sorted(LOCALE.glob("*/LC_MESSAGES/checks.po"))


@pytest.fixture(autouse=True)
def english():
    yield
    speak("en")


def said():
    """All sentences of the package."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if re.search(r"_\(|tr\(", path.read_text(encoding="utf-8")):
            messages = extract_from_file("python", path, keywords=dict.fromkeys(("_", "N_", "tr")))
            found |= {message for _line, message, _comments, _context in messages}
    return found


def placeholders(text):
    """The names between braces, without formats and attributes."""
    names = (name for _text, name, *_rest in Formatter().parse(text) if name is not None)
    return {re.split(r"[.\[]", name)[0] for name in names}


def catalogue(path):
    with path.open("rb") as file:
        return read_po(file)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_sentence_is_translated_and_no_other(path):
    """`make catalogues` brings them up to date."""
    known = {message.id: message for message in catalogue(path) if message.id}
    assert known.keys() == said()
    assert [m.id for m in known.values() if not m.string or m.fuzzy] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_placeholders_and_marks_are_those_of_the_sentence(path):
    for message in catalogue(path):
        for pattern in (r"[✓✗○]", r"`[^`{]+`"):
            assert sorted(re.findall(pattern, message.string)) >= sorted(
                each for each in re.findall(pattern, message.id) if "needs" not in each
            ), message.id
        if message.python_brace_format:
            assert placeholders(message.string) == placeholders(message.id), message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_what_is_read_is_what_is_written(path):
    with path.with_suffix(".mo").open("rb") as compiled:
        read = {id: string for id, string in GNUTranslations(compiled)._catalog.items() if id}
    assert read == {m.id: m.string for m in catalogue(path) if m.id}, "run `make catalogues`"


def test_a_language_is_spoken_until_another_is():
    wrong = Evidence(normalise([1.0])), Evidence(normalise([2.0, 3.0]))
    with speaking("zh"):
        assert (
            compare(*wrong).summary == "长度不正确" and compare(*wrong).detail == "应为 1，得到 2"
        )
    assert compare(*wrong).summary == "wrong length"
    speak("zh")
    assert _(N_("not written yet")) == "尚未编写" and _("") == ""
    speak("of nobody")
    assert _("not written yet") == "not written yet"


def test_words_of_authors_may_hold_numbers():
    speak("zh", {"finite": "有限", "keeps {share} of {n}": "在 {n} 个中保留 {share}"})
    assert word("finite") == "有限" and word("keeps 30% of 7") == "在 7 个中保留 30%"
    assert word("keeps nothing") == "keeps nothing"
    speak("en")
    assert word("finite") == "finite"


@pytest.mark.parametrize("code", language.languages())
def test_the_line_of_an_answer_is_found_in_every_language(code):
    with speaking(code):
        limited, free = answer_line("why", 2.5, 40), answer_line("how", 1, None)
    assert ANSWER.findall(f"{limited}\n\n{free}\n\n**CNN** (3 layers)") == ["why", "how"]
    assert LIMIT.findall(f"{limited}\n{free}") == [("why", "40")]
    assert len({*in_every_language("not written yet")}) == len(language.languages())


def test_sizes_of_inputs_are_as_they_are_called():
    assert f"{FACTOR:g} times as small" in SMALL and f"{FACTOR:g} times as large" in LARGE
