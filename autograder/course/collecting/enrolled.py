"""The students of the course, as rosters entered them.

Names and addresses stand in the gradebook. Logins, systems' own numbers and groups, for which it
has no place, are kept beside it.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder.course.collecting.lms import Person
from autograder.course.collecting.people import SAFE_ID, AmbiguousError, People, Student
from autograder.course.gradebook import Nbgrader
from autograder.files import write_whole
from autograder.settings import SettingsError

KEPT = "downloaded/roster.json"  # in build/


def enter(students: list[Student], gradebook: Gradebook, kept: Path) -> None:
    """Add students to the gradebook, or bring what is known of them up to date.

    A list without ids is about students whom another one has entered. Raises SettingsError where
    somebody on it is not among them and has no address either.
    """
    known = People(enrolled(gradebook, kept))
    found = [_with_id(student, known) for student in students]
    for student in found:
        names = {"first_name": student.first_name, "last_name": student.last_name}
        of = {name: text for name, text in {**names, "email": student.email}.items() if text}
        gradebook.update_or_create_student(student.id, **of)
    if found:
        more = _more([*known.students.values(), *found])
        write_whole(kept, json.dumps(more, indent=1, ensure_ascii=False))


def _with_id(student: Student, known: People) -> Student:
    if student.id and student.id != student.email:
        return student
    person = Person(tuple(filter(None, [student.name])), email=student.email)
    try:
        found = known.who(person) if known.students else []
    except AmbiguousError:
        found = []
    if not found and not student.id:
        raise SettingsError(f"{student.name}: nobody in the roster: give one with ids first")
    return replace(student, id=found[0], first_name="", last_name="") if found else student


def _more(students: Iterable[Student]) -> dict[str, dict[str, list[str]]]:
    """By id, what the gradebook has no place for, from all lists that were ever given."""
    found: dict[str, dict[str, list[str]]] = {}
    for student in students:
        of = found.setdefault(student.id, {"logins": [], "numbers": [], "groups": []})
        if student.groups:
            of["groups"] = []  # who works with whom changes
        for name, texts in of.items():
            texts += [text for text in getattr(student, name) if text not in texts]
    return {student: of for student, of in found.items() if any(of.values())}


def enrolled(gradebook: Gradebook, kept: Path) -> list[Student]:
    """The students whom someone entered.

    Autograding enters students as well, with nothing but an id: those are no list.
    """
    more = _kept(kept)
    students = [_student(each, more.get(each.id, {})) for each in gradebook.students]
    return [each for each in students if each.name and SAFE_ID.fullmatch(each.id)]


def students_of(nbgrader: Nbgrader) -> list[Student]:
    """The students of a course whom someone entered."""
    with nbgrader.gradebook() as gradebook:
        return enrolled(gradebook, nbgrader.course.build / KEPT)


def _kept(path: Path) -> dict[str, dict[str, list[str]]]:
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError:
        raise SettingsError(f"{path}: damaged; delete it and give --roster again") from None


def _student(row: Any, more: dict[str, list[str]]) -> Student:
    """A row of the gradebook, which may hold a system's number as well."""
    numbers = [*more.get("numbers", []), *filter(None, [row.lms_user_id])]
    return Student(
        row.id,
        row.first_name or "",
        row.last_name or "",
        row.email or "",
        tuple(more.get("logins", [])),
        tuple(numbers),
        tuple(more.get("groups", [])),
    )
