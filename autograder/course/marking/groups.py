"""Answers that are the same, put together, in an order that tells nothing of whose they are."""

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from autograder.course.marking.answers import Written
from autograder.course.marking.ledger import Entry
from autograder.settings import SettingsError

KEY_LENGTH = 24  # hexadecimal digits


@dataclass(frozen=True)
class Group:
    """The same answer of one student or several, and what each has for it.

    `key` stands for it in addresses; the course secret makes it, so that it says nothing.
    """

    key: str
    spellings: tuple[Written, ...]
    entries: tuple[Entry, ...]

    @property
    def written(self) -> Written:
        """One of them, in one of its spellings."""
        return self.spellings[0]

    @property
    def waiting(self) -> list[Entry]:
        """Those that no grader has looked at, or not since they changed."""
        return [entry for entry in self.entries if entry.waits]

    @property
    def targets(self) -> list[Entry]:
        """Whose mark a grader gives: those that wait; where none does, all of them."""
        return self.waiting or [*self.entries]

    @property
    def others(self) -> list[Entry]:
        """Those that have their mark already, while others wait."""
        return [entry for entry in self.entries if not entry.waits] if self.waiting else []

    @cached_property
    def version(self) -> str:
        """What a grader sees of the marks; other marks give another version."""
        seen = sorted((each.grade, each.waits, *each.mark) for each in self.targets)
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:KEY_LENGTH]

    @property
    def agreed(self) -> Entry | None:
        """One whose mark the page begins with: the same text's, or what an earlier text earned."""
        for entries in (self.others, self.targets):
            marked = [entry for entry in entries if entry.manual is not None]
            if marked and len({entry.mark for entry in marked}) == 1:
                return marked[0]
        return None


def groups_of(
    entries: Iterable[Entry], texts: Mapping[str, Written], secret: bytes, name: str
) -> list[Group]:
    """Groups of one answer's entries, shuffled by the secret; `texts` are by student."""
    found: dict[str, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in sorted(entries, key=lambda each: each.grade):
        if entry.student in texts:
            written = texts[entry.student]
            found[_key(secret, name, written.same)][written.text].append(entry)
    return [_group(key, found[key], texts) for key in sorted(found)]


def _group(key: str, spelt: dict[str, list[Entry]], texts: Mapping[str, Written]) -> Group:
    often = sorted(spelt.items(), key=lambda spelling: (-len(spelling[1]), spelling[0]))
    spellings = tuple(texts[entries[0].student] for _, entries in often)
    return Group(key, spellings, tuple(entry for _, entries in often for entry in entries))


def _key(secret: bytes, name: str, text: str) -> str:
    message = f"mark/{name}/{text}".encode(errors="surrogatepass")
    return hmac.digest(secret, message, hashlib.sha256).hex()[:KEY_LENGTH]


@dataclass(frozen=True)
class Share:
    """The part of all groups that one of several graders marks: `number` of `count`, from 1."""

    number: int = 1
    count: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def of(self, groups: list[Group]) -> list[Group]:
        """Neighbours in the shuffled order: who hands in later moves few from part to part."""
        first, end = ((k * len(groups)) // self.count for k in (self.number - 1, self.number))
        return groups[first:end]


def read_share(text: str) -> Share:
    """As in `2/3`. Raises SettingsError."""
    number, _, count = text.partition("/")
    if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return Share(int(number), int(count))
    raise SettingsError(f"--part {text}: write 1/3, 2/3 and 3/3 for three graders")
