"""Rosters as learning-management systems export them, and what of the gradebook is a list."""

import pytest

from autograder.course.collecting.enrolled import enrolled, enter
from autograder.course.collecting.people import Student
from autograder.course.collecting.roster import read_roster
from autograder.course.gradebook import Nbgrader
from autograder.settings import SettingsError

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,lab3 (991)
    Points Possible,,,,,100
"Müller, Zoé",771,1003,zmueller,A,
"""
MOODLE = "First name,Surname,ID number,Email address\nZoé,Müller,1003,z@example.org\n"
BLACKBOARD = '"Last Name"\t"First Name"\t"Username"\t"Student ID"\n"Müller"\t"Zoé"\t"zm"\t"1003"\n'
SHAPES = {
    "canvas": (CANVAS.encode(), Student("1003", "Zoé", "Müller", "", ("zmueller",), ("771",))),
    "moodle": (MOODLE.encode("utf-8-sig"), Student("1003", "Zoé", "Müller", "z@example.org")),
    "blackboard": (
        BLACKBOARD.encode("utf-16"),
        Student("1003", "Zoé", "Müller", logins=("zm",)),
    ),
    "german": ("id;name\n1003;Zoé Müller\n".encode("cp1252"), Student("1003", "", "Zoé Müller")),
    "chinese": ("学号,姓名\n1001,张三\n".encode("gb18030"), Student("1001", "", "张三")),
    "ids only": (b"id\n1001\n\n", Student("1001", "", "1001")),
    "full width": ("id,name\n１００１,张三\n".encode(), Student("1001", "", "张三")),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_and_encodings(tmp_path, shape):
    data, student = SHAPES[shape]
    (tmp_path / "roster.csv").write_bytes(data)
    assert read_roster(tmp_path / "roster.csv") == [student]


@pytest.mark.parametrize(
    "text, message",
    [
        ("", r"no column of student ids: name it 'id' \(there: nothing\)"),
        ("matriculation,name\n1,a\n", r"name it 'id' \(there: matriculation, name\)"),
        ("id,name\n../x,a\n", "'../x' cannot be a student id"),
    ],
)
def test_what_is_no_roster_is_said(tmp_path, text, message):
    (tmp_path / "roster.csv").write_text(text)
    with pytest.raises(SettingsError, match=message):
        read_roster(tmp_path / "roster.csv")


def test_students_that_grading_entered_are_no_list(demo_course):
    kept = demo_course.root / "roster.json"
    with Nbgrader(demo_course).gradebook() as gradebook:
        gradebook.add_student("reference")
        assert enrolled(gradebook, kept) == []
        enter([Student("1003", "Zoé", "Müller")], gradebook, kept)
        enter([Student("1003", "Zoë", "Müller")], gradebook, kept)
        assert enrolled(gradebook, kept) == [Student("1003", "Zoë", "Müller")]
