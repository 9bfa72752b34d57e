"""Whose a handed-in file is and what it is.

Whose, a learning-management system says; only where it says nothing about the roster's students do
names that the students wrote count: `<student id>_<name>_lab3.ipynb`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograder.course.collecting.downloads import Download
from autograder.course.collecting.lms import Export, Path, normal
from autograder.course.collecting.people import (
    SAFE_ID,
    AmbiguousError,
    People,
    folded,
    squeezed,
)
from autograder.course.collecting.stems import AROUND, Stem, Stems

COLLECTED, UNKNOWN, MISNAMED, IGNORED = "collected", "unknown", "misnamed", "ignored"
LITTER = re.compile(
    r"\..*|~\$.*|__MACOSX|Thumbs\.db|desktop\.ini|timestamp\.txt|submission_metadata\.yml"
    r"|.+_assignsubmission_onlinetext_?.*|Feedback Attachment\(s\)",
    re.IGNORECASE,
)
NOTHING = Export()


@dataclass(frozen=True)
class Reading:
    """A file's student and its name in their folder; or the state and reason of its being no one's.

    `says` is for people. `rank` orders versions that were handed in at the same time.
    """

    state: str
    says: str = ""
    student: str = ""
    file: str = ""
    is_named: bool = True  # by the word for what it is
    rank: tuple[int, int] = (0, 0)
    export: Export = NOTHING
    is_claimed: bool = False  # by its name, where a system says someone whom nobody knows


class Names:
    """Reads paths for one assignment.

    `words` gives for what students write the name of the released notebook.
    """

    def __init__(self, words: dict[str, str], people: People) -> None:
        self.words, self.people, self.stems = words, people, Stems(words)
        self.notebook = next(iter(words))

    def download(self, paths: Sequence[Path]) -> Download:
        """How the paths of one download are to be read."""
        return Download(
            [*map(normal, paths)],
            lambda part: bool(self._vouched(part)),
            lambda export: bool(self._handed_in_by(export)[0]),
        )

    def readings(self, parts: Path, download: Download | None = None) -> list[Reading]:
        """What a file is, for each student whose it is; once where it is nobody's.

        `parts` are the names of its folders and archives, and its own.
        """
        parts = normal(parts)
        if any(LITTER.fullmatch(part) for part in parts):
            return [Reading(IGNORED)]
        download = download or self.download([parts])
        export = download.export(parts)
        students, problem = self._handed_in_by(export)
        stem = self.stems.divide(export.file[-1]) if export.file else None
        if stem is None or (download.system and not export.system and not stem.kind):
            return [Reading(IGNORED)]  # what a system wrote
        if not stem.kind:
            return [Reading(MISNAMED, "is neither a notebook nor a model nor a photo")]
        if problem:
            found = [self._refused(stem, problem)]
        elif students:
            others = [
                each for each in self.people.ids(" ".join(export.file)) if each not in students
            ]
            found = [self._by_system(stem, student, others) for student in students]
        else:
            found = [self._by_words(stem, export)]
        rank = export.serial, stem.copy
        return [replace(reading, export=export, rank=rank) for reading in found]

    def _handed_in_by(self, export: Export) -> tuple[list[str], str]:
        """The students whom a system names, or why it cannot be said."""
        try:
            who = [self.people.who(person) for person in export.people]
        except AmbiguousError as error:
            return [], str(error)
        return sorted({student for each in who for student in each}), ""

    def _by_system(self, stem: Stem, student: str, others: list[str]) -> Reading:
        """A file of the student who handed it in, whatever they call it, and whose ids it has."""
        if problem := "" if stem.kind == "notebook" else self._problem(stem, student):
            return Reading(MISNAMED, problem)
        if not stem.word and len({*self.words.values()}) > 1:
            return self._refused(stem, "may be any of several notebooks", student)
        says = "" if stem.word else f"was taken for {self._proper(stem, student)}"
        if others:
            says = f"has the id of {others[0]}, but was handed in by {student}"
        named = (bool(stem.word) or stem.kind == "answer") and not others
        return Reading(COLLECTED, says, student, self._canonical(stem, student), named)

    def _by_words(self, stem: Stem, export: Export) -> Reading:
        """By the id in its name, or in those of folders and archives around it."""
        own = self._ids(stem)
        around = next(filter(None, map(self._vouched, export.file[:-1])), [])
        found = [*dict.fromkeys([*around, *own])]
        if len(found) > 1:
            return Reading(MISNAMED, f"holds the ids of two students, {' and '.join(found)}")
        if not found:
            return self._nobodys(stem, export)
        (student,) = found
        if problem := self._problem(stem, student):
            return Reading(MISNAMED, problem)
        is_plain = stem.is_plain and bool(own) and stem.front.startswith(f"{student}_")
        says = "" if is_plain else f"was taken for {self._proper(stem, student)}"
        named = bool(stem.word) or stem.kind == "answer"
        file, is_claimed = self._canonical(stem, student), bool(export.system)
        return Reading(COLLECTED, says, student, file, named, is_claimed=is_claimed)

    def _ids(self, stem: Stem) -> list[str]:
        """Known ids around the word; without a roster, what looks most like one before it."""
        if self.people.students:
            return self.people.ids(stem.text)
        first = _first_word(stem.front)
        return [first] if SAFE_ID.fullmatch(first) else []

    def _vouched(self, part: str) -> list[str]:
        """Ids in the name of a folder or archive that is a student's, and not by chance."""
        text = re.sub(r"\.zip$", "", part, flags=re.IGNORECASE)
        stem = self.stems.divide(f"{text}.ipynb")
        if stem.word:
            return self._ids(stem)
        if exactly := self.people.users.get(folded(text)):
            return sorted(exactly)
        names = {each: squeezed(self.people.name(each)) for each in self.people.ids(text)}
        return [each for each, name in names.items() if name and name in squeezed(text)]

    def _nobodys(self, stem: Stem, export: Export) -> Reading:
        first = _first_word(stem.front)
        if stem.word and re.search(r"\d", first):
            says = f"{first} is no student in the roster: add it with --roster"
            return Reading(UNKNOWN, f"{says}, or correct the id and collect the file again")
        owners = self.people.named(stem.front)
        (student,) = owners if len(owners) == 1 else ("<student id>",)
        why = "has no student id"
        if export.people and self.people.students:
            why += f", and {export.account} is nobody in the roster"
        return self._refused(stem, why, student)

    def _refused(self, stem: Stem, why: str, student: str = "<student id>") -> Reading:
        proper = self._proper(stem, student)
        return Reading(MISNAMED, f"{why}: rename it to {proper} and collect it again")

    def _problem(self, stem: Stem, student: str) -> str:
        """Why a file with a student's id had better not be taken for theirs."""
        rest = _without(stem.front, student)
        others = self.people.named(rest) or {student}
        if student not in others:
            return f"has the id of {student}, but the name of {', '.join(sorted(others))}"
        several = len({*self.words.values()}) > 1 and stem.kind == "notebook"
        if not stem.word and (several or not self.people.students or re.search(r"\d", rest)):
            proper = self._proper(stem, student)
            return f"may be another piece of work: rename it to {proper} if it is not"
        return ""

    def _proper(self, stem: Stem, student: str) -> str:
        """What the file should have been called."""
        word = stem.word or {"notebook": self.notebook}.get(stem.kind, stem.kind)
        written = _without(stem.front, student) if stem.word else ""
        name = self.people.name(student) or written or "<name>"
        return f"{student}_{name}_{word}{stem.extension}"

    def _canonical(self, stem: Stem, student: str) -> str:
        if stem.kind == "notebook":
            return f"{self.words[stem.word or self.notebook]}.ipynb"
        if stem.kind in ("model", "predictions"):
            return f"{student}_{stem.kind}{stem.extension}"
        page = f"_{stem.copy}" if stem.copy else ""
        return f"{student}_answer{page}{stem.extension}"


def _first_word(text: str) -> str:
    """The first word; where that is none of a student's, the only one with a number's digits."""
    words = re.split(rf"[\s{AROUND}]+", text.strip(AROUND))
    numbers = [word for word in words if len(re.findall(r"\d", word)) >= 4]
    return numbers[0] if len(numbers) == 1 and not re.search(r"\d", words[0]) else words[0]


def _without(front: str, student: str) -> str:
    return re.sub(re.escape(student), "", front, flags=re.IGNORECASE).strip(AROUND)
