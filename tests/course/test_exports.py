"""Exports of every system: who handed in is what it says, and so feedback finds its way back."""

import io
import os
import shutil
import unicodedata
import zipfile
from datetime import timedelta

import pytest
from traitlets.config import Config
from zips import ON_TIME, write_zip

from autograder.authoring.build import build
from autograder.course.collecting.collect import collect
from autograder.course.exporting.feedback import export_feedback, feedback_name
from autograder.course.gradebook import Nbgrader
from autograder.course.sample import DUE
from autograder.settings import SettingsError, find_course

DAY = timedelta(days=1)
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Lab 3 (991)
    Points Possible,,,,,100
"Lovelace, Ada",12345,20260001,alovelace,A,
"Chen, Bo",12346,20260002,bchen,A,
"Müller-Lüd, Zoé",12347,20260003,zmueller,A,
"""
MOODLE = """First name,Last name,ID number,Email address,Groups
Ada,Lovelace,20260001,ada@example.org,Team Blue
Bo,Chen,20260002,bo@example.org,Team Blue
Zoé,Müller-Lüd,20260003,zoe@example.org,
"""
WORKSHEET = """Identifier,Full name,Email address,Status,Grade
Participant 4711,Ada Lovelace,ada@example.org,Submitted,
Participant 4712,Bo Chen,bo@example.org,Submitted,
"""
ADA, BO, ZOE = "20260001", "20260002", "20260003"


@pytest.fixture(scope="module")
def released(module_demo_course):
    build(module_demo_course, "demo")
    Nbgrader(module_demo_course).release("demo", DUE.replace(tzinfo=None))
    return module_demo_course.root


@pytest.fixture
def course(released, tmp_path):
    copied = find_course(shutil.copytree(released, tmp_path / "course"))
    copied.update_config(Config({"LmsExtractor": {"timezone": "Europe/Berlin"}}))
    return copied


def take(course, files, roster=CANVAS, encoding=None, name="export.zip"):
    """Collect a zip of these files; {student: content of the notebook} and the report."""
    path = None
    if roster:
        path = course.root / "roster.csv"
        path.write_text(roster, encoding="utf-8-sig")
    report = collect(course, "demo", write_zip(course.root / name, files, encoding), path)
    notebooks = (course.build / "submitted").glob("*/demo/demo.ipynb")
    return {path.parts[-3]: path.read_text(encoding="utf-8") for path in notebooks}, report


def time_of(course, student):
    return (course.build / f"submitted/{student}/demo/timestamp.txt").read_text()


METADATA = """submission_45678:
  :submitters:
  - :name: Ada Lovelace
    :sid: 20260001
    :email: ada@example.org
  :created_at: 2026-10-01 12:30:00.000000000 +0200
submission_45679:
  :submitters:
  - :name: Bo Chen
    :email: bo@example.org
  - :name: Zoé Müller-Lüd
    :sid: "20260003"
"""
GITHUB = "identifier,github_username,github_id,name\n20260001,lovelace-ada,17,Ada Lovelace\n"
SHAPES = {  # a roster, and an export with Ada's work
    "Moodle, folders": (
        MOODLE,
        {"Ada Lovelace_4711_assignsubmission_file/demo.ipynb": "ada"},
    ),
    "Moodle, flat": (MOODLE, {"Ada Lovelace_4711_assignsubmission_file_my_demo.ipynb": "ada"}),
    "Moodle, number only": (MOODLE, {"Participant_4711_assignsubmission_file_/demo.ipynb": "ada"}),
    "Canvas": (CANVAS, {"lovelaceada_LATE_12345_678901_demo.ipynb": "ada"}),
    "Canvas, another name": (CANVAS, {"adalin_12345_678901_demo-1.ipynb": "ada"}),
    "Canvas, by its name": (MOODLE, {"lovelaceada_12345_678901_demo.ipynb": "ada"}),
    "Blackboard": (
        CANVAS,
        {
            "HW_1 b_alovelace_attempt_2026-10-03-23-59-07_my_demo.ipynb": "ada",
            "HW_1 b_alovelace_attempt_2026-10-03-23-59-07.txt": "Name: Ada Lovelace (alovelace)",
        },
    ),
    "Brightspace": (
        MOODLE,
        {"13394-80551 - Ada Lovelace - Oct 1, 2026 105 PM - my - demo.ipynb": "ada"},
    ),
    "Brightspace, folders": (
        "OrgDefinedId,Username,Last Name,First Name\n#20260001,#N0177,Lovelace,Ada\n",
        {"1-N0177 - Ada L. - Oct 1, 2026 105 PM/demo.ipynb": "ada", "index.html": ""},
    ),
    "Sakai": (
        CANVAS,
        {
            "Lab 3/Lovelace, Ada(alovelace)/Submission attachment(s)/demo.ipynb": "ada",
            "Lab 3/Lovelace, Ada(alovelace)/timestamp.txt": "2026-10-01T10:00:00Z",
            "Lab 3/Lovelace, Ada(alovelace)/comments.txt": "",
            "Lab 3/grades.csv": "",
        },
    ),
    "ILIAS": (
        CANVAS.replace("al", "a_l"),
        {"Lab 3/Lovelace_Ada_a_lovelace_10234/demo.ipynb": "ada"},
    ),
    "Gradescope": (
        MOODLE,
        {
            "assignment_1_export/submission_metadata.yml": METADATA,
            "assignment_1_export/submission_45678/demo.ipynb": "ada",
        },
    ),
    "nbgrader": (
        CANVAS,
        {"inbound/alovelace+demo+2026-10-01 10:00:00.123456 UTC+x1/demo.ipynb": "ada"},
    ),
    "Open edX": (CANVAS, {"[1]A, [2]B, [1]C/[1] - alovelace - demo.ipynb": "ada"}),
    "GitHub Classroom": (GITHUB, {"hw-1-submissions/hw-1-lovelace-ada/demo.ipynb": "ada"}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_whoever_a_system_names_handed_in(course, shape):
    roster, files = SHAPES[shape]
    if shape == "Moodle, number only":
        take(course, {}, roster)
        roster = WORKSHEET
    found, report = take(course, files, roster)
    assert found == {ADA: "ada"}
    assert [line.who for line in report.lines] == [ADA]


def test_gradescope_gives_a_groups_work_to_each_member(course):
    files = {
        "export/submission_metadata.yml": METADATA,
        "export/submission_45678/demo.ipynb": "ada",
        "export/submission_45679/demo.ipynb": "both",
    }
    found, report = take(course, files, MOODLE)
    assert found == {ADA: "ada", BO: "both", ZOE: "both"}
    assert time_of(course, ADA) == "2026-10-01 10:30:00"
    assert report.notes[0] == "All have handed in."


@pytest.mark.parametrize(
    "shape, time",
    [("Sakai", "10:00:00"), ("Brightspace", "11:05:00"), ("nbgrader", "10:00:00")],
)
def test_times_are_what_the_system_says(course, shape, time):
    """Berlin is two hours ahead of UTC then; Sakai and nbgrader write UTC."""
    roster, files = SHAPES[shape]
    take(course, {name: (content, DUE + 5 * DAY) for name, content in files.items()}, roster)
    assert time_of(course, ADA) == f"2026-10-01 {time}"


GROUPS = {
    "Moodle": "Team Blue_77_assignsubmission_file_/demo.ipynb",
    "Sakai": "Lab 3/Team Blue (0f1e-2d)/Submission attachment(s)/demo.ipynb",
    "Sakai, names": "Lab 3/Lovelace, Ada(x17); Chen, Bo(20260002)/Submission/demo.ipynb",
}


@pytest.mark.parametrize("path", GROUPS.values(), ids=GROUPS)
def test_a_groups_work_is_everybodys_in_it(course, path):
    found, report = take(course, {path: "blue"}, MOODLE)
    assert found == {ADA: "blue", BO: "blue"}
    assert report.notes[0] == "1 have not handed in: 20260003 Zoé Müller-Lüd"


def test_sakai_lists_the_members_of_a_group_in_a_file(course):
    files = {
        "Lab 3/Team (0f1e)/members.txt": "Lovelace, Ada (alovelace)\nbchen\n",
        "Lab 3/Team (0f1e)/Submission attachment(s)/demo.ipynb": "both",
        "Lab 3/Müller-Lüd, Zoé(zmueller)/Submission attachment(s)/demo.ipynb": "zoé",
    }
    assert take(course, files)[0] == {ADA: "both", BO: "both", ZOE: "zoé"}


def test_canvas_names_a_group_and_one_of_its_members(course):
    groups = "Student,ID,SIS User ID,Section,Group Name\nAda L,12345,20260001,A,Blue\n"
    groups += "Bo C,12346,20260002,A,Blue\nZoé M,12347,20260003,A,Red\n"
    assert take(course, {"blue_12345_9_demo.ipynb": "blue"}, groups)[0] == {ADA: "blue", BO: "blue"}
    found, report = take(course, {"blue_12347_10_demo.ipynb": "red?"}, groups, name="next.zip")
    assert ZOE not in found
    assert "may be from any of 20260001, 20260002, 20260003" in report.lines[-1].says


def test_a_number_and_a_name_of_two_students_are_refused(course):
    found, report = take(course, {"chenbo_12345_9_demo.ipynb": "?"})
    assert not found
    assert "may be from any of 20260001, 20260002: rename it to" in report.lines[0].says


def test_namesakes_are_told_apart_by_a_number_and_else_refused(course):
    twins = MOODLE + "Ada,Lovelace,20260004,ada4@example.org,\n"
    found, report = take(course, {"Ada Lovelace_1_assignsubmission_file_/demo.ipynb": "?"}, twins)
    assert not found
    assert "may be from any of 20260001, 20260004" in report.lines[0].says
    both = {f"Ada Lovelace_{n}_assignsubmission_file_/demo.ipynb": str(n) for n in (4711, 4719)}
    sheet = WORKSHEET + "Participant 4719,Ada Lovelace,ada4@example.org,Submitted,\n"
    assert take(course, both, sheet, name="next.zip")[0] == {ADA: "4711", "20260004": "4719"}


STOLEN = {  # what Ada, or somebody else, calls a file to have it taken for Bo's
    "Moodle": "Ada Lovelace_4711_assignsubmission_file_/{}",
    "Canvas": "lovelaceada_12345_9_{}",
    "Blackboard": "HW_alovelace_attempt_2026-10-01-12-00-00_{}",
    "Brightspace": "1-2 - Ada Lovelace - Oct 1, 2026 1159 AM - {}",
    "a student's own zip": "20260001_Ada Lovelace_lab3.zip/{}",
    "a student's own folder": "20260001/{}",
}
FORGED = (
    "20260002_Bo Chen_lab3.ipynb",
    "Bo Chen_4712_assignsubmission_file_/demo.ipynb",
    "chenbo_12346_8_demo.ipynb",
    "HW_bchen_attempt_2026-01-01-12-00-00_demo.ipynb",
    "3-4 - Bo Chen - Jan 1, 2026 1159 AM - demo.ipynb",
    "20260002_Bo Chen_lab3/demo.ipynb",
    "Chen_Bo_bchen_17/demo.ipynb",
    "bchen+demo+2026-01-01 10:00:00 UTC/demo.ipynb",
)


@pytest.mark.parametrize("system", STOLEN)
def test_nothing_that_a_student_writes_makes_it_anothers_or_earlier(course, system):
    roster = MOODLE if system == "Moodle" else CANVAS
    bos = STOLEN[system].replace("lovelaceada_12345", "chenbo_12346").replace("20260001", BO)
    bos = bos.replace("alovelace", "bchen").replace("Ada Lovelace", "Bo Chen").format("demo.ipynb")
    files = {STOLEN[system].format(forged): "ada" for forged in FORGED}
    beside = {
        "members.txt": "Bo Chen (bchen)",
        "timestamp.txt": "2026-01-01T00:00:00Z",
        "submission_metadata.yml": "[" * 5000,
    }
    files |= {STOLEN[system].format(name): content for name, content in beside.items()}
    for only_hers in (True, False):
        given = files if only_hers else {bos: "bo", **files}
        found, _ = take(course, given, roster, name=f"{only_hers}.zip")
        assert found == {ADA: "ada"} | ({} if only_hers else {BO: "bo"})
        assert time_of(course, ADA) > "2026-09-30"


def test_a_name_like_a_systems_is_a_students_where_no_other_has_one(course):
    early = "HW_20260001_attempt_2026-01-01-12-00-00_20260001_Ada_lab3.ipynb"
    found, _ = take(course, {early: "ada", "20260002_Bo_lab3.ipynb": "bo"})
    assert found == {ADA: "ada", BO: "bo"}
    assert time_of(course, ADA) == "2026-09-30 10:00:00"


def test_files_put_into_the_archive_one_by_one_are_read_together(course):
    archive = course.build / "downloaded/demo/archive"
    archive.mkdir(parents=True)
    early = "HW_20260001_attempt_2026-01-01-12-00-00_20260001_Ada_lab3.ipynb"
    for name in (early, "20260002_Bo_lab3.ipynb"):
        (archive / name).write_text(name)
        os.utime(archive / name, ((DUE + DAY).timestamp(),) * 2)
    found, _ = take(course, {"lovelaceada_12345_1_demo.ipynb": ("in time", DUE + 2 * DAY)})
    assert found == {ADA: early, BO: "20260002_Bo_lab3.ipynb"}


def test_in_a_zip_of_an_unknown_account_nothing_is_a_systems(course):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("Bo Chen_4712_assignsubmission_file_/demo.ipynb", "eve's")
        archive.writestr("Ada Lovelace_4711_assignsubmission_file_/demo.ipynb", "eve's")
    assert take(course, {"eve_3_13_stuff.zip": inner.getvalue()}, MOODLE)[0] == {}


def test_an_unknown_account_cannot_take_a_students_name(course):
    """Canvas's names and numbers mean nothing here; ids in file names count, one for an account."""
    files = {
        "ada_1_11_20260001_Ada_lab3.ipynb": "ada",
        "adalin_1_16_20260001_Ada_lab3.ipynb": "ada",
        "bo_2_12_20260002_Bo_lab3.ipynb": "bo",
        "eve_3_13_20260002_Bo_lab3.ipynb": "eve's",
        "mallory_4_14_20260003_Zoé_lab3.ipynb": "mallory's",
        "mallory_4_15_20260001_Ada_lab3.ipynb": "mallory's",
    }
    found, report = take(course, files, "id,name\n20260001,甲\n20260002,乙\n20260003,丙\n")
    assert found == {ADA: "ada"}
    assert report.notes[1].endswith("does not know who handed in: 20260001 (adalin)")
    says = {line.who.rpartition("/")[2]: line.says for line in report.lines}
    assert "named as from 20260002" in says["bo_2_12_20260002_Bo_lab3.ipynb"]
    assert "named as from 20260003" in says["mallory_4_14_20260003_Zoé_lab3.ipynb"]


def test_what_students_call_a_file_is_kept_apart_from_whose_it_is(course):
    names = [
        "my homework.ipynb",
        "Copy of demo.ipynb",
        "Kopie von demo.ipynb",
        "“demo.ipynb”的副本.ipynb",
        "demo.ipynb のコピー",
        "demo_final.ipynb",
        "demo_final_v2 (2).ipynb",
        "Lab03.ipynb",
        "lab 03-final.ipynb",
    ]
    for number, name in enumerate(names):
        path = f"lovelaceada_12345_{number + 1}_{name}"
        assert take(course, {path: name}, name=f"{number}.zip")[0] == {ADA: name}


def test_what_has_the_word_outranks_what_has_not(course):
    folder = "Ada Lovelace_4711_assignsubmission_file_"
    files = {
        f"{folder}/scratch.ipynb": ("no", DUE),
        f"{folder}/x/demo final.ipynb": ("yes", ON_TIME),
    }
    assert take(course, files, MOODLE)[0] == {ADA: "yes"}


def test_one_with_anothers_id_never_stands_for_ones_own(course):
    folder = "Ada Lovelace_4711_assignsubmission_file_"
    own, bos = f"{folder}/demo.ipynb", f"{folder}/20260002_Bo Chen_lab3.ipynb"
    found, _ = take(course, {own: "ada's own", bos: ("bo's", DUE)}, MOODLE)
    assert found == {ADA: "ada's own"}


def test_of_two_handed_in_together_the_other_is_named(course):
    folder = "Ada Lovelace_4711_assignsubmission_file_"
    files = {f"{folder}/demo.ipynb": "one", f"{folder}/demo_final.ipynb": "other"}
    found, report = take(course, files, MOODLE)
    assert found == {ADA: "other"}
    assert report.lines[0].says == "handed in with it, and not taken: demo.ipynb"


def test_names_of_macos_and_of_chinese_windows(course):
    chinese = "id,name\n20260001,许功盖\n20260002,李四\n"
    files = {
        "许功盖_4711_assignsubmission_file_/demo.ipynb": "one",
        "李四_4712_assignsubmission_file_/demo.ipynb": "two",
    }
    found, _ = take(course, files, chinese, "gb18030")
    assert found == {ADA: "one", BO: "two"}


def test_names_of_a_mac_that_do_not_say_their_encoding(course):
    name = unicodedata.normalize("NFD", "Zoé Müller-Lüd_4711_assignsubmission_file_/demo.ipynb")
    assert name != unicodedata.normalize("NFC", name)
    files = {name: "zoé", f"__MACOSX/{name}": "litter"}
    assert take(course, files, MOODLE, "utf-8")[0] == {ZOE: "zoé"}
    western = "Müller-Lüd, Zoé(unknown)/Submission attachment(s)/demo.ipynb"
    assert take(course, {western: ("w", DUE)}, MOODLE, "cp1252", "west.zip")[0] == {ZOE: "w"}


def test_backslashes_in_chinese_characters_that_became_slashes(course):
    name = "誠_4711_assignsubmission_file_/demo.ipynb"  # its second byte in GBK is a backslash
    path = course.root / "export.zip"
    write_zip(path, {name: "one"}, "gbk")
    raw = name.encode("gbk")
    assert b"\\" in raw
    path.write_bytes(path.read_bytes().replace(raw, raw.replace(b"\\", b"/")))
    (course.root / "roster.csv").write_text("id,name\n20260001,誠\n", encoding="utf-8")
    report = collect(course, "demo", path, course.root / "roster.csv")
    assert [(line.state, line.who) for line in report.lines] == [("collected", ADA)]


def test_a_long_name_costs_nobody_else_anything(course):
    files = {"作" * 100 + ".ipynb": "?", "lovelaceada_12345_1_" + "作" * 100 + ".ipynb": "ada"}
    found, report = take(course, {**files, "chenbo_12346_2_demo.ipynb": "bo"})
    assert found == {ADA: "ada", BO: "bo"}
    assert sorted(line.state for line in report.lines) == ["collected", "collected", "misnamed"]


def test_a_name_that_takes_long_to_read_is_refused(course):
    _, report = take(course, {"1-1" + " - a" * 5000 + ".ipynb": "?"})
    assert "has a name of more than 500 characters" in report.lines[0].says


def test_a_damaged_table_of_gradescope_says_nothing(course):
    files = {"e/submission_metadata.yml": "a: [", "e/submission_1/demo.ipynb": "?"}
    found, report = take(course, files)
    assert not found and report.lines[0].state == "misnamed"


def as_canvas_reads(name):
    """Source: canvas-lms, app/models/abstract_assignment.rb."""
    words = [word for word in name.split("_") if word != "LATE"]
    if name.startswith("._") or words[-1].startswith("link"):
        return None
    if words[0] == "anon":
        return words[1], words[2]
    return tuple([word for word in words if word.isdigit()][:2])


def as_moodle_reads(path):
    """Source: moodle, mod/assign/feedback/file/importziplib.php."""
    for part in path.split("/"):
        fields = part.split("_", 4)
        plugin = "_".join(fields[2:4])
        if plugin in ("assignsubmission_file", "assignfeedback_file"):
            return fields[1]
    return None


def feedback_zip(course, system, students=(ADA,), worksheet=None, assignment="demo"):
    for student in students:
        page = course.build / f"feedback/{student}/{assignment}/{assignment}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"<p>{student}</p>")
    path = course.root / "worksheet.csv"
    if worksheet:
        path.write_text(worksheet, encoding="utf-8-sig")
    found, count, told = export_feedback(
        course, assignment, system, path if worksheet else None, None
    )
    with zipfile.ZipFile(found) as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    assert count == len(pages)
    return pages, told


@pytest.mark.parametrize(
    "name, ids",
    [
        ("lovelaceada_LATE_12345_678901_demo.ipynb", ("12345", "678901")),
        ("lovelaceada_12345_678901_my_2_demo-1.ipynb", ("12345", "678901")),
    ],
)
def test_feedback_goes_back_by_the_two_ids_of_canvas(course, name, ids):
    take(course, {name: "ada", "chenbo_12346_678902_demo.ipynb": "bo"})
    pages, told = feedback_zip(course, "canvas")
    assert {as_canvas_reads(name): page for name, page in pages.items()} == {ids: f"<p>{ADA}</p>"}
    assert told == []


def test_the_last_file_of_several_is_the_one_that_canvas_knows(course):
    take(course, {"lovelaceada_12345_678901_demo.ipynb": "ada"})
    later = {"lovelaceada_12345_678999_demo-1.ipynb": ("ada", ON_TIME + DAY)}
    take(course, later, name="later.zip")
    pages, _ = feedback_zip(course, "canvas")
    assert [as_canvas_reads(name) for name in pages] == [("12345", "678999")]


def test_a_page_is_never_called_as_canvas_calls_links():
    name = "a_1_2_" + feedback_name("my_links.html")
    assert as_canvas_reads(name) == ("1", "2")


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.startswith("Moodle")])
def test_feedback_goes_back_by_the_number_of_moodle(course, shape):
    roster, files = SHAPES[shape]
    if shape == "Moodle, number only":
        take(course, {}, roster)
        roster = WORKSHEET
    take(course, files, roster)
    pages, told = feedback_zip(course, "moodle")
    assert {as_moodle_reads(name): page for name, page in pages.items()} == {
        "4711": f"<p>{ADA}</p>"
    }
    assert told == []


def test_a_team_has_numbers_in_the_worksheet_alone(course):
    take(course, {"Team Blue_77_assignsubmission_file/demo.ipynb": "both"}, MOODLE)
    pages, told = feedback_zip(course, "moodle", (ADA, BO))
    assert pages == {}
    assert told == [f"{ADA}, {BO}: a team, whose members only --worksheet numbers"]
    pages, told = feedback_zip(course, "moodle", (ADA, BO), WORKSHEET)
    assert {as_moodle_reads(name): page for name, page in pages.items()} == {
        "4711": f"<p>{ADA}</p>",
        "4712": f"<p>{BO}</p>",
    }
    assert told == []


def test_names_in_worksheets_become_those_of_folders(course):
    take(course, {}, MOODLE)
    named = WORKSHEET.replace("Ada Lovelace", "Ada_K. O'Love/lace")
    pages, _ = feedback_zip(course, "moodle", worksheet=named)
    assert [*pages] == ["Ada K. OLovelace_4711_assignsubmission_file/feedback-demo.html"]


def test_who_gets_no_feedback_is_told(course):
    take(course, {"lovelaceada_12345_678901_demo.ipynb": "ada"})
    assert feedback_zip(course, "moodle", (ADA, ZOE)) == (
        {},
        [
            f"{ADA}: what Moodle calls the submission came from Canvas",
            f"{ZOE}: what Moodle calls the submission is not kept",
        ],
    )
    _, told = feedback_zip(course, "moodle", (ADA, ZOE), WORKSHEET.replace("ada@", "x@"))
    assert told[0] == "row 2 (Participant 4711, Ada Lovelace, x@example.org): nobody in the roster"
    assert told[-1].startswith(f"{ZOE}: no number in ")


def test_no_feedback_is_said(course):
    with pytest.raises(SettingsError, match="no feedback for 'demo': run `grade demo` first"):
        export_feedback(course, "demo", "canvas", None, None)
