"""Rosters as learning-management systems export them, and what of the gradebook is a list."""

from dataclasses import replace

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
SAKAI = """\ufeffLab 3,Points

Display ID,ID,Last Name,First Name,grade,Submission time,Late
1003-x,1003,Müller,Zoé,,,
"""
BRIGHTSPACE = """OrgDefinedId,Username,Last Name,First Name,End-of-Line Indicator
#1003,#zm,Müller,Zoé,#
"""
WORKSHEET = """Identifier,Full name,Email address,Status
Teilnehmer/in 48213,Zoé Müller,z@example.org,Submitted
"""
GROUPS = 'Student,ID,SIS User ID,Section,Group Name\n"=""Müller, Zoé""",771,1003,A,"Red, Lab 2"\n'
SHAPES = {
    "canvas": (CANVAS.encode(), Student("1003", "Zoé", "Müller", "", ("zmueller",), ("771",))),
    "moodle": (MOODLE.encode("utf-8-sig"), Student("1003", "Zoé", "Müller", "z@example.org")),
    "blackboard": (
        BLACKBOARD.encode("utf-16"),
        Student("1003", "Zoé", "Müller", logins=("zm",)),
    ),
    "sakai": (SAKAI.encode(), Student("1003", "Zoé", "Müller", logins=("1003-x",))),
    "brightspace": (BRIGHTSPACE.encode(), Student("1003", "Zoé", "Müller", logins=("zm",))),
    "worksheet of moodle": (
        WORKSHEET.encode(),
        Student("z@example.org", "", "Zoé Müller", "z@example.org", (), ("48213",)),
    ),
    "groups": (
        GROUPS.encode(),
        Student("1003", "Zoé", "Müller", numbers=("771",), groups=("Red", "Lab 2")),
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
        ("id,name\n1,a\n1,b\n", "1 is the id of two students, a and b"),
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


def test_lists_without_ids_are_about_students_who_are_known(demo_course):
    kept = demo_course.root / "roster.json"
    ada = Student("1", "Ada", "Lovelace", "ada@example.org", ("al",), groups=("Red",))
    with Nbgrader(demo_course).gradebook() as gradebook:
        enter([ada, Student("2", "Bo", "Chen")], gradebook, kept)
        by_address = Student("ada@example.org", "", "A. L.", "ada@example.org", (), ("71",))
        by_name = Student("", "", "Chen, Bo", numbers=("72",))
        enter([by_address, by_name], gradebook, kept)
        assert enrolled(gradebook, kept) == [  # by surname
            Student("2", "Bo", "Chen", numbers=("72",)),
            replace(ada, numbers=("71",)),
        ]
        with pytest.raises(SettingsError, match="Eve: nobody in the roster"):
            enter([Student("", "", "Eve", numbers=("73",))], gradebook, kept)
