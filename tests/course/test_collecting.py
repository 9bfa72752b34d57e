"""From exports to `submitted`: by our command and by nbgrader's, once and again."""

import io
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console
from traitlets.config import Config
from zips import ON_TIME, link, write_zip

from autograder.__main__ import main
from autograder.authoring.build import build
from autograder.course.collecting.collect import collect
from autograder.course.gradebook import Nbgrader
from autograder.course.groups import write_groups
from autograder.course.sample import DUE
from autograder.settings import SettingsError, find_course

DAY = timedelta(days=1)
ROSTER = "student id,name\n1001,张三\n1002,李四\n1003,Zoé Müller\n1004,Anna da Silva\n"


@pytest.fixture(scope="module")
def released(module_demo_course):
    build(module_demo_course, "demo")
    Nbgrader(module_demo_course).release("demo", DUE.replace(tzinfo=None))
    (module_demo_course.root / "roster.csv").write_text(ROSTER, encoding="utf-8")
    return module_demo_course.root


@pytest.fixture
def course(released, tmp_path):
    """A copy for each test: releasing takes seconds."""
    copied = find_course(shutil.copytree(released, tmp_path / "course"))
    copied.update_config(Config({"LmsExtractor": {"timezone": "UTC"}}))
    return copied


def take(course, files, encoding=None, roster=True, name="submissions.zip"):
    """Collect a zip of these files; {who: state} and the report."""
    path = write_zip(course.root / name, files, encoding)
    return take_path(course, path, roster)


def take_path(course, path, roster=True):
    report = collect(course, "demo", path, course.root / "roster.csv" if roster else None)
    return {line.who.rpartition("/")[2]: line.state for line in report.lines}, report


def says(report, who):
    return next(line.says for line in report.lines if line.who.endswith(who))


def submitted(course, student):
    folder = course.build / "submitted" / student / "demo"
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def everything_under(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_files_of_a_class_land_where_nbgrader_looks(course):
    files = {
        "1001_张三_lab3.ipynb": "one",
        "1001_张三_model.pth": "weights",
        "1001_张三_lab3_answer.jpg": "photo",
        "1003_Zoé Müller_lab3.ipynb": "three",
    }
    states, report = take(course, files)
    assert states == {"1001": "collected", "1003": "collected"}
    assert report.summary == "2 collected"
    assert submitted(course, "1001") == {
        "demo.ipynb": "one",
        "1001_model.pth": "weights",
        "1001_answer.jpg": "photo",
        "timestamp.txt": "2026-09-30 12:00:00",
    }
    assert submitted(course, "1003")["demo.ipynb"] == "three"


def test_nbgraders_own_command_does_the_same(course):
    write_zip(course.build / "downloaded/demo/archive/x.zip", {"1001_a_lab3.ipynb": "one"})
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.LmsExtractor.timezone = 'UTC'\n")
    command = [Path(sys.executable).with_name("nbgrader"), "zip_collect", "demo"]
    for _ in range(2):
        run = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert submitted(course, "1001")["timestamp.txt"] == "2026-09-30 12:00:00"
    assert "every id was accepted" in run.stderr
    assert "1 unchanged" in run.stderr


def test_the_last_version_counts_and_its_lateness(course):
    files = {
        "1001_张三_lab3.ipynb": ("first", DUE - DAY),
        "1001_张三_lab3 (1).ipynb": ("last", DUE + 2 * DAY),
        "1001_张三_lab3-1.ipynb": ("second", DUE),
    }
    _, report = take(course, files)
    assert submitted(course, "1001")["demo.ipynb"] == "last"
    assert submitted(course, "1001")["timestamp.txt"] == "2026-10-03 12:00:00"
    assert report.counts() == {"collected": 1, "late": 1}


def test_a_later_zip_replaces_what_is_newer_and_keeps_the_rest(course):
    take(
        course,
        {"1001_张三_lab3.ipynb": "one", "1001_张三_model.pth": "w", "1002_李四_lab3.ipynb": "two"},
    )
    by_hand = course.build / "submitted/1002/demo/extra.txt"
    by_hand.write_text("put here by hand")
    untouched = (course.build / "submitted/1002/demo/demo.ipynb").stat().st_ctime_ns
    later = {
        "1001_张三_lab3.ipynb": ("one, better", ON_TIME + DAY / 2),
        "1002_李四_lab3.ipynb": ("an older one", ON_TIME - DAY),
        "1003_Zoé Müller_lab3.ipynb": "three",
    }
    states, _ = take(course, later)
    assert states == {"1001": "replaced", "1002": "unchanged", "1003": "collected"}
    assert submitted(course, "1001")["demo.ipynb"] == "one, better"
    assert submitted(course, "1001")["1001_model.pth"] == "w"
    assert submitted(course, "1001")["timestamp.txt"] == "2026-10-01 00:00:00"
    assert submitted(course, "1002")["demo.ipynb"] == "two"
    assert (course.build / "submitted/1002/demo/demo.ipynb").stat().st_ctime_ns == untouched
    states, _ = take(course, later)
    assert set(states.values()) == {"unchanged"}


def test_an_archive_thrown_away_loses_nothing_that_was_collected(course):
    take(course, {"1001_张三_lab3.ipynb": "one"})
    (course.build / "submitted/1001/demo/notes.txt").write_text("by hand")
    for path in (course.build / "downloaded/demo/archive").rglob("*.zip"):
        path.unlink()
    take(course, {"1001_张三_model.pth": ("weights", ON_TIME + DAY / 2)}, name="later.zip")
    found = submitted(course, "1001")
    assert (found["demo.ipynb"], found["notes.txt"]) == ("one", "by hand")
    assert found["1001_model.pth"] == "weights"
    assert found["timestamp.txt"] == "2026-10-01 00:00:00"


def test_a_newer_file_that_came_by_another_way_stays(course):
    folder = course.build / "submitted/1001/demo"
    folder.mkdir(parents=True)
    (folder / "demo.ipynb").write_text("by nbgrader collect")
    (folder / "timestamp.txt").write_text("2026-10-01 11:00:00 UTC")
    assert take(course, {"1001_张三_lab3.ipynb": "older"})[0] == {"1001": "unchanged"}
    newer = {"1001_张三_lab3.ipynb": ("newer", DUE)}
    assert take(course, newer)[0] == {"1001": "replaced"}
    assert submitted(course, "1001")["demo.ipynb"] == "newer"


def test_the_same_file_downloaded_again_is_no_later(course):
    take(course, {"zhang_LATE_7_1_1001_张三_lab3.ipynb": ("one", DUE + DAY)})
    stamp = course.build / "submitted/1001/demo/timestamp.txt"
    stamp.write_text("2026-10-01 12:30:00 UTC")  # corrected by the instructor
    again = {"zhang_LATE_7_1_1001_张三_lab3.ipynb": ("one", DUE + 5 * DAY)}
    assert take(course, again, name="again.zip")[0] == {"1001": "unchanged"}
    assert stamp.read_text() == "2026-10-01 12:30:00 UTC"


def test_canvas_dates_the_download_and_says_who_was_late(course):
    download = DUE + 3 * DAY
    files = {
        "zhang_7_11_1001_张三_lab3.ipynb": ("first", download),
        "zhang_7_12_1001_张三_lab3-1.ipynb": ("second", download),
        "li_LATE_8_13_1002_李四_lab3.ipynb": ("late", download),
    }
    _, report = take(course, files)
    assert submitted(course, "1001")["demo.ipynb"] == "second"
    late = {line.who: line.seconds_late for line in report.lines}
    assert late == {"1001": 0, "1002": 3 * 86400}
    assert "correct timestamp.txt" in says(report, "1002")


def test_blackboard_times_are_read_in_the_configured_zone(course):
    course.update_config(Config({"LmsExtractor": {"timezone": "Asia/Shanghai"}}))
    name = "Lab 3_1001_attempt_2026-10-01-21-00-00_1001_张三_lab3.ipynb"
    _, report = take(course, {name: ("x", ON_TIME)})
    assert submitted(course, "1001")["timestamp.txt"] == "2026-10-01 13:00:00"
    assert report.lines[0].seconds_late == 3600


def test_moodle_folders_and_students_own_zips(course):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("1002_李四_lab3.ipynb", "two")
        archive.writestr("1002_李四_model.pth", "weights")
        archive.writestr("__MACOSX/._1002_李四_lab3.ipynb", "litter")
    files = {
        "张三_4711_assignsubmission_file_/1001_张三_lab3.ipynb": "one",
        "李四_4712_assignsubmission_file_/1002_李四_lab3.zip": (inner.getvalue(), DUE + DAY),
    }
    states, _ = take(course, files)
    assert states == {"1001": "collected", "1002": "collected"}
    assert submitted(course, "1002")["1002_model.pth"] == "weights"
    assert submitted(course, "1002")["timestamp.txt"] == "2026-10-02 12:00:00"  # of the upload


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "cp437"])
def test_names_in_encodings_that_the_zip_does_not_tell(course, encoding):
    name = "Zoé Müller" if encoding == "cp437" else "张三"
    student = "1003" if encoding == "cp437" else "1001"
    states, report = take(course, {f"{student}_{name}_lab3.ipynb": "one"}, encoding)
    assert states == {student: "collected"}
    assert not says(report, student)


def test_unknown_ids_are_kept_and_reported_but_not_graded(course):
    states, report = take(course, {"9999_王五_lab3.ipynb": "five", "1001_张三_lab3.ipynb": "one"})
    assert states == {"9999_王五_lab3.ipynb": "unknown", "1001": "collected"}
    assert "9999 is no student in the roster" in says(report, "9999_王五_lab3.ipynb")
    assert not (course.build / "submitted/9999").exists()
    assert next((course.build / "downloaded/demo/aside").rglob("*.ipynb")).read_text() == "five"
    (course.root / "roster.csv").write_text(ROSTER + "9999,王五\n", encoding="utf-8")
    assert take(course, {"1001_张三_lab3.ipynb": "one"})[0]["9999"] == "collected"


def test_a_misnamed_file_renamed_and_collected_is_settled(course):
    _, report = take(course, {"李四_lab3.ipynb": ("two", DUE + DAY)})
    assert "rename it to 1002_李四_lab3.ipynb" in says(report, "李四_lab3.ipynb")
    (aside,) = (course.build / "downloaded/demo/aside").rglob("*.ipynb")
    renamed = aside.rename(aside.with_name("1002_李四_lab3.ipynb"))
    states, report = take_path(course, renamed)
    assert states == {"1002": "collected"}
    assert report.lines[0].seconds_late == 86400


def test_a_file_like_another_students_is_reported_as_well(course):
    same = {"1001_张三_lab3.ipynb": "one", "9999_王五_lab3.ipynb": "one", "lab3.ipynb": "one"}
    states, _ = take(course, same)
    assert states["9999_王五_lab3.ipynb"] == "unknown"
    assert states["lab3.ipynb"] == "misnamed"


def test_a_file_without_its_word_never_replaces_one_that_has_it(course):
    files = {
        "1001_张三_lab3.ipynb": ("the work", DUE - DAY),
        "1001_张三_scratch.ipynb": ("something else", DUE),
    }
    take(course, files)
    assert submitted(course, "1001")["demo.ipynb"] == "the work"


def test_without_a_roster_every_id_is_accepted_and_that_is_said(course):
    states, report = take(course, {"anyone_x_lab3.ipynb": "x"}, roster=False)
    assert states == {"anyone": "collected"}
    assert "every id was accepted" in report.notes[0]
    with Nbgrader(course).gradebook() as gradebook:
        gradebook.add_student("anyone")  # as autograding does
    assert take(course, {"other_x_lab3.ipynb": "x"}, roster=False)[0]["other"] == "collected"


HOSTILE = {
    "traversal": [("../../1001_张三_lab3.ipynb", "x")],
    "traversal inside": [("a/../../../1001_张三_lab3.ipynb", "x")],
    "absolute": [("/tmp/1001_张三_lab3.ipynb", "x")],
    "drive": [("C:\\1001_张三_lab3.ipynb", "x")],
    "backslashes": [("..\\..\\1001_张三_lab3.ipynb", "x")],
    "link": [link("1001_张三_lab3.ipynb", "/etc/passwd")],
    "too large": [("1001_张三_lab3.ipynb", b"0" * 3_000_000)],
    "another archive": [("1001_张三_lab3.rar", "x")],
    "no zip": [("1001_张三_lab3.zip", "x")],
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_entries_are_reported_and_nothing_is_written_elsewhere(course, case):
    course.update_config(Config({"LmsExtractor": {"max_file_mb": 2.0}}))
    pairs = [("1002_李四_lab3.ipynb", "honest")]
    path = write_zip(course.root / "x.zip", pairs)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in HOSTILE[case]:
            archive.writestr(name, content)
    outside = everything_under(course.root.parent)
    states, _ = take_path(course, path)
    assert states.pop("1002") == "collected"
    assert list(states.values()) == ["refused"]
    new = everything_under(course.root.parent) - outside
    inside = str((course.build / "downloaded").relative_to(course.root.parent))
    submissions = str((course.build / "submitted/1002").relative_to(course.root.parent))
    allowed = (inside, submissions, str(course.build.relative_to(course.root.parent) / "submitted"))
    assert all(path.startswith(allowed) for path in new)
    assert not (course.build / "submitted/1001").exists()


def test_a_bomb_costs_its_archive_only(course):
    course.update_config(Config({"LmsExtractor": {"max_file_mb": 1.0, "max_archive_mb": 30.0}}))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(12):
            archive.writestr(f"{number}.txt", b"0" * 1_000_000)
    files = {"1001_张三_lab3.zip": bomb.getvalue(), "1002_李四_lab3.ipynb": "two"}
    states, report = take(course, files)
    assert states == {"1001_张三_lab3.zip": "refused", "1002": "collected"}
    assert "would unpack to more than 10 MB" in says(report, "lab3.zip")


def test_a_header_that_lies_about_the_size_is_damage(course):
    path = write_zip(course.root / "x.zip", {"1001_张三_lab3.ipynb": b"0" * 5_000_000})
    data = path.read_bytes().replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(data)
    states, report = take_path(course, path)
    assert states == {"1001_张三_lab3.ipynb": "refused"}
    assert "is damaged" in report.lines[0].says


def test_a_damaged_file_gives_way_to_the_version_before(course):
    path = write_zip(
        course.root / "x.zip",
        {
            "1001_张三_lab3.ipynb": ("before", DUE - DAY),
            "1001_张三_lab3-1.ipynb": ("damaged " * 50, DUE),
            "1001_张三_model.pth": ("weights", DUE - 2 * DAY),
        },
    )
    with zipfile.ZipFile(path) as archive:
        start = archive.infolist()[1].header_offset + 60
    data = bytearray(path.read_bytes())
    data[start : start + 8] = b"\xff" * 8
    path.write_bytes(data)
    states, _ = take_path(course, path)
    assert states == {"1001_张三_lab3-1.ipynb": "refused", "1001": "collected"}
    assert submitted(course, "1001")["demo.ipynb"] == "before"
    assert submitted(course, "1001")["1001_model.pth"] == "weights"


def test_encrypted_entries_are_reported(course):
    path = write_zip(course.root / "x.zip", {"1001_a_lab3.ipynb": "x", "1002_b_lab3.ipynb": "y"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # in the central directory, of the first entry
    path.write_bytes(data)
    states, report = take_path(course, path)
    assert states == {"1001_a_lab3.ipynb": "refused", "1002": "collected"}
    assert "ask for it without a password" in says(report, "1001_a_lab3.ipynb")


def test_an_entry_without_a_time_has_that_of_its_zip(course):
    path = write_zip(course.root / "x.zip", {"1001_a_lab3.ipynb": ("x", datetime(1980, 1, 1))})
    os.utime(path, (ON_TIME.timestamp(),) * 2)
    take_path(course, path)
    assert submitted(course, "1001")["timestamp.txt"] == "2026-09-30 12:00:00"


def test_a_name_that_stands_twice_is_reported_and_the_later_one_counts(course):
    states, _ = take(course, [("1001_张三_lab3.ipynb", "a"), ("1001_张三_lab3.ipynb", "b")])
    assert states == {"1001": "collected", "1001_张三_lab3.ipynb": "refused"}
    assert submitted(course, "1001")["demo.ipynb"] == "b"


def test_a_folder_is_collected_and_links_in_it_are_not_followed(course):
    folder = course.root / "unpacked/sub"
    folder.mkdir(parents=True)
    (folder / "1001_张三_lab3.ipynb").write_text("one")
    os.utime(folder / "1001_张三_lab3.ipynb", (ON_TIME.timestamp(),) * 2)
    (folder / "1002_李四_lab3.ipynb").symlink_to("/etc/passwd")
    states, _ = take_path(course, folder.parent)
    assert states == {"1001": "collected", "1002_李四_lab3.ipynb": "refused"}
    assert submitted(course, "1001")["timestamp.txt"] == "2026-09-30 12:00:00"


def test_the_notebook_of_another_assignment_is_named_as_what_it_is(course):
    (course.solutions / "attention").mkdir()
    (course.solutions / "attention/attention.py").touch()
    notebook = find_course(Path(__file__).parent).released("attention").read_text("utf-8")
    course.released("attention").parent.mkdir()
    course.released("attention").write_text(notebook, "utf-8")
    files = {"1001_张三_lab3.ipynb": notebook, "1002_李四_lab3.ipynb": "{}"}
    states, report = take(course, files)
    assert states == {"1001": "collected", "1002": "collected"}
    (note,) = [note for note in report.notes if note.startswith("1001: ")]
    assert "the notebook of attention" in note
    _, again = take(course, files)
    assert not [note for note in again.notes if "attention" in note]


def test_the_table_is_short_and_obeys_no_file_name(course):
    files = {f"100{n}_x_lab3.ipynb": f"{n}" for n in (1, 2)}
    files |= {"1003_Zoé Müller_lab3.ipynb": ("3", DUE + 2 * DAY), "[b]\x1b[31mx": "?"}
    _, report = take(course, files)
    console = Console(record=True, width=200)
    report.show(console)
    text = console.export_text()
    assert "1001" not in text
    assert "2.0 days" in text
    assert "[b]\ufffd[31mx" in text
    assert "3 collected, 1 misnamed, 1 late" in text


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["nowhere.zip"], "nowhere.zip: no such file or folder"),
        (["roster.csv", "--roster", "nobody.csv"], "nobody.csv: No such file"),
        (["roster.csv", "--roster", "nbgrader_config.py"], "no column of student ids"),
    ],
)
def test_wrong_usage_is_one_line(course, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(course.root)
    assert main(["collect", "demo", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_an_assignment_that_is_not_released_is_said(demo_course):
    with pytest.raises(SettingsError, match="run `release demo` first"):
        collect(demo_course, "demo", demo_course.root, None)


def test_members_of_a_group_collect_for_themselves_and_get_what_counts(course):
    write_groups(course, {"demo": {"Blue": ["1001", "1002"]}})
    files = {
        "1001_张三_lab3.ipynb": ("first", DUE - DAY),
        "1002_李四_lab3.ipynb": ("last", DUE - timedelta(hours=1)),
    }
    states, report = take(course, files)
    assert states == {"1001": "collected", "1002": "collected"}
    assert submitted(course, "1001") == submitted(course, "1002")
    assert report.notes[-1].startswith("1001: group Blue: what 1002 handed in counts, as the last")
    later = {"1001_张三_lab3 (1).ipynb": ("later", DUE)}
    states, report = take(course, later, name="later.zip")
    assert states == {"1001": "replaced", "1002": "unchanged"}
    assert submitted(course, "1002")["demo.ipynb"] == "later"
    assert submitted(course, "1002")["timestamp.txt"] == "2026-10-01 12:00:00"
    assert report.notes[-1].startswith("1002: group Blue: what 1001 handed in counts")
    write_groups(course, {})
    states, _ = take(course, {}, name="empty.zip")
    assert states == {"1001": "unchanged", "1002": "unchanged"}
    found = [submitted(course, student)["demo.ipynb"] for student in ("1001", "1002")]
    assert found == ["later", "last"]


def test_files_that_several_students_handed_in_alike_are_told(course):
    cells = '{"cells": [{"cell_type": "code", "source": "x = 1"}], "metadata": {"by": "%s"}}'
    files = {f"100{at}_a_lab3.ipynb": cells % "ab"[at == 3] for at in (1, 2, 3)}
    _, report = take(course, files)
    assert "1001, 1002: the same file: demo.ipynb" in report.notes
    alike = "1001, 1002, 1003: the same cells; only outputs or metadata differ: demo.ipynb"
    assert alike in report.notes
    _, report = take(course, files)
    assert alike not in report.notes
