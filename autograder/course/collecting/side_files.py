"""What systems write in files beside those of students: who handed in, and when.

Sakai's `timestamp.txt` and `members.txt` stand in a submission's folder, where no student's file
can; Gradescope's `submission_metadata.yml` stands beside the folders that it is about. In exports
of other systems files of these names are students'.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import yaml

from autograder.course.collecting.archives import BROKEN, HandedIn
from autograder.course.collecting.lms import Export, Path, Person, normal

INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?")
COMPACT = "%Y%m%d%H%M%S%f"  # as older releases of Sakai write it
MAX_BYTES = 50_000_000


@dataclass(frozen=True)
class Facts:
    """What stands beside a submission; empty where nothing does."""

    time: datetime | None = None
    people: tuple[Person, ...] = ()


AllFacts = Mapping[tuple[str, Path], Facts]  # by system and folder


def with_facts(export: Export, facts: AllFacts) -> Export:
    """What a system says of a submission, in its name and in the files beside it."""
    said = facts.get((export.system, export.front))
    if said is None:
        return export
    return replace(export, time=said.time or export.time, people=said.people or export.people)


def read_facts(files: Iterable[HandedIn]) -> AllFacts:
    """By submission, what the files beside it say; damaged ones say nothing."""
    found: dict[tuple[str, Path], Facts] = {}
    for handed_in in files:
        *around, name = normal(handed_in.parts)
        if name in READERS:
            system, read = READERS[name]
            for folder, facts in read(tuple(around), _text(handed_in)):
                known = found.get((system, folder), Facts())
                both = Facts(facts.time or known.time, facts.people or known.people)
                found[system, folder] = both
    return found


def _text(handed_in: HandedIn) -> str:
    try:
        with handed_in.open() as file:
            return file.read(MAX_BYTES).decode("utf-8-sig", errors="replace")
    except BROKEN:
        return ""


def _timestamp(folder: Path, text: str) -> Iterator[tuple[Path, Facts]]:
    yield folder, Facts(instant(text))


def _members(folder: Path, text: str) -> Iterator[tuple[Path, Facts]]:
    people = (_member(line.strip()) for line in text.splitlines() if line.strip())
    yield folder, Facts(people=tuple(people))


def _member(line: str) -> Person:
    name, _, user = line.partition("(")
    return Person((name.strip(),), (user.strip(") ") or line,))


def _metadata(folder: Path, text: str) -> Iterator[tuple[Path, Facts]]:
    try:
        submissions = yaml.load(text, yaml.BaseLoader)  # texts only: no id loses its zeros
    except yaml.YAMLError:
        return
    for name, said in _entries(submissions).items():
        submitters = _entries(said).get("submitters")
        people = map(_submitter, submitters if isinstance(submitters, list) else [])
        yield (*folder, name), Facts(instant(str(_entries(said).get("created_at"))), tuple(people))


def _submitter(said: object) -> Person:
    of = {key: str(text) for key, text in _entries(said).items()}
    ids = tuple(filter(None, [of.get("sid", "")]))
    return Person((of.get("name", ""),), ids, email=of.get("email", ""))


def _entries(said: object) -> dict[str, Any]:
    """A table without the colons of Ruby's symbols; empty where it is none."""
    found = said.items() if isinstance(said, dict) else ()
    return {str(key).lstrip(":"): value for key, value in found}


def instant(text: str) -> datetime | None:
    """A time as ISO 8601 or in digits alone, without a zone where the text has none."""
    text = text.strip()
    try:
        if found := INSTANT.match(text):
            return datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ''}")
        return datetime.strptime(text, COMPACT) if len(text) == 17 else None
    except ValueError:
        return None


READERS: dict[str, tuple[str, Callable[[Path, str], Iterator[tuple[Path, Facts]]]]] = {
    "timestamp.txt": ("Sakai", _timestamp),
    "members.txt": ("Sakai", _members),
    "submission_metadata.yml": ("Gradescope", _metadata),
}
