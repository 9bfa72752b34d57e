"""A gradebook in PostgreSQL, on a server of this test's own; skipped where there is none."""

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from handing import hand_in
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from autograder.authoring.build import build
from autograder.course.classrun import grade_class
from autograder.course.gradebook import Nbgrader
from autograder.course.marking.desk import Desk
from autograder.course.marking.groups import Share
from autograder.course.marking.ledger import ChangedError, Given, Ledger
from autograder.settings import find_course

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
SERVER = shutil.which("pg_ctl", path=os.pathsep.join([*map(str, DEBIAN), os.environ["PATH"]]))
ANSWERS = {
    "right": "def softmax(x):\n    return x.softmax(-1)",
    "wrong": "def softmax(x):\n    return x.softmax(0)",
}


def pg(program, *arguments):
    """Run one of the server's programs; it refuses to be root."""
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    command = [str(Path(SERVER).with_name(program)), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60, **user)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def database():
    """The URL of an empty database."""
    if SERVER is None:
        pytest.skip("no PostgreSQL server here")
    pytest.importorskip("psycopg")
    # the server's user could not reach pytest's folders, and its socket needs a short name
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        yield from server(Path(name))


def server(folder):
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    pg("initdb", "-D", data, "-U", "grader", "-A", "trust", "--no-sync")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    pg("pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
    pg("createdb", "-h", folder, "-U", "grader", "gradebook")
    yield make_url(f"postgresql+psycopg://grader@/gradebook?host={folder}")
    pg("pg_ctl", "-D", data, "-m", "immediate", "stop")


@pytest.fixture(scope="module")
def course(database, module_demo_course):
    """A course whose gradebook is there, with a graded class."""
    config = module_demo_course.root / "nbgrader_config.py"
    url = database.render_as_string(hide_password=False)
    config.write_text(f"{config.read_text()}\nc.CourseDirectory.db_url = {url!r}\n")
    course = find_course(module_demo_course.root)
    build(course, "demo")
    for student, answer in ANSWERS.items():
        hand_in(course, student, {"softmax": answer})
    assert sorted(grade_class(course, "demo").graded) == ["right", "wrong"]
    return course


@pytest.fixture
def engines(database):
    """Of two graders."""
    engines = [create_engine(database) for _ in range(2)]
    yield engines
    for engine in engines:
        engine.dispose()


def test_a_class_is_graded_into_postgresql(course):
    rows = {row.student: row.cells["check-softmax"] for row in Nbgrader(course).rows("demo")}
    assert rows == {"right": 3.0, "wrong": 0.0}
    assert not list(course.build.glob("*.db"))


def test_of_two_graders_in_the_same_moment_one_is_told(course, engines):
    """Both have read the same; both answers are one group."""
    with ThreadPoolExecutor(2) as pool:
        ledgers = list(pool.map(lambda engine: Ledger(engine, "demo", str(engine)), engines))
        start = Barrier(2)

        def give(ledger, points):
            entries = ledger.entries("why_shift")
            start.wait(30)
            try:
                ledger.write(entries, Given(points, comment=f"{points} points"))
            except ChangedError:
                return None
            return points

        given = [*pool.map(give, ledgers, (1.0, 2.0))]
    assert given.count(None) == 1
    (points,) = {*given} - {None}
    marks = {entry.mark for entry in ledgers[0].entries()}
    assert marks == {(points, 0.0, f"{points} points")}


def test_graders_share_a_class_in_parts(course, engines):
    desks = [
        Desk(course, "demo", engine, name, Share(number, 2))
        for number, (engine, name) in enumerate(zip(engines, ("Bea", "Cal"), strict=True), 1)
    ]
    shares = [desk.groups("why_shift") for desk in desks]
    assert sorted(map(len, shares)) == [0, 1]
    assert [desk.progress()["why_shift"].answers for desk in desks] == [*map(_answers, shares)]


def _answers(groups):
    return sum(len(group.entries) for group in groups)
