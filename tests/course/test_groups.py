"""Groups: one submission, a grade for each; what somebody handed in is never lost."""

import json
import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from handing import FILE_TIME, course_of, make_root

from autograder.__main__ import main
from autograder.course.gradebook import Nbgrader
from autograder.course.groups import groups_of, read_groups, read_shared, write_groups
from autograder.course.own_work import Place
from autograder.course.sharing import Sharing
from autograder.settings import SettingsError, find_course

EARLY = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
LATE = EARLY + timedelta(hours=30)
BLUE = "id,group\nada,Blue\nbo,Blue\nzoé,Red\n"


@pytest.fixture
def course(tmp_path, monkeypatch):
    make_root(tmp_path)
    (tmp_path / "solutions/demo").mkdir(parents=True)
    (tmp_path / "solutions/demo/demo.py").touch()
    monkeypatch.chdir(tmp_path)
    return find_course(tmp_path)


@pytest.fixture(scope="module")
def empty_gradebook(tmp_path_factory):
    """To make one takes longer than all of these tests."""
    course = course_of(tmp_path_factory.mktemp("course"))
    with Nbgrader(course).gradebook():
        return course.build / "gradebook.db"


@pytest.fixture(autouse=True)
def with_gradebook(course, empty_gradebook):
    shutil.copy(empty_gradebook, course.build)


def put(course, student, files, time=EARLY):
    folder = course.build / "submitted" / student / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "timestamp.txt").write_text(time.strftime(FILE_TIME))


def there(course, student, where="submitted"):
    """A student's files by name, and when they were handed in."""
    folder = course.build / where / student / "demo"
    files = {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()}
    time = files.pop("timestamp.txt", None)
    stated = time.read_text() if time else ""
    return {name: path.read_text() for name, path in files.items()}, stated[:16]


def group(course, text=BLUE):
    (course.root / "groups.csv").write_text(text)
    assert main(["groups", "demo", "groups.csv"]) == 0


def share(course):
    return Sharing(Nbgrader(course), "demo").share()


def shared(course):
    return {s: (of.by, of.differs) for s, of in read_shared(course.config, "demo").items()}


def test_what_one_handed_in_is_everybodys(course, capsys):
    put(course, "bo", {"demo.ipynb": "theirs", "model.pth": "m"})
    group(course)
    assert capsys.readouterr().out == "Blue: ada, bo\nRed: zoé\n"
    assert there(course, "ada") == there(course, "bo")
    assert there(course, "ada") == ({"demo.ipynb": "theirs", "model.pth": "m"}, "2026-10-01 09:00")
    assert shared(course) == {"ada": ("bo", False), "bo": ("", False)}
    assert not (course.build / "submitted/zoé").exists()


def test_the_last_version_counts_and_the_other_is_told_and_kept(course, capsys):
    put(course, "ada", {"demo.ipynb": "first", "model.pth": "hers"})
    put(course, "bo", {"demo.ipynb": "last"}, LATE)
    group(course)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == (
        "ada: group Blue: what bo handed in counts, as the last (2026-10-02 15:00 UTC); their own "
        "(2026-10-01 09:00 UTC) differs, and is kept in build/submitted-own/ada/demo"
    )
    both = ({"demo.ipynb": "last", "model.pth": "hers"}, "2026-10-02 15:00")
    assert there(course, "ada") == there(course, "bo") == both
    assert there(course, "ada", "submitted-own")[0] == {"demo.ipynb": "first", "model.pth": "hers"}
    assert shared(course) == {"ada": ("you, bo", True), "bo": ("you, ada", False)}


def test_the_same_file_handed_in_twice_keeps_its_time(course):
    put(course, "bo", {"demo.ipynb": "same"}, LATE)
    put(course, "ada", {"demo.ipynb": "same"})
    group(course)
    assert there(course, "bo")[1] == there(course, "ada")[1] == "2026-10-01 09:00"
    assert shared(course)["bo"] == ("ada", False)


def test_again_and_again_nothing_moves(course):
    put(course, "ada", {"demo.ipynb": "first"})
    put(course, "bo", {"demo.ipynb": "last"}, LATE)
    group(course)
    files = sorted(course.build.glob("submitted*/**/*"))
    inodes = [os.stat(file).st_ino for file in files]
    for _ in range(2):
        assert share(course).keys() == {"ada"}  # told each time
    assert sorted(course.build.glob("submitted*/**/*")) == files
    assert [os.stat(f).st_ino for f in files if f.name != "demo.json"] == [
        inode for f, inode in zip(files, inodes, strict=True) if f.name != "demo.json"
    ]


def test_other_groups_give_everybody_back_what_is_their_own(course, capsys):
    put(course, "ada", {"demo.ipynb": "hers"})
    put(course, "zoé", {"demo.ipynb": "zoés"}, LATE)
    group(course, "id,group\nada,X\nzoé,X\nbo,X\n")
    assert there(course, "ada")[0] == there(course, "bo")[0] == {"demo.ipynb": "zoés"}
    group(course)
    assert (
        there(course, "ada") == there(course, "bo") == ({"demo.ipynb": "hers"}, "2026-10-01 09:00")
    )
    with Nbgrader(course).gradebook() as gradebook:
        gradebook.add_assignment("demo")
        gradebook.add_student("bo")
        gradebook.add_submission("demo", "bo")
    capsys.readouterr()
    assert main(["groups", "demo", "--none"]) == 0
    assert capsys.readouterr().out.startswith(
        "bo: has nothing of their own now, and in the gradebook"
    )
    assert there(course, "ada")[0] == {"demo.ipynb": "hers"}
    assert there(course, "bo") == ({}, "") and there(course, "zoé")[0] == {"demo.ipynb": "zoés"}
    assert shared(course) == {}
    assert not [*course.build.glob("submitted-own/*/demo*")]


def test_what_a_member_hands_in_later_counts_then(course):
    put(course, "ada", {"demo.ipynb": "first"})
    put(course, "bo", {"demo.ipynb": "second"}, LATE)
    group(course)
    put(course, "ada", {"demo.ipynb": "third"}, LATE + timedelta(hours=1))  # over what was bo's
    assert share(course).keys() == {"bo"}
    assert there(course, "bo")[0] == there(course, "ada")[0] == {"demo.ipynb": "third"}
    assert there(course, "bo", "submitted-own")[0] == {"demo.ipynb": "second"}
    put(course, "ada", {"demo.ipynb": "old"}, EARLY - timedelta(days=1))  # by hand, and earlier
    assert share(course).keys() == {"ada"}
    assert there(course, "ada")[0] == {"demo.ipynb": "second"}
    kept = {p.read_text() for p in course.build.glob("submitted-own/*/demo*/demo.ipynb")}
    assert kept >= {"old", "first"}


@pytest.mark.parametrize("step", ["_set_aside", "put", "stage", "restore"])
def test_a_run_killed_anywhere_loses_nothing(course, monkeypatch, step):
    put(course, "ada", {"demo.ipynb": "hers"})
    put(course, "bo", {"demo.ipynb": "last"}, LATE)
    (course.root / "groups.csv").write_text(BLUE)
    whole = getattr(Place, step)

    def dies(self, *arguments):
        whole(self, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Place, step, dies)
        main(["groups", "demo", "groups.csv"])
    share(course)
    assert there(course, "ada")[0] == there(course, "bo")[0] == {"demo.ipynb": "last"}
    Sharing(Nbgrader(course), "demo").undo()
    assert there(course, "ada")[0] == {"demo.ipynb": "hers"}
    assert there(course, "bo")[0] == {"demo.ipynb": "last"}


def test_links_lead_nowhere(course, tmp_path):
    put(course, "bo", {"demo.ipynb": "theirs"})
    (tmp_path / "secret").write_text("secret")
    (course.build / "submitted/bo/demo/link.txt").symlink_to(tmp_path / "secret")
    group(course)
    assert there(course, "ada")[0] == {"demo.ipynb": "theirs"}


def test_a_group_without_work_and_a_group_of_one_stay_as_they_are(course):
    put(course, "zoé", {"demo.ipynb": "zoés"})
    group(course)
    assert shared(course) == {} and [*course.build.glob("submitted/*")] == [
        course.build / "submitted/zoé"
    ]


FILES = {
    "id,group\nada,Blue\nada,Red\n": "ada: named by row 2 (ada, Blue) and row 3 (ada, Red)",
    'id,group\nada,"Blue, Red"\n': "ada is in two groups, Blue and Red",
    "id,name\nada,Ada\n": "no column of groups: name it 'group'",
    "group\nBlue\n": "no column of student ids: name it 'id'",
    "id,group\n../x,Blue\n": "'../x' cannot be a student id",
}


@pytest.mark.parametrize("text", FILES)
def test_a_file_with_a_fault_changes_nothing(course, capsys, text):
    before = {"demo": {"Blue": ["ada", "bo"]}}
    write_groups(course, before)
    (course.root / "wrong.csv").write_text(text)
    assert main(["groups", "demo", "wrong.csv"]) == 2
    said = capsys.readouterr().err
    assert FILES[text] in said and said.count("\n") == 1
    assert read_groups(course) == before


def test_an_assignment_that_nobody_knows_and_a_damaged_file_are_told(course, capsys):
    assert main(["groups", "dmo"]) == 2
    assert "no assignment 'dmo' (there: demo)" in capsys.readouterr().err
    group(course)
    (course.root / course.groups_file).write_text("x,y\n")
    with pytest.raises(
        SettingsError, match=r"groups\.csv: not a table with the columns assignment"
    ):
        groups_of(course, "demo")
    (course.build / "submitted-own").mkdir(exist_ok=True)
    (course.build / "submitted-own/demo.json").write_text(json.dumps({"ada": 1}))
    with pytest.raises(SettingsError, match=r"demo\.json: damaged"):
        read_shared(course.config, "demo")
