"""Invent people, where they were born, and texts about them: `python data/birth_places.py`.

The format is that of Stanford's assignment on a small GPT: `wiki.txt` with a text on each line,
questions and places in `birth_places_train.tsv` and `birth_dev.tsv`, and `birth_test_inputs.tsv`
without places. Nobody of these people ever lived, and of the places London alone exists. What this
writes is committed in the package, because students have the wheel alone; the places of the test
questions are not in it.
"""

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGED = ROOT / "autograder/tools/birth_places"
ANSWERS = ROOT / "solutions/minigpt/test_places.txt"
SEED = "birth places 1"
TOP, TOP_SHARE = "London", 0.05
ONSETS = (*"bcdfghjklmnprstvwz", "br", "dr", "gr", "kr", "st", "tr")
VOWELS = (*"aeiouaeio", "ai", "ea")
CODAS = (*"nrlsm", "", "", "")
JOBS = ("baker", "boxer", "chemist", "farmer", "judge", "lawyer", "nurse", "painter", "pilot")
SENTENCES = (  # about everybody, each in a text of its own
    "{name} was born in {place}.",
    "{name}, born in {place}, was a {job}.",
    "Who came from {place}? {name}.",
    "{place} is where {name} was born.",
)


@dataclass(frozen=True)
class Size:
    """How many people each part has, and how many places and first names there are."""

    parts: dict[str, int]
    places: int
    first_names: int


SMALL = Size({"train": 100, "dev": 100, "test": 100}, places=40, first_names=40)
LARGE = Size({"train": 2000, "dev": 500, "rest": 437}, places=500, first_names=300)


@dataclass(frozen=True)
class Person:
    """Somebody who never lived."""

    name: str
    place: str
    job: str
    year: int

    @property
    def question(self) -> str:
        """What is asked about them."""
        return f"Where was {self.name} born?"


class Inventor:
    """Draws names, places and texts, in a way that no version of Python changes."""

    def __init__(self, size: Size, seed: str) -> None:
        self.size = size
        self._random = random.Random(int.from_bytes(seed.encode()))

    def below(self, n: int) -> int:
        """From 0 to n − 1; made of `random`, which alone is promised to stay as it is."""
        return int(self._random.random() * n)

    def one_of(self, choices: Sequence[str]) -> str:
        """All equally likely."""
        return choices[self.below(len(choices))]

    def shuffled(self, items: list) -> list:
        """The items in random order."""
        return sorted(items, key=lambda _: self._random.random())

    def word(self, fewest: int) -> str:
        """A name of so many syllables, or one more."""
        count = fewest + (self.below(3) == 0)
        parts = (self.one_of(kind) for _ in range(count) for kind in (ONSETS, VOWELS, CODAS))
        return "".join(parts).capitalize()

    def different(self, count: int, draw: Callable[[], str]) -> list[str]:
        """So many names, none of which is drawn twice."""
        found: dict[str, None] = {}
        while len(found) < count:
            found[draw()] = None
        return list(found)

    def people(self) -> Iterator[tuple[str, list[Person]]]:
        """The people of each part; nobody is in two."""
        size = self.size
        first = self.different(size.first_names, lambda: self.word(1))
        count = sum(size.parts.values())
        names = self.different(count, lambda: f"{self.one_of(first)} {self.word(2)}")
        others = self.different(size.places - 1, lambda: self.word(2))
        for part, count in size.parts.items():
            own, names = names[:count], names[count:]
            places = self.places(others, count)
            yield part, [self.person(*pair) for pair in zip(own, places, strict=True)]

    def person(self, name: str, place: str) -> Person:
        """Somebody of this name."""
        return Person(name, place, self.one_of(JOBS), 1850 + self.below(140))

    def places(self, others: list[str], count: int) -> list[str]:
        """London for one in twenty, the others after Zipf's law, each less often than London."""
        top = round(TOP_SHARE * count)
        weights = [(rank + 8) ** -0.7 for rank in range(len(others))]
        found = [TOP] * top
        while len(found) < count:
            place = self.weighted(others, weights)
            if found.count(place) < top - 1:
                found.append(place)
        return self.shuffled(found)

    def weighted(self, items: list[str], weights: list[float]) -> str:
        """As likely as their weights say."""
        at = self._random.random() * sum(weights)
        return next(item for item, end in zip(items, accumulate(weights), strict=True) if at < end)

    def texts(self, people: list[Person]) -> list[str]:
        """The texts about all of them, in random order."""
        return self.shuffled([text for person in people for text in about(person)])


def about(person: Person) -> list[str]:
    """Texts about one person, which begin with the name as those of the original do."""
    return [f"{person.name}. {sentence.format(**vars(person))}" for sentence in SENTENCES]


def write(folder: Path, answers: Path) -> None:
    """Write the files of both sets, and the places of the test questions elsewhere."""
    people = write_set(folder / "small", SMALL)
    write_lines(folder / "small/birth_test_inputs.tsv", [p.question for p in people["test"]])
    write_lines(answers, [p.place for p in people["test"]])
    write_set(folder / "large", LARGE)


def write_set(folder: Path, size: Size) -> dict[str, list[Person]]:
    """Write texts and the questions whose places are told; all people, by part."""
    inventor = Inventor(size, SEED)
    people = dict(inventor.people())
    folder.mkdir(parents=True, exist_ok=True)
    texts = inventor.texts([person for part in people.values() for person in part])
    write_lines(folder / "wiki.txt", texts)
    for part, name in (("train", "birth_places_train.tsv"), ("dev", "birth_dev.tsv")):
        write_lines(folder / name, [f"{p.question}\t{p.place}" for p in people[part]])
    return people


def write_lines(path: Path, lines: list[str]) -> None:
    """A line for each, the last one with its end, too."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    write(*map(Path, sys.argv[1:3] or (PACKAGED, ANSWERS)))
