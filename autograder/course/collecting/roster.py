"""The list of students: a CSV as learning-management systems export it."""

import csv
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from autograder.course.collecting.people import SAFE_ID, Student
from autograder.course.encodings import MARK, decoded
from autograder.settings import SettingsError

# headings, the better first; of all systems, in English, Chinese and German
ID = (
    "student id",
    "student number",
    "id number",
    "sis user id",
    "orgdefinedid",
    "sid",
    "学号",
    "matrikelnummer",
    "id-nummer",
    "username",
    "user name",
    "login",
    "anmeldename",
    "sis login id",
    "identifier",  # of GitHub Classroom; Moodle's are numbers
    "id",
)
LOGIN = (*ID, "display id", "eid", "login id", "integration id", "github username", "ilias login")
NAME = (
    "full name",
    "student name",
    "name",
    "student",
    "姓名",
    "display name",
    "vollständiger name",
)
FIRST, LAST = (
    ("first name", "given name", "名", "vorname"),
    ("last name", "surname", "姓", "nachname"),
)
EMAIL = ("email address", "email", "e-mail", "邮箱", "e-mail-adresse")
GROUP = ("group", "groups", "group name", "team", "小组", "gruppe", "gruppen")
PARTICIPANT = re.compile(r"\D*\s(\d+)")  # Moodle's identifier: a word in some language, a number
GUARDED = re.compile(r"""="(?P<canvas>.*)"|'(?P<moodle>[=+\-@].*)|\#(?P<brightspace>.*)""")
TITLES = 5  # lines that may stand above the headings

Line = dict[str, str]


def read_roster(path: Path) -> list[Student]:
    """The students of a CSV file, whatever its encoding and delimiter. Raises SettingsError.

    Where there are no ids, they are none, or e-mail addresses.
    """
    found = [student for line in read_lines(path) if (student := student_in(line))]
    for student in found:
        if student.id and not SAFE_ID.fullmatch(student.id):
            raise SettingsError(f"{path}: {student.id!r} cannot be a student id")
    return _once(found, path)


def read_lines(path: Path) -> list[Line]:
    """The lines of such a file, by heading. Raises SettingsError."""
    try:
        rows = _rows(decoded(path.read_bytes())[0].removeprefix(MARK))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    above, heads = _headings(rows)
    if not heads:
        seen = ", ".join(filter(None, above)) or "nothing"
        raise SettingsError(f"{path}: no column of student ids: name it 'id' (there: {seen})")
    body = rows[[[*map(heading, row)] for row in rows].index(heads) + 1 :]
    return [dict(zip(heads, map(unguarded, row), strict=False)) for row in body]


def _rows(text: str) -> list[list[str]]:
    top = "".join(text.splitlines(keepends=True)[:TITLES])
    delimiter = max(",;\t", key=top.count)
    rows = csv.reader(text.splitlines(), delimiter=delimiter)
    return [row for row in rows if any(cell.strip() for cell in row)]


def _headings(rows: list[list[str]]) -> tuple[list[str], list[str]]:
    """The first line, and the one with headings that mean something here, if any does."""
    heads = [[*map(heading, row)] for row in rows[:TITLES]]
    wanted = {*LOGIN, *EMAIL}
    return (heads or [[]])[0], next((row for row in heads if wanted & {*row}), [])


def heading(cell: str) -> str:
    """A heading, however it is spelt."""
    return unicodedata.normalize("NFKC", cell).strip().casefold().replace("_", " ")


def unguarded(cell: str) -> str:
    """A cell without what systems put around it to keep spreadsheets from reading it as theirs."""
    found = GUARDED.fullmatch(cell.strip())
    return "".join(filter(None, found.groups())) if found else cell.strip()


def student_in(line: Line) -> Student | None:
    """The student of a line; none where it is about points, as Canvas's second one."""
    numbers = numbers_in(line)
    line = {head: cell for head, cell in line.items() if head != "identifier" or not numbers}
    email = _first(line, EMAIL)
    student = unicodedata.normalize("NFKC", _first(line, ID) or email)
    if not student and not numbers:
        return None
    first, last, whole = _first(line, FIRST), _first(line, LAST), _first(line, NAME)
    if not first and not last:
        last, _, first = (part.strip() for part in whole.partition(","))
    name = first or last or whole
    logins = dict.fromkeys(line[head] for head in LOGIN if line.get(head) and head != "id")
    groups = re.split(r"\s*[,;]\s*", _first(line, GROUP))
    return Student(
        student,
        first,
        last if name else student,
        email,
        tuple(login for login in logins if login != student),
        numbers,
        tuple(filter(None, groups)),
    )


def numbers_in(line: Line) -> tuple[str, ...]:
    """What a system itself counts students by: Canvas's id, and the number of Moodle's identifier.

    A column `id` is Canvas's only beside others of its gradebook; elsewhere it is the student's.
    """
    found = PARTICIPANT.fullmatch(line.get("identifier", ""))
    is_canvas = any(head.startswith("sis ") for head in line) or {"student", "section"} <= {*line}
    return tuple(filter(None, (found and found[1], line.get("id") if is_canvas else "")))


def _first(line: Line, headings: Iterable[str]) -> str:
    return next((line[heading] for heading in headings if line.get(heading)), "")


def _once(students: list[Student], path: Path) -> list[Student]:
    found: dict[str, Student] = {}
    for student in filter(lambda each: each.id, students):
        before = found.setdefault(student.id, student)
        if before.name != student.name:
            names = f"{before.name} and {student.name}"
            raise SettingsError(f"{path}: {student.id} is the id of two students, {names}")
    return [*found.values(), *(student for student in students if not student.id)]
