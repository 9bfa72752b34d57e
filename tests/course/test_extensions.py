"""Extensions: granted before and after grading, to one, some or all, taken back, and never lost."""

import csv
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import nbformat
import pytest
from graded import DUE, gradebook_of, with_rules
from handing import course_of

from autograder.__main__ import main
from autograder.course.clock import later, read_length
from autograder.course.collecting.enrolled import KEPT, enter
from autograder.course.collecting.people import Student
from autograder.course.extensions import due_dates, extensions_of
from autograder.course.gradebook import Nbgrader
from autograder.course.late_policy import AssignLatePenalties
from autograder.settings import SettingsError

ROSTER = [
    Student("ada", "Ada", "Lovelace", "ada@example.org", ("alovelace",)),
    Student("bo", "Bo", "Chen", "bo@example.org"),
    Student("zoé", "Zoé", "Müller", "zoe@example.org"),
    Student("dee", "Dee", "Dunn", "dee@example.org"),  # handed in nothing
]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Bo is 30 hours late, Zoé 80, at ten points a day."""
    course = gradebook_of(course_of(tmp_path_factory.mktemp("course")))
    with Nbgrader(course).gradebook() as gradebook:
        enter(ROSTER, gradebook, course.build / KEPT)
        gradebook.add_assignment("free")  # without a due date
    return course


@pytest.fixture
def course(graded, monkeypatch):
    """The same class without extensions."""
    (graded.root / graded.extensions_file).unlink(missing_ok=True)
    with Nbgrader(graded).gradebook() as gradebook:
        for submission in gradebook.assignment_submissions("demo"):
            submission.extension = None
        gradebook.db.commit()
    monkeypatch.chdir(graded.root)
    return graded


@pytest.fixture
def extend(course, capsys):
    """The command; what it says, or its error."""

    def run(*arguments, status=0):
        assert main(["extend", "demo", *arguments]) == status
        said = capsys.readouterr()
        return (said.err if status else said.out).strip().splitlines()

    return run


def test_without_any_it_says_so(extend):
    assert extend() == ["nobody has an extension"]


def penalties(course):
    return {row.student: row.late_penalty for row in Nbgrader(course).rows("demo")}


def kept(course):
    with (course.root / course.extensions_file).open(newline="", encoding="utf-8") as file:
        return {(row["student"], row["until"], row["by"]) for row in csv.DictReader(file)}


def test_by_until_and_revoked_after_grading(course, extend):
    assert penalties(course) == {"ada": 0, "bo": 20, "zoé": 40}
    said = extend("bo", "ZOE@example.org", "--by", "1 day")
    assert said == [
        "bo Bo Chen: due 2026-10-02 12:00 UTC  (1 day later)  penalty 20 → 10",
        "zoé Zoé Müller: due 2026-10-02 12:00 UTC  (1 day later)  penalty 40 → 30",
    ]
    extend("zoé", "--until", "2026-10-04 20:00 UTC")
    assert penalties(course) == {"ada": 0, "bo": 10, "zoé": 0}
    assert kept(course) == {("bo", "", "1 day"), ("zoé", "2026-10-04 20:00 UTC", "")}
    assert extend("bo", "--revoke")[0].endswith("(no extension)  penalty 10 → 20")
    assert penalties(course) == {"ada": 0, "bo": 20, "zoé": 0}
    with Nbgrader(course).gradebook() as gradebook:  # nbgrader's own pages see it too
        assert gradebook.find_submission("demo", "zoé").late_submission_penalty == 0


def test_everybodys_is_added_to_nobodys_own_and_the_later_counts(course, extend):
    extend("zoé", "--by", "4 days")
    assert extend("--all", "--by", "30h") == [
        "everybody: due 2026-10-02 18:00 UTC  (30 hours later)",
        "bo Bo Chen  penalty 20 → 0",
    ]
    assert penalties(course) == {"ada": 0, "bo": 0, "zoé": 0}
    extend("--all", "--revoke")
    assert penalties(course) == {"ada": 0, "bo": 20, "zoé": 0}
    assert [line.partition(":")[0] for line in extend()] == ["everybody", "zoé Zoé Müller"]


def test_what_the_gradebook_alone_had_is_kept_whatever_is_granted_to_all(course, extend):
    with Nbgrader(course).gradebook() as gradebook:
        gradebook.grant_extension("demo", "zoé", days=4)
    assert extend() == ["zoé Zoé Müller: due 2026-10-05 12:00 UTC  (4 days later)"]
    extend("--all", "--by", "1d")
    extend("--all", "--revoke")
    assert penalties(course) == {"ada": 0, "bo": 20, "zoé": 0}


def test_before_anything_is_handed_in_it_waits_in_the_file(course, extend):
    extend("dee", "--by", "2 days")
    with Nbgrader(course).gradebook() as gradebook:
        due_of = due_dates(course, gradebook, "demo")
        assert due_of("dee").replace(tzinfo=None) == DUE + timedelta(days=2)
        late = DUE + timedelta(hours=47)
        gradebook.add_submission("demo", "dee", timestamp=late)
    step, ids = AssignLatePenalties(config=course.config), {"notebook": "demo", "student": "dee"}
    place = {**ids, "assignment": "demo", "db_url": Nbgrader(course).database}
    try:
        step(nbformat.v4.new_notebook(), {"nbgrader": place})
        with Nbgrader(course).gradebook() as gradebook:
            submission = gradebook.find_submission("demo", "dee")
            assert submission.extension == timedelta(days=2)
            assert submission.late_submission_penalty == 0
    finally:
        with Nbgrader(course).gradebook() as gradebook:
            gradebook.remove_submission("demo", "dee")


def test_another_due_date_moves_what_is_granted_by_a_length(course, extend):
    extend("bo", "--by", "1 day")
    extend("zoé", "--until", "2026-10-04 20:00 UTC")
    nbgrader = Nbgrader(course)
    try:
        with nbgrader.gradebook() as gradebook:
            gradebook.update_or_create_assignment("demo", duedate=DUE + timedelta(hours=6))
        nbgrader.settle_late_penalties("demo")
        assert penalties(course) == {"ada": 0, "bo": 0, "zoé": 0}
        assert [line.split()[4] for line in extend()] == ["2026-10-02", "2026-10-04"]
    finally:
        with nbgrader.gradebook() as gradebook:
            gradebook.update_or_create_assignment("demo", duedate=DUE)


def test_from_a_csv_of_another_program(course, extend):
    path = course.root / "granted.csv"
    path.write_text(
        "E-Mail-Adresse;Until;By\nbo@example.org;;36 hours\n"
        "zoe@example.org;2026-10-04 20:00 UTC;\n",
        encoding="cp1252",
    )
    extend("--from", str(path))
    assert penalties(course) == {"ada": 0, "bo": 0, "zoé": 0}
    path.write_text("id,until,by\n" + "\n".join(",".join(each) for each in kept(course)))
    extend("--from", str(path))
    assert penalties(course) == {"ada": 0, "bo": 0, "zoé": 0}


FILES = {
    "id,by\nbo,1 day\nxy,1 day": "granted.csv: row 3 (xy, 1 day): nobody in the roster; nothing",
    "id,by\nbo,2": "granted.csv, bo: by '2': write it as '2 days'",
    "id,by,until\nbo,1 day,2026-10-04 20:00": "granted.csv, bo: say until when, or by how much",
    "id,by\nbo,1 day\nbo,2 days": "granted.csv: bo: named by row 2 (bo, 1 day) and row 3",
    "name,by\nBo,1 day": "granted.csv: no column of student ids",
    "id,by": "granted.csv: nobody in it",
}


@pytest.mark.parametrize("text", FILES)
def test_a_file_with_a_fault_changes_nothing(course, extend, text):
    (course.root / "granted.csv").write_text(text)
    (said,) = extend("--from", "granted.csv", status=2)
    assert FILES[text] in said
    assert not (course.root / course.extensions_file).exists()


WRONG = {
    ("bo", "b0", "x", "--by", "1d"): "nobody in the roster: 'b0', 'x'; nothing was changed",
    ("bo",): "say until when: --until TIME, --by LENGTH or --revoke",
    ("--by", "1d"): "say whose: students, or --all",
    ("bo", "--all", "--by", "1d"): "--all is everybody: name no students beside it",
    ("bo", "--until", "2026-09-01 12:00 UTC"): "is not after the due date, 2026-10-01 12:00 UTC",
    ("bo", "--by", "long"): "by 'long': write it as '2 days', 36h or '1 day 12 hours'",
    ("bo", "--by", "9999999 weeks"): "more than ten years",
    ("bo", "--until", "soon"): "until 'soon': write the due date as 2027-03-01 23:59",
    ("--from", "nowhere.csv"): "nowhere.csv: No such file",
    ("bo", "--from", "x.csv"): "--from says whom, and until when",
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_is_told_in_a_line(course, extend, arguments):
    (said,) = extend(*arguments, status=2)
    assert WRONG[arguments] in said
    assert not (course.root / course.extensions_file).exists()


def test_without_a_due_date_or_a_release_nothing_can_be_extended(course, capsys):
    for name, said in {
        "free": "has no due date: give it one",
        "dmo": "(released: demo, free)",
    }.items():
        assert main(["extend", name, "bo", "--by", "1d"]) == 2
        assert said in capsys.readouterr().err


def test_a_file_that_was_damaged_is_said_and_stays(course, extend):
    path = course.root / course.extensions_file
    for text in ("a,b\n1,2\n", "assignment,student,until,by\ndemo,bo\n", "\x00\n"):
        path.write_text(text)
        (said,) = extend("bo", "--by", "1d", status=2)
        assert str(path) in said and path.read_text() == text


def test_two_machines_may_share_the_file(course, extend, tmp_path):
    extend("bo", "--by", "2 days")
    shared = tmp_path / "extensions.csv"
    shared.write_bytes((course.root / course.extensions_file).read_bytes())
    other = with_rules(course, Course={"extensions_file": str(shared)})
    assert extensions_of(other, "demo").of("bo", DUE, None) == timedelta(days=2)


def test_until_is_a_time_on_the_wall_also_when_clocks_change():
    berlin = ZoneInfo("Europe/Berlin")
    evening = datetime(2026, 10, 24, 21, 59)  # 23:59 in Berlin; clocks go back in this night
    assert later(evening, timedelta(days=1), berlin) == datetime(2026, 10, 25, 22, 59)
    assert later(evening, timedelta(), berlin) == evening


@pytest.mark.parametrize(
    "text, hours",
    [("2d", 48), ("1 week", 168), ("1 day 12 hours", 36), ("90 min", 1.5), ("0 days", 0)],
)
def test_lengths_as_people_write_them(text, hours):
    assert read_length(text, "--by") == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "2", "-1 day", "2 days later", "d"])
def test_what_is_no_length_is_refused(text):
    with pytest.raises(SettingsError):
        read_length(text, "--by")
