"""Sentences to pretrain small models on: of arithmetic, and of everyday life; both with numbers."""

from collections.abc import Callable, Sequence
from functools import cache
from random import Random

from autograder.tools.verbal_arithmetic import NUMBERS, part

LARGEST = len(NUMBERS) - 1
MINUS = ("minus", "less", "take away")
PEOPLE = ("anna", "tom", "the baker", "my sister", "our neighbour", "the doctor", "a child")
THINGS = ("apples", "books", "keys", "letters", "chairs", "stamps", "shirts", "boats", "eggs")
ANIMALS = ("dog", "cat", "horse", "bird", "cow", "fish", "fox", "duck")
PLACES = ("garden", "kitchen", "street", "school", "forest", "station", "market", "river")
COLOURS = ("red", "green", "blue", "black", "white", "yellow")
DOES = ("buys", "sells", "finds", "loses", "paints", "counts", "carries", "likes")
RESTS = ("sleeps", "waits", "plays", "eats", "sings", "runs")
TIMES = ("morning", "afternoon", "evening", "night")


def _calculation(random: Random) -> str:
    """A sum or difference and its result, of those whose sign may be learned."""
    first, sign, second = random.choice(_calculated()).split()
    a, b = NUMBERS.index(first), NUMBERS.index(second)
    result = a + b if sign == "plus" else a - b
    said = NUMBERS[result] if result >= 0 else f"minus {NUMBERS[-result]}"
    return f"{first} {sign if sign == 'plus' else random.choice(MINUS)} {second} is {said}"


@cache
def _calculated() -> list[str]:
    """Statements of the training part whose result has a word."""
    texts = [statement.text for statement in part("training")]
    return [text for text in texts if " minus " in text or _total(text) <= LARGEST]


def _total(text: str) -> int:
    return sum(NUMBERS.index(word) for word in text.split()[::2])


def _comparison(random: Random) -> str:
    a, b = random.randint(0, LARGEST), random.randint(0, LARGEST)
    relation = "smaller than" if a < b else "greater than" if a > b else "equal to"
    return f"{NUMBERS[a]} is {relation} {NUMBERS[b]}"


def _counting(random: Random) -> str:
    start, length = random.randint(0, LARGEST - 3), random.randint(4, 7)
    counted = list(NUMBERS[start : start + length])
    if random.random() < 0.5:
        return f"count down {' '.join(reversed(counted))}"
    return f"count up {' '.join(counted)}"


def _neighbours(random: Random) -> str:
    a = random.randint(0, LARGEST - 1)
    if random.random() < 0.5:
        return f"{NUMBERS[a]} comes before {NUMBERS[a + 1]}"
    return f"{NUMBERS[a + 1]} comes after {NUMBERS[a]}"


def _purchase(random: Random) -> str:
    who, does, things = map(random.choice, (PEOPLE, DOES, THINGS))
    return f"{who} {does} {random.choice(NUMBERS)} {random.choice(COLOURS)} {things}"


def _animals(random: Random) -> str:
    colour, animal, rests, place = map(random.choice, (COLOURS, ANIMALS, RESTS, PLACES))
    return f"the {colour} {animal} {rests} in the {place}"


def _hour(random: Random) -> str:
    who, rests, time = map(random.choice, (PEOPLE, RESTS, TIMES))
    return f"at {random.choice(NUMBERS)} in the {time} {who} {rests}"


def _weather(random: Random) -> str:
    sign = random.choice(("plus", "minus"))
    return f"it is {sign} {random.choice(NUMBERS)} degrees in the {random.choice(PLACES)}"


def _price(random: Random) -> str:
    cost, tip = random.choice(NUMBERS), random.choice(NUMBERS)
    things, sign, animal = map(random.choice, (THINGS, ("plus", *MINUS), ANIMALS))
    return f"the {things} cost {cost} euros {sign} {tip} for the {animal}"


def _house(random: Random) -> str:
    who, place = random.choice(PEOPLE), random.choice(PLACES)
    return f"{who} lives at number {random.choice(NUMBERS)} near the {place}"


Template = Callable[[Random], str]
TEXTS: dict[str, tuple[Template, ...]] = {
    "arithmetic": (_calculation, _comparison, _counting, _neighbours),
    "everyday": (_purchase, _animals, _hour, _weather, _price, _house),
}


def sentences(text: str, count: int, seed: int = 0) -> list[str]:
    """So many random sentences of the text "arithmetic" or "everyday".

    Raises KeyError for another name.
    """
    random, templates = Random(seed), TEXTS[text]
    return [random.choice(templates)(random) for _ in range(count)]


def vocabulary(texts: Sequence[str] = tuple(TEXTS)) -> list[str]:
    """All words of the texts, and of the statements, in alphabetical order."""
    found = {word for text in texts for one in sentences(text, 5000) for word in one.split()}
    return sorted(found | set(NUMBERS))
