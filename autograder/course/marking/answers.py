"""What a class wrote: the answers in its autograded notebooks, which are the ones that count."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import reads_json

from autograder.assignment.cells import Kind, name_of
from autograder.course.collecting.people import Student
from autograder.course.gradebook import Nbgrader
from autograder.course.marking.names import without_names
from autograder.grading.pages.items import own_text
from autograder.grading.pages.markdown import Attachments
from autograder.tools.words import FORMULA

CASE_MATTERS = re.compile(rf"{FORMULA.pattern}|`[^`]+`", re.S)


@dataclass(frozen=True)
class Written:
    """One answer of one student."""

    text: str
    attachments: Attachments = field(default_factory=dict)

    @cached_property
    def same(self) -> str:
        """What answers that are the same have in common: all but white space and capitals.

        In formulas and code Q is not q.
        """
        text, parts, at = unicodedata.normalize("NFC", self.text), [], 0
        for kept in CASE_MATTERS.finditer(text):
            parts += [text[at : kept.start()].casefold(), kept[0]]
            at = kept.end()
        words = " ".join("".join([*parts, text[at:].casefold()]).split())
        pictures = json.dumps(self.attachments, sort_keys=True) if self.attachments else ""
        return words + hashlib.sha256(pictures.encode()).hexdigest() if pictures else words


class Answers:
    """The answers of an assignment; a notebook is read again when it was graded again."""

    def __init__(
        self, nbgrader: Nbgrader, assignment: str, people: Mapping[str, Student] | None = None
    ) -> None:
        self.nbgrader, self.assignment = nbgrader, assignment
        self.people = people or {}
        self._read: dict[str, tuple[tuple[int, int], dict[str, Written]]] = {}

    def read(self, students: Iterable[str]) -> None:
        """Read the notebooks of some students, so that nobody waits for them later."""
        for student in students:
            self.of(student)

    def of(self, student: str) -> dict[str, Written]:
        """A student's answers by name; none where no notebook can be read."""
        path = self.nbgrader.autograded(self.assignment, student)
        try:
            state = path.stat()
            version = (state.st_mtime_ns, state.st_size)
            if self._read.get(student, (None,))[0] != version:
                self._read[student] = (version, self._written(path, student))
        except (OSError, ValueError, KeyError, AttributeError):  # gone, or half written
            return {}
        return self._read[student][1]

    def _written(self, path: Path, student: str) -> dict[str, Written]:
        cells = reads_json(path.read_text(encoding="utf-8")).cells
        named = ((name_of(cell), cell) for cell in cells)
        author = self.people.get(student, Student(student))
        return {
            name.name: _nameless(cell, author)
            for name, cell in named
            if name is not None and name.kind is Kind.ANSWER
        }


def _nameless(cell: NotebookNode, author: Student) -> Written:
    """An answer without its author's name, in its text and in the names of its pictures."""
    pictures = cell.get("attachments", {})
    text, *names = without_names([own_text(cell), *pictures], author)
    return Written(text, dict(zip(names, pictures.values(), strict=True)))
