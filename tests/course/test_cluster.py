"""What travels to a cluster and back, without one."""

import contextlib
import pickle
import stat
from pathlib import Path

import pytest
from handing import hand_in, right_answers

from autograder.authoring.build import build
from autograder.course import parcels
from autograder.course.entry import Entry
from autograder.course.gradebook import Nbgrader
from autograder.course.parcels import Replica, kit_of, packed
from autograder.grading.submission import Grader
from autograder.settings import find_course

ELSEWHERE = "postgresql+psycopg://grader:password@host/gradebook"


@pytest.fixture(scope="module")
def course(module_demo_course):
    course = module_demo_course
    build(course, "demo")
    Nbgrader(course).release("demo")
    return course


@pytest.fixture(scope="module")
def replica(course):
    """A copy of the course, as on another machine."""
    nbgrader = Nbgrader(course)
    kit = kit_of(course, nbgrader, "demo", nbgrader.kernelspec("demo"))
    with contextlib.closing(Replica(pickle.loads(pickle.dumps(kit)))) as replica:
        yield replica
    assert not Path(replica._folder.name).exists()


def entry_of(course, student):
    path = course.build / "submitted" / student / "demo/demo.ipynb"
    return Entry(student, path, Grader(course, "demo"), Nbgrader(course), None, {})


def test_a_submission_comes_back_graded(course, replica):
    hand_in(course, "ada", right_answers(course))
    folder = course.build / "submitted/ada/demo"
    (folder / "data").mkdir()
    (folder / "data/mine.csv").write_text("1")
    (folder / "data/theirs.csv").symlink_to(course.root / course.secret_file)
    entry = entry_of(course, "ada")
    outcome = replica.answer(packed(entry)).unpacked(entry)
    report = outcome.earned.report
    assert outcome.earned.autograded.scores.points["check-softmax"] == report["score"] == 3.0
    assert "data/theirs.csv: a link, not followed" in report["repairs"]
    assert report["fingerprint"] == entry.fingerprint
    autograded = course.build / "autograded/ada/demo"
    files = {str(file.relative_to(autograded)): file for file in autograded.rglob("*.*")}
    assert sorted(files) == ["data/mine.csv", "demo.ipynb"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files.values()} == {0o444}
    kept = {file.stem for file in (course.build / "evidence/demo").iterdir()}
    assert kept == {*report["evidence"]}
    assert not [*Path(replica._folder.name).rglob("*ada*")]  # nothing stays behind


def test_what_cannot_be_read_or_is_too_large_does_not_travel(course, monkeypatch):
    hand_in(course, "bob", right_answers(course))
    entry = entry_of(course, "bob")
    assert packed(entry) is not None
    with monkeypatch.context() as patched:
        patched.setattr(parcels, "LARGEST", 1000)
        assert packed(entry) is None
    entry.path.unlink()
    assert packed(entry) is None


def test_what_cannot_be_graded_there_is_graded_here(course, replica):
    hand_in(course, "broken", "{")
    entry = entry_of(course, "broken")
    assert replica.answer(packed(entry)).unpacked(entry) is None


def test_neither_the_gradebook_nor_its_address_travels(course):
    there = find_course(course.root)
    there.config.CourseDirectory.db_url = ELSEWHERE
    kit = kit_of(there, Nbgrader(course), "demo", None)
    assert b"password" not in pickle.dumps(kit) and "build/gradebook.db" not in kit.files
