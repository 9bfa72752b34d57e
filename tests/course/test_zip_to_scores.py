"""A class of twelve from the LMS's zip to final scores."""

import csv
import io
import zipfile
from datetime import timedelta

import nbformat
import pytest
from handing import right_answers, written
from traitlets.config import Config
from zips import ON_TIME, write_zip

from autograder.__main__ import main, parser
from autograder.assignment.mistakes import read_mistakes
from autograder.assignment.regions import without_markers
from autograder.assignment.validation import read_source
from autograder.authoring.build import build
from autograder.commands import run
from autograder.course.exporting.finished import UnfinishedError, grades_of, refuse_unfinished
from autograder.course.gradebook import Nbgrader
from autograder.course.sample import DUE

NAMES = ["张三", "李四", "王五", "Zoé Müller", "Anna da Silva", "Jürgen", "Nguyễn Văn An", "Ada"]
CLASS = {f"2026000{n}": name for n, name in enumerate(NAMES, 1)} | {
    f"PB{n}": f"Student {n}" for n in (21, 22, 23, 24)
}
EXPECTED = {  # points of 3 that a machine can give, 1 off for each day late
    **dict.fromkeys(CLASS, 3.0),
    "20260002": 1.5,  # the overflow of the second version; the first was right
    "20260003": 3.0,  # the second version; the first was blank
    "20260004": 1.0,  # right, but two days late
    "20260005": 0.0,  # blank
}


@pytest.fixture(scope="module")
def course(module_demo_course):
    """The golden assignment at a point a day, collected, graded, and one answer marked by hand."""
    course = module_demo_course
    rules = {"points_per_day": 1.0}
    course.update_config(Config({"LatePolicy": rules, "LmsExtractor": {"timezone": "UTC"}}))
    build(course, "demo")
    Nbgrader(course).release("demo", DUE.replace(tzinfo=None))
    lines = [f"{student},{name}" for student, name in CLASS.items()]
    (course.root / "roster.csv").write_text("学号,姓名\n" + "\n".join(lines), encoding="gb18030")
    zipped = write_zip(course.root / "lab3 submissions.zip", _export(course))
    roster = str(course.root / "roster.csv")
    assert command(course, "collect", "demo", str(zipped), "--roster", roster) == 0
    assert command(course, "grade", "demo", "--workers", "2") == 0
    return course


def command(course, *words):
    return run(course, parser().parse_args(words))


def _export(course):
    """As Moodle exports it: a folder for each student, entries dated by the upload."""
    mistakes = read_mistakes(read_source(course.source_path("demo")))
    overflow = next(mistake for mistake in mistakes if mistake.name == "overflow")

    def notebook(answers):
        return nbformat.writes(written(course, answers))

    right, blank = notebook(right_answers(course)), notebook({})
    wrong = notebook({"softmax": without_markers(overflow.solution)})
    files = {}

    def put(student, content, suffix="_lab3.ipynb", time=ON_TIME):
        name = CLASS.get(student, "Nobody")
        folder = f"{name}_{len(files) + 4711}_assignsubmission_file_"
        files[f"{folder}/{student}_{name}{suffix}"] = content, time

    later = ON_TIME + timedelta(hours=2)
    for student in CLASS.keys() - {"20260004", "20260005", "20260006", "PB24"}:
        put(student, blank if student == "20260003" else right)
    put("20260002", wrong, "_lab3 (1).ipynb", later)
    put("20260003", right, "_lab3-1.ipynb", later)
    put("20260004", right, time=DUE + timedelta(days=1, hours=3))
    put("20260005", blank)
    put("20260006", right, ".ipynb")  # misnamed, but the id is right
    put("29999999", right)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("PB24_Student 24_lab3.ipynb", right)
        archive.writestr("PB24_Student 24_model.pth", b"weights")
    put("PB24", inner.getvalue(), "_lab3.zip")
    return files


def scores(course):
    with (course.build / "scores.csv").open(newline="", encoding="utf-8") as file:
        return {line["student"]: line for line in csv.DictReader(file)}


def test_everyone_has_the_score_of_their_last_version_less_its_lateness(course):
    found = {student: float(line["score"]) for student, line in scores(course).items()}
    assert found == EXPECTED


def test_half_grades_do_not_travel_unless_one_says_so(course, capsys, monkeypatch):
    monkeypatch.chdir(course.root)
    assert main(["export-grades", "demo", "--for", "generic"]) == 1
    said = capsys.readouterr().err
    assert (
        said.startswith("autograder: 11 with answers to mark (20260001, ") and "--partial" in said
    )
    assert not (course.build / "exports").exists()


def test_what_was_handed_in_again_has_no_grade_yet(course):
    stated = course.build / "submitted/PB21/demo/timestamp.txt"
    before = stated.read_text()
    assert grades_of(course, "demo").outdated == frozenset()
    stated.write_text(before.replace("12:00:00", "12:00:01"))
    try:
        with pytest.raises(UnfinishedError, match=r"1 with a grade for what .* before \(PB21\)"):
            refuse_unfinished(grades_of(course, "demo"))
    finally:
        stated.write_text(before)


def test_late_penalties_travel_with_grades(course, capsys):
    worksheet = course.root / "worksheet.csv"
    head = "Identifier,ID number,Grade,Maximum grade,Last modified (grade)"
    lines = [f"Participant {n},{student},,5.00,-" for n, student in enumerate(CLASS, 900)]
    worksheet.write_text("\n".join([head, *lines, "Participant 999,1,,5.00,-"]))
    given = ("--gradebook", str(worksheet), "--partial")
    assert command(course, "export-grades", "demo", "--for", "moodle", *given) == 0
    assert capsys.readouterr().out.splitlines() == [
        "row 14 (Participant 999, 1): nobody in the roster",
        f"12 grades, 0 handed in nothing, left empty: {course.build}/exports/demo-moodle.csv",
    ]
    written = (course.build / "exports/demo-moodle.csv").read_text().splitlines()
    expected = [f"Participant {n},{s},{EXPECTED[s]:g},5.00,-" for n, s in enumerate(CLASS, 900)]
    assert written == [head, *expected, "Participant 999,1,,5.00,-"]


def test_a_table_of_ids_and_names_needs_no_system(course):
    assert command(course, "export-grades", "demo", "--for", "generic", "--partial") == 0
    with (course.build / "exports/demo-generic.csv").open(newline="") as file:
        found = {line["student"]: line for line in csv.DictReader(file)}
    assert {student: float(line["demo"]) for student, line in found.items()} == EXPECTED
    assert found["20260004"]["last_name"] == "Zoé Müller"


def test_feedback_goes_back_into_the_folders_that_it_came_from(course, capsys):
    assert command(course, "export-feedback", "demo", "--for", "moodle") == 0
    with zipfile.ZipFile(course.build / "exports/demo-moodle-feedback.zip") as archive:
        sent = {name.split("/")[0].rstrip("_") for name in archive.namelist()}
    with zipfile.ZipFile(course.root / "lab3 submissions.zip") as archive:
        came = {name.split("/")[0].rstrip("_") for name in archive.namelist()}
    names = {name.split("_")[0] for name in sent}
    assert len(sent) == 12 and sent < came and names == {*CLASS.values()}


@pytest.mark.parametrize("system", ["canvas", "moodle", "blackboard", "brightspace"])
def test_systems_take_back_only_their_own_files(course, capsys, monkeypatch, system):
    monkeypatch.chdir(course.root)
    assert main(["export-grades", "demo", "--for", system]) == 2
    assert "takes back only what it wrote" in capsys.readouterr().err
    missing = ("--gradebook", "nowhere.csv", "--partial")
    assert main(["export-grades", "demo", "--for", system, *missing]) == 2
    assert capsys.readouterr().err == "autograder: nowhere.csv: No such file or directory\n"


def test_the_late_one_is_seen_before_and_after(course):
    line = scores(course)["20260004"]
    assert (line["raw_score"], line["late_penalty"], line["score"]) == ("3.0", "2.0", "1.0")


def test_written_answers_count_before_the_penalty(course):
    with Nbgrader(course).gradebook() as gradebook:
        grade = gradebook.find_grade("answer-why_shift", "demo", "demo", "20260004")
        grade.manual_score = 2.0
        gradebook.db.commit()
    assert command(course, "report", "demo") == 0
    line = scores(course)["20260004"]
    assert (line["raw_score"], line["late_penalty"], line["score"]) == ("5.0", "2.0", "3.0")


def test_the_table_names_the_late_the_unknown_and_the_misnamed(course, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    zipped = course.root / "lab3 submissions.zip"
    assert command(course, "collect", "demo", str(zipped)) == 0
    out = capsys.readouterr().out
    assert "29999999_Nobody_lab3.ipynb" in out and "29999999 is no student in the roster" in out
    assert "20260006_Jürgen.ipynb was taken for 20260006_Jürgen_lab3.ipynb" in out
    assert "1.1 days" in out
    assert "12 unchanged, 1 unknown, 1 late" in out


def test_scores_hold_names_and_those_who_handed_in_nothing(course):
    roster = course.root / "more.csv"
    roster.write_text("id,last name,first name,email\n20269999,Hopper,Grace,g@example.org\n")
    zipped = str(course.root / "lab3 submissions.zip")
    assert command(course, "collect", "demo", zipped, "--roster", str(roster)) == 0
    assert command(course, "report", "demo") == 0
    for name in ("scores.csv", "scores-demo.csv"):
        with (course.build / name).open(newline="", encoding="utf-8") as file:
            found = {line["student"]: line for line in csv.DictReader(file)}
        line = found["20269999"]
        assert (line["last_name"], line["first_name"]) == ("Hopper", "Grace")
        assert (line["score"], line["max_score"], line["check-softmax"]) == ("", "5.0", "")
        assert found["PB24"]["last_name"] == "Student 24" and len(found) == 13


def test_models_land_beside_the_notebook(course):
    folder = course.build / "submitted/PB24/demo"
    assert sorted(path.name for path in folder.iterdir()) == [
        "PB24_model.pth",
        "demo.ipynb",
        "timestamp.txt",
    ]
