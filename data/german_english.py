"""Write sentences of a small German and their English translations.

python data/german_english.py [FOLDER]

Descriptions of pictures in the format of Multi30k: `train.de.gz` and `train.en.gz`, a sentence on
each line, and so on. The words are those of `german_english.toml`. The grammar has what makes
German hard to align with English: three genders, endings by case, compounds, verbs in second place
and at the end of clauses, separable verbs. What a translator is free to choose is drawn here: an
English word, a tense, a comma. What this writes is committed in the package, because students have
the wheel alone.
"""

import gzip
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from autograder.tools.multi30k import PACKAGED, simple_tokens

PARTS = {"train": 8000, "val": 600, "test_2016_flickr": 600, "held_out": 1000}
SPECIALS = ("<unk>", "<pad>", "<sos>", "<eos>")
SEED = 2016

WITHIN = {"in": "in", "auf": "on", "an": "at", "unter": "under"}
ARTICLES = {  # by case and gender
    "ein": {"nom": "ein eine ein", "acc": "einen eine ein", "dat": "einem einer einem"},
    "der": {"nom": "der die das", "acc": "den die das", "dat": "dem der dem"},
}
ENDINGS = {
    "ein": {"nom": "er e es", "acc": "en e es", "dat": "en en en"},
    "der": {"nom": "e e e", "acc": "en e e", "dat": "en en en"},
}
CONTRACTED = {"in dem": "im", "an dem": "am", "von dem": "vom"}


class Word(NamedTuple):
    """The forms of a word in German, and in English once or more."""

    german: list[str]
    english: list[list[str]]


class Phrase(NamedTuple):
    """Words of both languages; the number and gender decide what goes with a noun."""

    german: str
    english: str
    plural: bool = False
    gender: int = 0  # masculine, feminine, neuter


def read(section: dict[str, str]) -> dict[str, list[Word]]:
    """The words of each table, the most frequent first."""
    return {
        name: [entry(line) for line in table.split("\n") if line] for name, table in section.items()
    }


def entry(line: str) -> Word:
    """`Mann m Männer: man men, guy guys`."""
    german, _, choices = line.partition(":")
    return Word(german.split(), [english.split() for english in choices.split(",")])


LEXICON = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
NOUNS, FIRST_PARTS, QUALITIES = (read(LEXICON[k]) for k in ("nouns", "compounds", "adjectives"))
VERBS, SMALL = read(LEXICON["verbs"]), read(LEXICON["small"])


class Speaker:
    """Draws sentences; RandomState's stream is the same for ever."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.RandomState(seed)

    def _chance(self, p: float) -> bool:
        return bool(self.random.rand() < p)

    def _one_of(self, words: list[Word]) -> Word:
        """By Zipf's law: the word of rank r with a probability in proportion to 1 / (r + 1)."""
        weights = 1 / (np.arange(len(words)) + 2.0)
        return words[self.random.choice(len(words), p=weights / weights.sum())]

    def _english(self, word: Word) -> list[str]:
        """The first translation mostly, and another one now and then."""
        if len(word.english) > 1 and self._chance(0.25):
            return word.english[1]
        return word.english[0]

    def _noun(self, kind: str, case: str, *, plural: bool | None = None) -> Phrase:
        """A noun with what stands before it."""
        return self._described(self._one_of(NOUNS[kind]), kind, case, plural=plural)

    def _described(self, word: Word, kind: str, case: str, *, plural: bool | None = None) -> Phrase:
        """A word of a kind, with an article or a number, and adjectives."""
        if self._chance(0.12):
            word = compound(self._one_of(FIRST_PARTS[kind]), word)
        if plural or (plural is None and self._chance(0.25)):
            return self._several(word, kind, case)
        singular, gender, *_ = word.german
        g, article = "mfn".index(gender[0]), "ein" if self._chance(0.75) else "der"
        german, english = [ARTICLES[article][case].split()[g]], []
        if self._chance(0.45):
            quality = self._one_of(QUALITIES[kind])
            german.append(inflected(quality.german[0], ENDINGS[article][case].split()[g]))
            english.append(self._english(quality)[0])
        german.append(weak(singular) if gender == "m*" and case != "nom" else singular)
        english.append(self._english(word)[0])
        the = "the" if article == "der" else "an" if english[0][0] in "aeiou" else "a"
        return Phrase(" ".join(german), " ".join([the, *english]), gender=g)

    def _several(self, word: Word, kind: str, case: str) -> Phrase:
        count = self._one_of(SMALL["counts"])
        german, english = [count.german[0]], [self._english(count)[0]]
        if self._chance(0.35):
            quality = self._one_of(QUALITIES[kind])
            german.append(inflected(quality.german[0], "en" if case == "dat" else "e"))
            english.append(self._english(quality)[0])
        plural = word.german[2]
        german.append(plural + "n" if case == "dat" and plural[-1] not in "ns" else plural)
        english.append(self._english(word)[1])
        return Phrase(" ".join(german), " ".join(english), plural=True)

    def _place(self) -> Phrase:
        """Where: a preposition and a noun in the dative."""
        word = self._one_of(NOUNS["places"])
        what = self._described(word, "places", "dat", plural=False)
        if self._chance(0.6):
            where = word.german[3]
            german, english = f"{where} {what.german}", f"{WITHIN[where]} {what.english}"
        else:
            preposition = self._one_of(SMALL["prepositions"])
            german = f"{preposition.german[0]} {what.german}"
            english = f"{self._english(preposition)[0]} {what.english}"
        for long, short in CONTRACTED.items():
            german = re.sub(rf"\b{long}\b", short, german)
        return Phrase(german, english)

    def _subject(self, *, bare: bool = False) -> Phrase:
        """Who, often with clothes, now and then with a clause whose verb stands at its end."""
        who = self._noun("people", "nom")
        if bare or self._chance(0.5):
            return who
        if self._chance(0.3):
            return self._relative(who)
        what = self._noun("clothes", "dat", plural=False)
        worn = "wearing" if self._chance(0.3) else "in"
        return who._replace(
            german=f"{who.german} in {what.german}", english=f"{who.english} {worn} {what.english}"
        )

    def _relative(self, who: Phrase) -> Phrase:
        pronoun = "die" if who.plural else ["der", "die", "das"][who.gender]
        verb, rest = self._action(who.plural)
        german = f"{who.german}, {pronoun} {rest.german} {verb.german},"
        return who._replace(
            german=" ".join(german.split()),
            english=f"{who.english} who {verb.english} {rest.english}",
        )

    def _action(self, plural: bool, *, apart: bool = False) -> tuple[Phrase, Phrase]:
        """The verb, and what goes with it; `apart` puts a separable part to the end."""
        handles = self._chance(0.45)
        word = self._one_of(VERBS["handling" if handles else "doing"])
        form, part = word.german[plural], word.german[2].strip("-")
        simple, many, ing = self._english(word)
        is_doing = f"{'are' if plural else 'is'} {ing}"
        verb = is_doing if self._chance(0.6) else many if plural else simple
        rest = [self._noun("things", "acc")] if handles else []
        if self._chance(0.35 if handles else 0.8):
            rest.append(self._place())
        german, english, *_ = joined(*rest) if rest else ("", "")
        if apart:
            return Phrase(form, verb), Phrase(f"{german} {part}", english)
        return Phrase(part + form, verb), Phrase(german, english)

    def sentence(self) -> tuple[str, str]:
        """A description in German and in English."""
        forms = self._plain, self._place_first, self._two_clauses, self._noun_alone
        german, english, *_ = self.random.choice(forms, p=[0.56, 0.2, 0.16, 0.08])()
        return finished(german), finished(english)

    def _plain(self) -> Phrase:
        who = self._subject()
        verb, rest = self._action(who.plural, apart=True)
        return joined(who, verb, rest)

    def _place_first(self) -> Phrase:
        """In German the verb keeps its second place, and the subject comes behind it."""
        who, where = self._subject(), self._place()
        verb, rest = self._action(who.plural, apart=True)
        comma = "," if self._chance(0.7) else ""
        return Phrase(
            f"{where.german} {verb.german} {who.german} {rest.german}",
            f"{where.english}{comma} {who.english} {verb.english} {rest.english}",
        )

    def _two_clauses(self) -> Phrase:
        """The verb of the second one stands at its end."""
        first, who = self._plain(), self._subject(bare=True)
        verb, rest = self._action(who.plural)
        while_ = "while" if self._chance(0.8) else "as"
        return Phrase(
            f"{first.german}, während {who.german} {rest.german} {verb.german}",
            f"{first.english} {while_} {who.english} {verb.english} {rest.english}",
        )

    def _noun_alone(self) -> Phrase:
        return joined(self._subject(), self._place())


def joined(*phrases: Phrase) -> Phrase:
    """One phrase of several, in the same order in both languages."""
    return Phrase(*(" ".join(texts) for texts in list(zip(*phrases, strict=True))[:2]))


def inflected(adjective: str, ending: str) -> str:
    """An adjective with its ending: müde becomes müder, and hoch hoher."""
    return ("hoh" if adjective == "hoch" else adjective.removesuffix("e")) + ending


def compound(first: Word, word: Word) -> Word:
    """Holz and Bank make Holzbank, wooden bench."""
    singular, gender, plural, *rest = word.german
    before = first.german[0]
    german = [before + singular.lower(), gender, before + plural.lower(), *rest]
    english = [[f"{first.english[0][0]}-{form}" for form in forms] for forms in word.english]
    return Word(german, english)


def weak(noun: str) -> str:
    """A weak noun in any case but the nominative."""
    return noun + ("n" if noun[-1] in "er" else "en")


def finished(text: str) -> str:
    """With a large letter in front, a point at the end, and words that belong together apart."""
    text = (
        " ".join(text.replace("-", " ").split()).replace(" ,", ",").replace(",,", ",").rstrip(",")
    )
    return text[0].upper() + text[1:] + "."


def pairs() -> Iterator[tuple[str, str]]:
    """Sentences without end, none of them twice."""
    speaker, seen = Speaker(SEED), set()
    while True:
        german, english = speaker.sentence()
        if german not in seen:
            seen.add(german)
            yield german, english


def write(folder: Path) -> None:
    """Two files for each part, and the vocabularies. No German sentence is in two parts."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = pairs()
    for part, count in PARTS.items():
        languages = zip(*islice(drawn, count), strict=True)
        for language, lines in zip(("de", "en"), languages, strict=True):
            text = "".join(f"{line}\n" for line in lines)
            path = folder / f"{part}.{language}.gz"
            path.write_bytes(gzip.compress(text.encode(), mtime=0))
            if part == "train":
                words = "\n".join(vocabulary(text)) + "\n"
                (folder / f"words.{language}.txt").write_text(words, encoding="utf-8")


def vocabulary(text: str) -> list[str]:
    """What has a number: special tokens, then words that come twice, the most frequent first."""
    counts = Counter(simple_tokens(text))
    frequent = [word for word, count in counts.items() if count >= 2]
    return [*SPECIALS, *sorted(frequent, key=lambda word: (-counts[word], word))]


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGED)
