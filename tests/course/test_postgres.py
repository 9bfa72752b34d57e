"""A gradebook in PostgreSQL, on a server of this test's own; skipped where there is none."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from handing import hand_in
from sqlalchemy.engine import make_url

from autograder.authoring.build import build
from autograder.course.classrun import grade_class
from autograder.course.gradebook import Nbgrader
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


@pytest.fixture
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


def test_a_class_is_graded_into_postgresql(database, demo_course):
    config = demo_course.root / "nbgrader_config.py"
    url = database.render_as_string(hide_password=False)
    config.write_text(f"{config.read_text()}\nc.CourseDirectory.db_url = {url!r}\n")
    course = find_course(demo_course.root)
    build(course, "demo")
    for student, answer in ANSWERS.items():
        hand_in(course, student, {"softmax": answer})
    assert sorted(grade_class(course, "demo").graded) == ["right", "wrong"]
    rows = {row.student: row.cells["check-softmax"] for row in Nbgrader(course).rows("demo")}
    assert rows == {"right": 3.0, "wrong": 0.0}
    assert not list(course.build.glob("*.db"))
