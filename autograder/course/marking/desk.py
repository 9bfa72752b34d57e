"""One grader's desk: the questions of an assignment, their groups of answers, and what is left."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine

from autograder.assignment.measured import filled
from autograder.assignment.source import Cell, parse, read_text
from autograder.course.collecting.enrolled import students_of
from autograder.course.gradebook import Nbgrader
from autograder.course.marking.answers import Answers, Written
from autograder.course.marking.groups import Group, Share, groups_of
from autograder.course.marking.ledger import ChangedError, Entry, Given, Ledger
from autograder.course.marking.scheme import Scheme, read_scheme
from autograder.errors import ToldError
from autograder.grading.pages.tasks import Section, tasks_of
from autograder.grading.repair.reading import read_notebook
from autograder.settings import Course

REUSED = 9  # comments that are offered again


class NothingError(ToldError):
    """Nothing to mark; the message says why."""


@dataclass(frozen=True)
class Question:
    """A written answer as its author states it: its task, model answer and marking scheme."""

    name: str
    of: float
    words: int | None
    scheme: Scheme
    scheme_hash: str
    section: Section

    @property
    def heading(self) -> str:
        """Its section's, as students know it."""
        return self.section.heading or self.name


@dataclass(frozen=True)
class Progress:
    """How far a question is, in answers and in groups, of this grader's part."""

    answers: int
    groups: int
    waiting: int  # answers
    groups_waiting: int

    @property
    def graded(self) -> int:
        """Answers that have their mark."""
        return self.answers - self.waiting


class Desk:
    """What a grader sees and does; whose answers they are stays here."""

    def __init__(
        self, course: Course, assignment: str, engine: Engine, grader: str, share: Share
    ) -> None:
        nbgrader = Nbgrader(course)
        self.assignment, self.share, self._secret = assignment, share, course.secret()
        self.ledger = Ledger(engine, assignment, grader)
        people = {student.id: student for student in students_of(nbgrader)}
        self.answers = Answers(nbgrader, assignment, people)
        self.questions = questions_of(course, assignment)

    @property
    def grader(self) -> str:
        """Who marks here."""
        return self.ledger.grader

    def groups(self, name: str) -> list[Group]:
        """This grader's groups of a question, in an order that the course secret shuffles."""
        return self.share.of(self._groups(name, self.ledger.entries(name)))

    def _groups(self, name: str, entries: list[Entry]) -> list[Group]:
        return groups_of(entries, self._texts(name, entries), self._secret, name)

    def _texts(self, name: str, entries: list[Entry]) -> dict[str, Written]:
        read = {entry.student: self.answers.of(entry.student).get(name) for entry in entries}
        return {student: written for student, written in read.items() if written is not None}

    def unreadable(self) -> int:
        """How many submissions wait for a grader, and have no notebook that shows their answer."""
        return len(
            {
                entry.student
                for entry in self.ledger.entries()
                if entry.waits and entry.answer not in self.answers.of(entry.student)
            }
        )

    def progress(self) -> dict[str, Progress]:
        """By question, how far it is."""
        entries: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.ledger.entries():
            entries[entry.answer].append(entry)
        return {
            name: _progress(self.share.of(self._groups(name, entries[name])))
            for name in self.questions
        }

    def comments(self, name: str) -> list[str]:
        """Comments that graders gave to answers of a question, the most frequent first."""
        found = Counter(entry.said for entry in self.ledger.entries(name) if entry.said)
        return sorted(found, key=lambda text: (-found[text], text))[:REUSED]

    def going_on(self) -> str | None:
        """The question to go on with: the one this grader was at, or else the first that waits."""
        waiting = [name for name, each in self.progress().items() if each.waiting]
        last = self.ledger.last()
        return last if last in waiting else next(iter(waiting), None)

    def find(self, name: str, key: str) -> tuple[list[Group], int]:
        """All groups of a question, and the place of one. Raises ChangedError where it is none.

        One that has gone over to another grader's part, while it was read, stands among all parts'.
        """
        everybodys = self._groups(name, self.ledger.entries(name))
        for groups in (self.share.of(everybodys), everybodys):
            for place, group in enumerate(groups):
                if group.key == key:
                    return groups, place
        raise ChangedError("nobody has this answer any more: it was handed in or graded again")

    def mark(self, name: str, key: str, version: str, given: Given) -> str | None:
        """Give a group its mark; the key of the group that waits next, if one does.

        Raises ChangedError where its marks are not those that the grader saw.
        """
        groups, place = self.find(name, key)
        group = groups[place]
        if not all(_has(entry, given) for entry in group.targets):  # else it was sent twice
            if group.version != version:
                raise ChangedError(_meanwhile(group))
            self.ledger.write(group.targets, given)
        return next((each.key for each in _after(groups, place) if each.waiting), None)


def questions_of(course: Course, assignment: str) -> dict[str, Question]:
    """Every written answer, in the notebook's order. Raises NothingError, SourceError."""
    path = course.source_path(assignment)
    sections = tasks_of(read_notebook(course.released(assignment))).sections
    answers = filled(parse(read_text(path), path)).answers
    if not answers:
        raise NothingError(f"{assignment} has no written answers")
    return {
        name: _question(cell, sections.get(f"answer-{name}", Section()))
        for name, cell in answers.items()
    }


def _question(cell: Cell, section: Section) -> Question:
    digest = hashlib.sha256(cell.source.encode()).hexdigest()[:16]
    scheme = read_scheme(cell.source)
    return Question(cell.name, cell.points, cell.words, scheme, digest, section)


def _progress(groups: list[Group]) -> Progress:
    return Progress(
        answers=sum(len(group.entries) for group in groups),
        groups=len(groups),
        waiting=sum(len(group.waiting) for group in groups),
        groups_waiting=sum(bool(group.waiting) for group in groups),
    )


def _has(entry: Entry, given: Given) -> bool:
    """Whether there is nothing to write."""
    items = entry.record.items if entry.record else ""
    is_settled = entry.waits == (given.points is None and entry.auto is None)
    return is_settled and (entry.mark, items) == (given.mark, given.items)


def _after(groups: list[Group], place: int) -> Iterator[Group]:
    """The groups behind one, and then those before it."""
    yield from groups[place + 1 :]
    yield from groups[:place]


def _meanwhile(group: Group) -> str:
    """What somebody else did while a grader was reading."""
    entry = group.agreed
    if entry is None or group.waiting:
        return "meanwhile these answers were handed in or graded again; nothing was saved"
    grader = entry.record.grader if entry.record else "somebody else"
    comment = f", saying “{entry.said}”" if entry.said else ""
    return f"meanwhile {grader} gave {entry.earned}{comment}; nothing was saved"
