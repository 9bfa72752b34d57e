"""The list of students: a CSV as learning-management systems export it, into the gradebook."""

import csv
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.course.collecting.names import SAFE_ID
from autograder.settings import SettingsError

# headings, the better first; Canvas, Moodle and Blackboard, in English and Chinese
ID = (
    "student id",
    "student number",
    "id number",
    "sis user id",
    "学号",
    "username",
    "user name",
    "sis login id",
    "id",
)
NAME = ("full name", "student name", "name", "student", "姓名", "display name")
FIRST, LAST = ("first name", "given name", "名"), ("last name", "surname", "姓")
EMAIL = ("email address", "email", "e-mail", "邮箱")
ENCODINGS = ("utf-8-sig", "gb18030", "cp1252")
BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Student:
    """One line of a roster; names as nbgrader has them."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""


def read_roster(path: Path) -> list[Student]:
    """The students of a CSV file, whatever its encoding and delimiter. Raises SettingsError."""
    try:
        rows = _rows(_text(path.read_bytes()))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    heads = [_heading(cell) for cell in rows[0]] if rows else []
    if not set(heads) & set(ID):
        seen = ", ".join(filter(None, heads)) or "nothing"
        raise SettingsError(f"{path}: no column of student ids: name it 'id' (there: {seen})")
    lines = [dict(zip(heads, map(str.strip, row), strict=False)) for row in rows[1:]]
    students = [_student(line) for line in lines]
    found = [student for student in students if student.id]  # Canvas has a line of points
    for student in found:
        if not SAFE_ID.fullmatch(student.id):
            raise SettingsError(f"{path}: {student.id!r} cannot be a student id")
    return found


def _text(data: bytes) -> str:
    if data.startswith(BOMS):
        return data.decode("utf-16", errors="replace")
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _rows(text: str) -> list[list[str]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(text.splitlines(), delimiter=delimiter)
    return [row for row in rows if any(cell.strip() for cell in row)]


def _heading(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip().casefold().replace("_", " ")


def _student(line: dict[str, str]) -> Student:
    student = unicodedata.normalize("NFKC", _first(line, ID))
    first, last, whole = _first(line, FIRST), _first(line, LAST), _first(line, NAME)
    if not first and not last:
        last, _, first = (part.strip() for part in whole.partition(","))
    name = first or last or whole
    return Student(student, first, last if name else student, _first(line, EMAIL))


def _first(line: dict[str, str], headings: Iterable[str]) -> str:
    return next((line[heading] for heading in headings if line.get(heading)), "")


def enter(students: list[Student], gradebook: Gradebook) -> None:
    """Add students to the gradebook, or bring their names up to date."""
    for student in students:
        names = {"first_name": student.first_name, "last_name": student.last_name}
        gradebook.update_or_create_student(student.id, **names, email=student.email)


def listed_students(gradebook: Gradebook) -> dict[str, str]:
    """Names by id of the students whom someone entered.

    Autograding enters students as well, with nothing but an id: those are no list.
    """
    named = {s.id: _full_name(s.first_name, s.last_name) for s in gradebook.students}
    return {student: name for student, name in named.items() if name and SAFE_ID.fullmatch(student)}


def _full_name(first: str | None, last: str | None) -> str:
    return " ".join(filter(None, (first, last)))
