"""English words and their translations into pig Latin."""

import re
from importlib.resources import files
from typing import Literal

LONGEST = 20  # letters of a translation
CLUSTER = re.compile(r"(y?(?:qu|[b-df-hj-np-tv-xz])*)(.*)")  # y is a vowel but at the beginning


def translate(text: str) -> str:
    """Pig Latin for a word or a text in small letters, the parts of a hyphenated word apart.

    A vowel at the beginning: add "way". Else all consonants before the first vowel move to the end,
    and "ay" is added; "qu" moves as one, and y is a consonant at the beginning alone.
    """
    return re.sub("[a-z]+", lambda word: _translate_part(word[0]), text)


def _translate_part(word: str) -> str:
    cluster, rest = CLUSTER.fullmatch(word).groups()  # type: ignore[union-attr]  # it fits always
    return rest + (cluster or "w") + "ay"


def words(size: Literal["small", "large"], part: Literal["training", "validation"]) -> list[str]:
    """The words of a data set: 3,198 common ones, or 22,402 with these; four fifths are to train.

    No word is in two parts, of whatever sets. They are those of SCOWL, whose licence stands beside
    them in `pig_latin_words/copyright.txt`.
    """
    return _listed(f"small_{part}") + (_listed(f"more_{part}") if size == "large" else [])


def held_out_words() -> list[str]:
    """Words as common as those of the small set, which are in no other part."""
    return _listed("held_out")


def _listed(part: str) -> list[str]:
    path = files("autograder.tools") / f"pig_latin_words/{part}.txt"
    return path.read_text(encoding="ascii").split()
