"""Marks in nbgrader's gradebook: read together, written only where nobody wrote meanwhile.

Points, comments and what waits stand where the formgrader has them. A table of the kit's own beside
them keeps which items of the scheme were given, and by whom; without it no grade is missing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    GradeCell,
    SolutionCell,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    Float,
    MetaData,
    Select,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from autograder.assignment.cells import CellName, Kind
from autograder.course.trouble import stopping
from autograder.errors import ToldError

RECORDS = Table(
    "kit_marking",
    MetaData(),
    Column("grade_id", String(32), primary_key=True),
    Column("items", Text, nullable=False),  # points of each item
    Column("scheme", String(16), nullable=False),  # a hash: another scheme has other items
    Column("points", Float, nullable=False),  # where the grade says others, this is of no use
    Column("grader", Text, nullable=False),
    Column("at", DateTime, nullable=False),
)


class ChangedError(ToldError):
    """Somebody else wrote meanwhile, so that nothing was written."""


@dataclass(frozen=True)
class Record:
    """Which items of a scheme earned the points, and who gave them."""

    items: str
    scheme: str
    points: float
    grader: str


@dataclass(frozen=True)
class Entry:
    """What the gradebook says of one answer of one student."""

    student: str
    answer: str
    grade: str  # ids of its rows
    comment: str
    of: float
    auto: float | None
    manual: float | None
    extra: float | None
    waits: bool
    said: str  # a grader's comment
    record: Record | None = None

    @property
    def mark(self) -> tuple[float | None, float, str]:
        """Points, extra credit and comment that somebody gave."""
        return self.manual, self.extra or 0.0, self.said

    @property
    def points(self) -> float:
        """What it is worth now, whoever gave that."""
        return (self.auto or 0.0 if self.manual is None else self.manual) + (self.extra or 0.0)

    @property
    def earned(self) -> str:
        """The same in words."""
        return f"{self.points:g} point{'s' if self.points != 1 else ''}"


@dataclass(frozen=True)
class Given:
    """What a grader gives; no points take a mark back."""

    points: float | None
    extra: float = 0.0
    comment: str = ""
    items: str = ""
    scheme: str = ""

    @property
    def mark(self) -> tuple[float | None, float, str]:
        """As an entry has it."""
        return self.points, self.extra, self.comment


class Ledger:
    """The marks of an assignment's written answers."""

    def __init__(self, engine: Engine, assignment: str, grader: str) -> None:
        self.engine, self.assignment, self.grader = engine, assignment, grader
        with stopping():
            _make_table(engine)

    def entries(self, answer: str | None = None) -> list[Entry]:
        """Those of one written answer, or of all. Raises StoppedError."""
        with stopping(), Session(self.engine) as session:
            rows = session.execute(_query(self.assignment, answer)).all()
        return [_entry(*row) for row in rows]

    def write(self, entries: Iterable[Entry], given: Given) -> None:
        """Enter a mark for all of these, or for none of them.

        Raises ChangedError where one of them is not what it was when it was read; StoppedError.
        """
        with stopping(), Session(self.engine) as session, session.begin():
            for entry in sorted(entries, key=lambda each: each.grade):  # all in one order
                _write(session, entry, given)
                self._keep(session, entry, given)

    def _keep(self, session: Session, entry: Entry, given: Given) -> None:
        """What the gradebook has no place for."""
        session.execute(delete(RECORDS).where(RECORDS.c.grade_id == entry.grade))
        if given.points is not None:
            row = {
                "grade_id": entry.grade,
                "items": given.items,
                "scheme": given.scheme,
                "points": given.points,
                "grader": self.grader,
                "at": datetime.now(UTC).replace(tzinfo=None),
            }
            session.execute(insert(RECORDS).values(row))

    def last(self) -> str | None:
        """The written answer that this grader was at."""
        query = (
            select(GradeCell.name)
            .select_from(Grade)
            .join(RECORDS, RECORDS.c.grade_id == Grade.id)
            .join(GradeCell, GradeCell.id == Grade.cell_id)
            .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .where(Assignment.name == self.assignment, RECORDS.c.grader == self.grader)
            .order_by(RECORDS.c.at.desc())
        )
        with stopping(), Session(self.engine) as session:
            name = session.scalars(query.limit(1)).first()
        return _answer_of(name) if name else None


def _make_table(engine: Engine) -> None:
    """Make the kit's own table, unless another grader does so in the same moment."""
    try:
        RECORDS.create(engine, checkfirst=True)
    except DBAPIError:
        if not inspect(engine).has_table(RECORDS.name):
            raise


def _query(assignment: str, answer: str | None) -> Select[Any]:
    """All that entries are made of, in one question."""
    commented = aliased(SolutionCell, flat=True)
    columns: tuple[Any, ...] = (
        *(SubmittedAssignment.student_id, GradeCell.name, Grade.id, Comment.id),
        *(GradeCell.max_score, Grade.auto_score, Grade.manual_score, Grade.extra_credit),
        *(Grade.needs_manual_grade, Comment.manual_comment),
        *(RECORDS.c[name] for name in ("items", "scheme", "points", "grader")),
    )
    query = (
        select(*columns)
        .select_from(SubmittedAssignment)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(GradeCell, GradeCell.id == Grade.cell_id)
        .join(Comment, Comment.notebook_id == SubmittedNotebook.id)
        .join(commented, and_(commented.id == Comment.cell_id, commented.name == GradeCell.name))
        .outerjoin(RECORDS, RECORDS.c.grade_id == Grade.id)
        .where(Assignment.name == assignment)
    )
    if answer is None:
        return query.where(GradeCell.name.startswith(f"{Kind.ANSWER}-", autoescape=True))
    return query.where(GradeCell.name == CellName(Kind.ANSWER, answer).grade_id)


def _entry(
    student: str,
    cell: str,
    grade: str,
    comment: str,
    of: float,
    auto: float | None,
    manual: float | None,
    extra: float | None,
    waits: bool,
    said: str | None,
    *record: Any,
) -> Entry:
    is_true = record[0] is not None and record[2] == manual  # nobody gave other points since
    kept = Record(*record) if is_true else None
    answer = _answer_of(cell)
    return Entry(student, answer, grade, comment, of, auto, manual, extra, waits, said or "", kept)


def _answer_of(cell: str) -> str:
    return cell.removeprefix(f"{Kind.ANSWER}-")


def _write(session: Session, entry: Entry, given: Given) -> None:
    """Change one grade and its comment. Raises ChangedError where they are not as they were read.

    The database compares and writes in one step, so that nothing comes between the two.
    """
    grade = (
        update(Grade)
        .where(
            Grade.id == entry.grade,
            Grade.manual_score.is_not_distinct_from(entry.manual),
            Grade.extra_credit.is_not_distinct_from(entry.extra),
            Grade.needs_manual_grade == entry.waits,
        )
        .values(
            manual_score=given.points,
            extra_credit=given.extra or None,
            needs_manual_grade=given.points is None and entry.auto is None,
        )
    )
    comment = (
        update(Comment)
        .where(Comment.id == entry.comment, func.coalesce(Comment.manual_comment, "") == entry.said)
        .values(manual_comment=given.comment or None)
    )
    for change in (grade, comment):
        done: Any = session.execute(change, execution_options={"synchronize_session": False})
        if done.rowcount != 1:
            raise ChangedError("somebody marked it meanwhile; nothing was saved")
