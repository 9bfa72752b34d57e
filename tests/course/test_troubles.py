"""What a machine does to a class run: the rest is graded, and one line says what to do."""

import errno
import itertools
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import Future

import pytest
from handing import hand_in
from sqlalchemy.exc import IntegrityError, OperationalError

from autograder.__main__ import main
from autograder.authoring.build import build
from autograder.course import cluster, executors, trouble
from autograder.course.classrun import grade_class
from autograder.course.entering import enter
from autograder.course.executors import Running
from autograder.course.gradebook import Nbgrader, NbgraderError
from autograder.course.lock import alone
from autograder.course.trouble import patient, stopping
from autograder.errors import StoppedError
from autograder.settings import SettingsError

NEW = itertools.count()
QUIET = ["grade", "demo", "--no-feedback"]


@pytest.fixture(scope="module")
def released_course(module_demo_course):
    build(module_demo_course, "demo")
    Nbgrader(module_demo_course).release("demo")
    return module_demo_course


@pytest.fixture
def course(released_course, monkeypatch):
    """Ada and Bob have handed in anew."""
    monkeypatch.chdir(released_course.root)
    count = len(list((released_course.build / "submitted").glob("*")))
    for student in ("ada", "bob"):
        answer = {
            "softmax": f"def softmax(x):\n    return x.softmax(-1)  # {count} {os.urandom(4)}"
        }
        hand_in(released_course, student, answer)
    return released_course


def error_of(capsys):
    said = [line for line in capsys.readouterr().err.splitlines() if "autograder:" in line]
    assert len(said) == 1
    return said[0]


def test_a_second_run_at_once_is_refused_in_a_line(course, capsys):
    with alone(course, "grade demo"):
        for command in (QUIET, ["release", "demo"], ["collect", "demo", "x.zip"]):
            assert main(command) == 1
            assert "`grade demo`, process " in error_of(capsys)
    with alone(course, "grade demo"):
        pass


HOLDS = """
import fcntl, sys
with open(sys.argv[1], "a+") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("has it", flush=True)
    sys.stdin.read()
"""


def test_a_run_that_was_killed_holds_no_lock(course):
    command = [sys.executable, "-S", "-c", HOLDS, str(course.build / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"has it\n"
        with pytest.raises(StoppedError, match="is at work on this course"), alone(course, "x"):
            pass
        other.kill()
    with alone(course, "x"):
        pass


def test_who_cannot_be_graded_makes_the_status_1(course, capsys):
    hand_in(course, "broken", "{")
    assert main(QUIET) == 1
    said = capsys.readouterr().out
    assert "2 submissions graded\n1 not graded: broken\n" in said
    (course.build / "submitted/broken/demo/demo.ipynb").unlink()
    (course.build / "submitted/broken/demo").rmdir()
    assert main(QUIET) == 0


def test_a_folder_that_may_not_be_looked_at_is_named(course, monkeypatch):
    """Root may look at any, so that the system is asked in its place."""
    real = os.stat
    hidden = course.build / "submitted/hidden/demo"
    hidden.mkdir(parents=True)

    def denied(path, *arguments, **options):
        if str(path).startswith(str(hidden)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", denied)
        run = grade_class(course, "demo", feedback=False)
    assert run.ungraded == ["hidden"] and "Permission denied" in run.problems["hidden"]
    hidden.rmdir()


def test_where_nobody_can_be_graded_everybody_is_named(demo_course, monkeypatch, capsys):
    monkeypatch.chdir(demo_course.root)
    hand_in(demo_course, "broken", "{")
    assert main(QUIET) == 1
    assert "broken: " in (said := capsys.readouterr().out) and "0 submissions graded" in said


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(trouble, "PATIENCE", 0.1)


def test_a_locked_gradebook_is_waited_for_and_then_told(course, impatient, capsys):
    with sqlite3.connect(course.build / "gradebook.db") as other:
        other.execute("BEGIN EXCLUSIVE")
        assert main(QUIET) == 1
        assert "keeps the gradebook locked: end what it does" in error_of(capsys)
    assert main(QUIET) == 0


def test_a_gradebook_that_is_locked_in_the_middle_stops_the_run(course, impatient, monkeypatch):
    real, others = Nbgrader.enter, []

    def locking(self, *arguments):
        others.append(sqlite3.connect(course.build / "gradebook.db"))
        others[-1].execute("BEGIN EXCLUSIVE")
        real(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Nbgrader, "enter", locking)
        with pytest.raises(StoppedError, match="keeps the gradebook locked"):
            grade_class(course, "demo", feedback=False)
    (other,) = others
    other.close()
    assert sorted(grade_class(course, "demo", feedback=False).graded) == ["ada", "bob"]


def test_sqlite_waits_as_long_as_it_is_told():
    assert patient("sqlite:////a/b.db") == f"sqlite:////a/b.db?timeout={trouble.PATIENCE}"


@pytest.mark.parametrize("url", ["gradebook.db", "", "oracel://x/y", "sqlite:/x", "postgres://a:b"])
def test_what_is_no_address_of_a_gradebook_is_told(url):
    with pytest.raises(SettingsError, match=r"c\.CourseDirectory\.db_url is no address"):
        patient(url)


@pytest.mark.parametrize(
    "damage", [lambda d: b"no database" * 200, lambda d: d[:4096] + b"x" * 9000]
)
def test_a_damaged_gradebook_is_told_and_left_as_it_is(course, capsys, damage):
    path = course.build / "gradebook.db"
    before = path.read_bytes()
    path.write_bytes(damage(before))
    assert main(QUIET) == 1
    assert "the gradebook is damaged: put a copy of it back" in error_of(capsys)
    assert path.read_bytes() == damage(before)
    path.write_bytes(before)


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


PLACES = (
    "autograder.course.classrun.write_whole",  # of reports
    "autograder.grading.evidence_store.write_whole",
    "nbconvert.writers.FilesWriter.write",  # nbgrader's, of notebooks
)


@pytest.mark.parametrize("place", PLACES)
def test_a_full_disk_stops_the_run_and_nothing_is_lost(course, monkeypatch, capsys, place):
    with monkeypatch.context() as patched:
        patched.setattr(place, full_disk)
        assert main(QUIET) == 1
    assert "the disk is full: make room, then run the same command again" in error_of(capsys)
    assert sorted(grade_class(course, "demo", feedback=False).graded) == ["ada", "bob"]


SAID = {
    "database or disk is full": "the disk is full",
    "attempt to write a readonly database": "the gradebook cannot be written",
    "unable to open database file": "the gradebook cannot be written",
    "no such column: grade.x": "run `nbgrader db upgrade`",
    "connection refused\nIs it running?": "the gradebook cannot be used: connection refused",
}


@pytest.mark.parametrize("said", SAID)
def test_what_a_gradebook_says_is_told_in_a_line(said):
    with pytest.raises(StoppedError) as told, stopping():
        raise OperationalError("SELECT", {}, sqlite3.OperationalError(said))
    assert SAID[said] in str(told.value) and "\n" not in str(told.value)


def test_a_folder_that_cannot_be_written_is_told(course, monkeypatch, capsys):
    def read_only(path, *_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    with monkeypatch.context() as patched:
        patched.setattr("autograder.files.NamedTemporaryFile", lambda dir, **_: read_only(dir))
        assert main(QUIET) == 1
    assert "Read-only file system: see to it that you may read and write there" in error_of(capsys)


def test_what_a_student_wrote_stops_nothing(course, monkeypatch):
    """However much it reads like trouble of the machine."""
    real = Nbgrader.autograde

    def fails(self, assignment, student, *more):
        if student == "ada":
            raise NbgraderError("OSError: [Errno 28] No space left on device; database is locked")
        return real(self, assignment, student, *more)

    monkeypatch.setattr(Nbgrader, "autograde", fails)
    run = grade_class(course, "demo", feedback=False)
    assert run.ungraded == ["ada"] and "bob" in run.graded


def test_what_another_program_entered_meanwhile_is_no_error(course, monkeypatch):
    """As where the formgrader's button is used during a run."""
    calls = []

    def clashes(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise IntegrityError("INSERT", {}, Exception("UNIQUE"))
        return enter(*arguments)

    monkeypatch.setattr("autograder.course.gradebook.enter", clashes)
    run = grade_class(course, "demo", feedback=False)
    assert sorted(run.graded) == ["ada", "bob"] and len(calls) == 2


def test_what_cannot_be_entered_costs_one_submission_only(course, monkeypatch):
    def fails(gradebook, of, assignment, found):
        if "ada" in found:
            raise ValueError("no such row")
        return enter(gradebook, of, assignment, found)

    monkeypatch.setattr("autograder.course.gradebook.enter", fails)
    run = grade_class(course, "demo", feedback=False)
    assert run.problems == {"ada": "cannot be entered: ValueError: no such row"}
    assert run.graded == ["bob"]


def test_a_damaged_key_is_made_again(course):
    (key,) = (course.build / "keys").glob("demo.*.key")
    whole = key.read_text()
    for damaged in ("", whole[: len(whole) // 2], "\xff"):
        key.write_text(damaged)
        grade_class(course, "demo", feedback=False)
    assert key.is_file()


def test_a_damaged_report_is_no_error(course, capsys):
    grade_class(course, "demo", feedback=False)
    report = course.build / "reports/demo/ada.json"
    for damaged in ("", "[1, 2]", "{"):
        report.write_text(damaged)
        assert main(["report", "demo"]) == 0
    assert "ada" in grade_class(course, "demo", feedback=False).graded


class Pool:
    """An executor that fails in one of the ways of a cluster."""

    def __init__(self, way):
        self.way = way

    def submit(self, task):
        future = Future()
        if self.way == "closed":
            raise RuntimeError("cannot send")
        if self.way == "cancelled":
            future.cancel()
            future.set_running_or_notify_cancel()
        if self.way == "killed":
            future.set_exception(ConnectionError("worker"))
        return future  # that is never done, otherwise


@pytest.mark.parametrize("way", ["closed", "cancelled", "killed", "silent"])
def test_what_a_cluster_does_not_do_is_left_to_the_grader(monkeypatch, way):
    monkeypatch.setattr(executors, "LOOKED_AT", 0.01)
    running = Running(Pool(way).submit, 2, works=lambda: False)
    assert sorted(running.run((name, name) for name in "abcde")) == [(n, None) for n in "abcde"]
    assert running.failed == 5


@pytest.mark.parametrize("address", ["nonsense", "foo://x:1", "", "tcp://["])
def test_what_is_no_address_of_a_cluster_is_told(address):
    pytest.importorskip("distributed")
    with (
        pytest.raises(SettingsError, match="write one like tcp://host:8786"),
        cluster.cluster(address, dict),
    ):
        pass


def test_a_cluster_that_is_down_is_told(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "REACHED", 0.2)
    with (
        pytest.raises(StoppedError, match="no Dask scheduler answers at"),
        cluster.cluster("tcp://127.0.0.1:1", dict),
    ):
        pass
