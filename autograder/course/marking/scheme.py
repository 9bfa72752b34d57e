"""Marking schemes, as authors write them, in parts: items with points, and what is said between.

Nothing of a scheme is lost: what is no item, such as "a bare yes earns nothing", is a remark.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from autograder.tools.words import FORMULA

SCHEME = re.compile(r"^Marking:[ \t]*", re.M)
POINTS = r"(?P<points>\d+(?:\.\d+)?|½|half a)"
ITEM = re.compile(
    r"(?:^|(?<=[;:,.] )|(?<=\band ))" + POINTS + r" (?:points? )?(?P<each>each )?for "
)
IN_ALL = re.compile(r"\((\d+) in all\)")
SENTENCE_END = re.compile(r"\.(?= |$)")
HALF = ("½", "half a")
ASIDE = re.compile(r"\([^()]*\)|\"[^\"]*\"|`[^`]*`")  # numbers in there begin no item


@dataclass(frozen=True)
class Item:
    """What earns points: so many in all, and so many at a time."""

    points: float
    step: float
    text: str


Part: TypeAlias = Item | str


@dataclass(frozen=True)
class Scheme:
    """The model answer of a written answer, and how it is marked."""

    model: str
    parts: tuple[Part, ...]

    @property
    def items(self) -> list[Item]:
        """What earns points, in order."""
        return [part for part in self.parts if isinstance(part, Item)]


def read_scheme(text: str) -> Scheme:
    """The parts of an author's text for an answer: a model answer, then `Marking:` and a scheme."""
    model, *schemes = SCHEME.split(text)
    model = model.strip().removeprefix("Model answer:").lstrip()
    return Scheme(model[:1].upper() + model[1:], tuple(_parts(" ".join(" ".join(schemes).split()))))


def _parts(text: str) -> Iterator[Part]:
    """Items and remarks; an item ends with its sentence, or where the next one begins."""
    bare = _without_asides(text)
    starts = [*ITEM.finditer(bare)]
    ends = [*(found.start() for found in starts), len(text)]
    yield from _remark(text[: ends[0]])
    for found, end in zip(starts, ends[1:], strict=True):
        stop = SENTENCE_END.search(bare, found.end(), end)
        middle = stop.end() if stop else end
        yield _item(found, text[found.end() : middle])
        yield from _remark(text[middle:end])


def _without_asides(text: str) -> str:
    """The same length, with blanks where quotations, formulas and brackets are."""
    for pattern in (FORMULA, ASIDE):
        text = pattern.sub(lambda found: "_" * len(found[0]), text)
    return text


def _item(found: re.Match[str], text: str) -> Item:
    step = 0.5 if found["points"] in HALF else float(found["points"])
    in_all = IN_ALL.search(text) if found["each"] else None
    return Item(float(in_all[1]) if in_all else step, step, _trimmed(text))


def _trimmed(text: str) -> str:
    """An item without what joined it to the next one."""
    return re.sub(r"[ ;,.]+(and)?[ ;,.]*$", "", text).strip()


def _remark(text: str) -> Iterator[str]:
    if re.search(r"\w", text.strip(" ;,.")) and text.strip() != "and":
        yield text.strip()
