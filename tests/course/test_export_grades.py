"""Grades in gradebooks as systems write them: one column changes, and nothing else of the file."""

import csv
import io
from dataclasses import replace

import pytest

from autograder.course.collecting.people import People, Student
from autograder.course.exporting.export import LAYOUTS
from autograder.course.exporting.finished import Grades, UnfinishedError, refuse_unfinished
from autograder.course.exporting.grades import fill
from autograder.course.exporting.layout import SheetError
from autograder.course.exporting.sheet import Sheet
from autograder.course.exporting.target import Target
from autograder.course.rows import Row

ROSTER = [
    Student("1001", "Zoé", "O'Hara-Lindt", "zoe@example.org", ("zlindt",), ("10234",)),
    Student("1002", "Ada", "Byron", "ada@example.org", ("abyron",), ("10235",)),
    Student("1003", "Mira", "Tamsin", "mira@example.org", ("mtamsin",), ("10236",)),
    Student("0004", "Jo", "Blank", "jo@example.org", ("jblank",), ("10237",)),
]
SCORES = {"1001": 17.5, "1002": 20.0, "0004": 3.0}  # 1003 handed in nothing

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Warm-up (88120),HW1 (88121),Final Score
,,,,,Manual Posting,,
    Points Possible,,,,,10.00,20.00,(read only)
"O'Hara-Lindt, Zoé",10234,1001,zlindt,Lab A,9.00,,87.50
"Byron, Ada",10235,1002,abyron,"Lab A, and Lab B",8.00,20.00,60.00
"=""Tamsin, Mira""\",10236,1003,mtamsin,Lab A,,,
"Blank, Jo",10237,0004,jblank,Lab A,EX,-,
"Student, Test",10999,,a81f,Lab A,,,
"""
WORKSHEET = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 501","Zoé O'Hara-Lindt",zoe@example.org,"Submitted for grading - ",,20.00,Yes,\
"Saturday, 3 October 2026, 11:59 PM",-,"<p>see \\"page\\" 3,
and 4</p>"
"Participant 502","Ada Byron",ada@example.org,"Submitted for grading - ",12.00,20.00,Yes,\
"Saturday, 3 October 2026, 10:59 PM","Sunday, 4 October 2026, 9:00 AM",
"Participant 503","Mira Tamsin",mira@example.org,"No submission - ",,20.00,Yes,-,-,
"Participant 504","Jo Blank",jo@example.org,"Submitted for grading - ",,20.00,Yes,-,-,
"""
GERMAN = """\
Identifier;"Vollständiger Name";E-Mail-Adresse;Bewertung;Bestwertung;"Zuletzt geändert (Bewertung)"
"Teilnehmer/in 501";"Zoé O'Hara-Lindt";zoe@example.org;;20,00;-
"Teilnehmer/in 502";"Ada Byron";ada@example.org;;20,00;-
"Teilnehmer/in 503";"Mira Tamsin";mira@example.org;;20,00;-
"Teilnehmer/in 504";"Jo Blank";jo@example.org;;20,00;-
"""
GRADEBOOK = """\
"First name","Last name","ID number","Email address","Assignment: HW1 (Real)",\
"Assignment: HW1 (Percentage)","Course total (Real)","Last downloaded from this course"
Zoé,O'Hara-Lindt,1001,zoe@example.org,-,-,-,1790000000
Ada,Byron,1002,ada@example.org,"12.00","60.00 %",-,1790000000
Mira,Tamsin,1003,mira@example.org,-,-,-,1790000000
Jo,Blank,0004,jo@example.org,-,-,-,1790000000
"""
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\t'
    '"HW1 [Total Pts: 20 Score] |88121"\t"Total [Total Pts: up to 20 Score] |88000"\r\n'
    '"O\'Hara-Lindt"\t"Zoé"\t"zlindt"\t"1001"\t"2026-10-04"\t"Yes"\t"Needs Grading"\t""\r\n'
    '"Byron"\t"Ada"\t"abyron"\t"1002"\t""\t"Yes"\t""\t""\r\n'
    '"Tamsin"\t"Mira"\t"mtamsin"\t"1003"\t""\t"Yes"\t""\t""\r\n'
    '"Blank"\t"Jo"\t"jblank"\t"0004"\t""\t"Yes"\t""\t""\r\n'
)
BRIGHTSPACE = """\
OrgDefinedId,Username,HW1 Points Grade <Numeric MaxPoints:20 Weight:10>,End-of-Line Indicator\r
#1001,#zlindt,,#\r
#1002,#abyron,11,#\r
#1003,#mtamsin,,#\r
#0004,#jblank,,#\r
"""
GENERIC = "学号;姓名;HW1\n1001;佐伊;\n1002;艾达;\n1003;米拉;\n0004;乔;"
SAMPLES = {  # system, file, its encoding, and what becomes of its lines
    "canvas": (
        *("canvas", CANVAS, "utf-8"),
        {"A,9.00,,87.50": "A,9.00,17.5,87.50", "EX,-,": "EX,3,"},
    ),
    "canvas with a mark": (
        *("canvas", CANVAS, "utf-8-sig"),
        {"A,9.00,,87.50": "A,9.00,17.5,87.50", "EX,-,": "EX,3,"},
    ),
    "worksheet": (
        *("moodle", WORKSHEET, "utf-8-sig"),
        {
            'zoe@example.org,"Submitted for grading - ",,': "zoe@example.org,"
            '"Submitted for grading - ",17.5,',
            ",12.00,": ",20,",
            'jo@example.org,"Submitted for grading - ",,': "jo@example.org,"
            '"Submitted for grading - ",3,',
        },
    ),
    "german worksheet": (
        *("moodle", GERMAN, "cp1252"),
        {"zoe@example.org;;": "zoe@example.org;17,5;", "ada@example.org;;": "ada@example.org;20;"}
        | {"jo@example.org;;": "jo@example.org;3;"},
    ),
    "gradebook of moodle": (
        *("moodle", GRADEBOOK, "utf-8"),
        {
            "zoe@example.org,-": "zoe@example.org,17.5",
            '"12.00"': '"20"',
            "jo@example.org,-": "jo@example.org,3",
        },
    ),
    "blackboard": (
        *("blackboard", BLACKBOARD, "utf-16"),
        {
            '"Needs Grading"': '"17.5"',
            '"1002"\t""\t"Yes"\t""': '"1002"\t""\t"Yes"\t"20"',
            '"0004"\t""\t"Yes"\t""': '"0004"\t""\t"Yes"\t"3"',
        },
    ),
    "brightspace": (
        *("brightspace", BRIGHTSPACE, "utf-8"),
        {"zlindt,,": "zlindt,17.5,", "abyron,11": "abyron,20", "jblank,,": "jblank,3,"},
    ),
    "generic": (
        *("generic", GENERIC, "gb18030"),
        {"佐伊;": "佐伊;17.5", "艾达;": "艾达;20", "乔;": "乔;3"},
    ),
}


def row(student, score, **more):
    return Row(student, score, 0.0, 20.0, 0.0, {}, frozenset(), **more)


def grades(scores=SCORES, ungraded=(), roster=ROSTER):
    rows = {student: row(student, score) for student, score in scores.items()}
    return Grades(rows, frozenset(ungraded), People(roster))


@pytest.fixture
def target(tmp_path):
    def make(system, content, encoding="utf-8", assignment="hw1", column=None):
        path = tmp_path / "theirs.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return Target(path, LAYOUTS[system], assignment, column)

    return make


@pytest.mark.parametrize("sample", SAMPLES)
def test_one_column_changes_and_every_other_byte_stays(target, sample):
    system, text, encoding, changes = SAMPLES[sample]
    found = target(system, text, encoding)
    filled = fill(found, grades())
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    assert found.data == text.encode(encoding)
    assert (filled.written, filled.absent, filled.lost) == (3, 1, [])


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_second_time_nothing_changes(target, sample):
    system, text, encoding, _ = SAMPLES[sample]
    first = target(system, text, encoding)
    fill(first, grades())
    again = target(system, first.data)
    fill(again, grades())
    assert again.data == first.data


def test_what_stood_there_as_the_same_number_is_not_written_anew(target):
    found = target("canvas", CANVAS)
    fill(found, grades())
    assert b",8.00,20.00,60.00" in found.data


def test_utf_16_without_a_mark_and_of_either_order_stays_as_it_is():
    for encoding in ("utf-16-le", "utf-16-be"):
        mark = "" if encoding == "utf-16-le" else "\ufeff"
        data = (mark + BLACKBOARD).encode(encoding)
        sheet = Sheet(data)
        assert sheet.data == data and sheet.rows[1].cells[2] == "zlindt"


def test_what_students_write_does_not_decide_what_separates(target):
    found = target("moodle", WORKSHEET.replace("<p>see", "<p>" + "a;&nbsp;" * 40))
    assert fill(found, grades()).written == 3


def test_any_table_is_written_as_it_was_read():
    for text in ("", "\n", "a", "a,", 'a,"b', '"a""b",c\r\n\r\n', 'x;"y;\nz";\n', 'a,"b"c,d\n'):
        assert Sheet(text.encode()).data == text.encode()
    rows = list(csv.reader(io.StringIO(CANVAS)))
    assert [row.cells for row in Sheet(CANVAS.encode()).rows] == rows


def test_a_decimal_comma_is_quoted_between_commas(target):
    text = GERMAN.replace(",", ".").replace(";", ",").replace("20.00", '"20,00"')
    found = target("moodle", text)
    fill(found, grades())
    assert 'zoe@example.org,"17,5","20,00",-' in found.data.decode()


@pytest.mark.parametrize("system", ["canvas", "moodle"])
def test_zero_for_those_who_handed_in_nothing_if_one_wants_it(target, system):
    found = target(system, CANVAS if system == "canvas" else GRADEBOOK)
    assert fill(found, grades(), zero=True).absent == 1
    line = next(each for each in found.data.decode().splitlines() if "Tamsin" in each)
    assert ",Lab A,,0," in line or "mira@example.org,0," in line
    again = target(system, found.data)
    assert not any(
        "Mira" in told or "1003" in told for told in fill(again, grades(), zero=True).told
    )


def test_canvas_may_write_two_names_semicolons_and_decimal_commas(target):
    text = (
        "LastName;FirstName;ID;SIS User ID;SIS Login ID;Section;HW1 (88121)\n"
        "    Points Possible;;;;;;20,00\n"
        "O'Hara-Lindt;Zoé;10234;1001;zlindt;Lab A, B;\n"
    )
    found = target("canvas", text)
    assert fill(found, grades({"1001": 17.5})).written == 1
    assert found.data.decode() == text.replace("A, B;", "A, B;17,5")


def test_titles_may_stand_above_the_headings_of_any_table(target):
    found = target("generic", f"Course 1\n\n{GENERIC}")
    fill(found, grades())
    assert found.data.decode().startswith("Course 1\n\n学号;姓名;HW1\n1001;佐伊;17.5\n")


def test_a_grade_that_somebody_gave_stays(target):
    found = target("canvas", CANVAS.replace("mtamsin,Lab A,,,", "mtamsin,Lab A,,5.00,"))
    filled = fill(found, grades(), zero=True)
    assert "1003: handed in nothing, and has 5.00 there: left as it is" in filled.told
    assert b"mtamsin,Lab A,,5.00," in found.data


def test_excused_and_unassigned_students_stay_so(target):
    for word in ("EX", "N/A"):
        found = target("canvas", CANVAS.replace("EX,-,", f"EX,{word},"))
        assert fill(found, grades()).lost == [f"0004: 3 points, and {word} there"]
        assert f"EX,{word},".encode() in found.data


def test_locked_grades_of_moodle_are_told(target):
    at = WORKSHEET.rindex("Yes")
    found = target("moodle", WORKSHEET[:at] + "No" + WORKSHEET[at + 3 :])
    assert fill(found, grades()).lost == ["0004: 3 points, and a lock there"]


def test_strangers_are_told_and_left(target):
    filled = fill(target("canvas", CANVAS), grades())
    assert filled.told == ["row 8 (Student, Test, 10999): nobody in the roster"]


def test_names_are_no_ids(target):
    found = target("canvas", CANVAS.replace("10235,1002,abyron", "999,9999,other"))
    filled = fill(found, grades())
    assert filled.lost == ["1002: 20 points, and no row of its own there"]
    assert b"20.00,60.00" in found.data


def test_ids_of_two_students_in_a_line_are_told(target):
    found = target("canvas", CANVAS.replace("10235,1002,abyron", "10235,1002,zlindt"))
    filled = fill(found, grades())
    assert any(line.endswith("ids of 1001, 1002") for line in filled.told)
    assert filled.lost == ["1002: 20 points, and no row of its own there"]


def test_an_address_that_two_share_is_told_apart_by_an_id(target):
    shared = [replace(student, email="zoe@example.org") for student in ROSTER[:2]]
    text = GRADEBOOK.replace("ada@example.org", "zoe@example.org")
    filled = fill(target("moodle", text), grades(roster=[*shared, *ROSTER[2:]]))
    assert (filled.written, filled.told, filled.lost) == (3, [], [])


def test_two_lines_of_one_student_are_told(target):
    twice = 'Again,10235,1002,abyron,Lab C,8.00,1.00,60.00\n"=""Tamsin'
    found = target("canvas", CANVAS.replace('"=""Tamsin', twice))
    filled = fill(found, grades())
    assert "1002: named by row 5 (Byron, Ada, 10235, 1002) and row 6" in filled.told[1]
    assert filled.lost == ["1002: 20 points, and no row of its own there"]
    assert b"Lab C,8.00,1.00," in found.data


def test_what_is_not_graded_yet_is_neither_empty_nor_zero(target):
    found = target("canvas", CANVAS)
    filled = fill(found, grades(ungraded=["1003"]), zero=True)
    assert "1003: handed in and not graded, so left as it is" in filled.told
    assert filled.absent == 0 and b"mtamsin,Lab A,,,\n" in found.data


def test_half_grades_are_refused():
    waiting = Row("1001", 3.0, 0.0, 20.0, 0.0, {}, frozenset({"answer-why"}))
    with pytest.raises(UnfinishedError, match=r"1 with answers to mark \(1001\).*--partial"):
        refuse_unfinished(Grades({"1001": waiting}, frozenset(), People(ROSTER)))
    with pytest.raises(UnfinishedError, match=r"1 with no grade yet \(1003\)"):
        refuse_unfinished(grades(ungraded=["1003"]))
    refuse_unfinished(grades())


def test_other_points_there_are_refused_or_scaled(target):
    with pytest.raises(SheetError, match=r"worth 40 points there, and 20 here: .*--scale"):
        fill(target("canvas", CANVAS.replace("10.00,20.00", "10.00,40.00")), grades())
    found = target("canvas", CANVAS.replace("10.00,20.00", "10.00,40.00"))
    fill(found, grades(), scale=True)
    assert b"A,9.00,35,87.50" in found.data


def test_more_than_the_most_is_told_where_it_would_be_cut(target):
    more = {**SCORES, "1002": 21.0}
    for system, text in (("moodle", WORKSHEET), ("brightspace", BRIGHTSPACE)):
        (line,) = fill(target(system, text), grades(more)).lost
        assert line.startswith("1002: 21 points, and ") and line.endswith("no more than 20")
    assert fill(target("canvas", CANVAS), grades(more)).lost == []


REFUSED = {
    "of another system": ("canvas", GRADEBOOK, None, "no gradebook of Canvas"),
    "no such title": ("canvas", CANVAS, "HW9", "no column is called 'HW9'.*'HW1 .88121.'"),
    "without an id": ("canvas", CANVAS, "Section", "no id, so that Canvas would make a new"),
    "a computed name": (
        *("canvas", CANVAS.replace("HW1 (", "Final Points HW1 ("), "Final Points HW1"),
        "without Current, Final",
    ),
    "read only": ("canvas", CANVAS.replace("10.00,20.00", "10.00,(read only)"), None, "read only"),
    "ragged": ("moodle", GRADEBOOK + "Eve,E,1005\n", None, "row 6 has 3 cells, and the first 8"),
    "two of a name": (
        *("moodle", GRADEBOOK.replace("Percentage", "Points"), None),
        "2 columns are called 'hw1'",
    ),
    "a column of texts": ("blackboard", BLACKBOARD, "Availability", "make a column of texts"),
    "a symbol": (
        *("brightspace", BRIGHTSPACE.replace("Username,HW1", "Username,HW1 Grade Symbol,HW1")),
        *("HW1 Grade Symbol", "takes no points"),
    ),
    "no end of lines": (
        *("brightspace", BRIGHTSPACE.replace("End-of-Line Indicator", "x"), None),
        "the last column is not End-of-Line",
    ),
    "nothing": ("generic", "", None, "it begins with nothing"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_files_that_would_not_be_taken_are_refused(target, case):
    system, text, column, says = REFUSED[case]
    with pytest.raises(SheetError, match=says):
        target(system, text, column=column)
