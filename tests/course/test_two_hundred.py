"""A class of two hundred, one in ten hostile, killed three times: each gets what it earned."""

import signal
import subprocess
import sys
import time

import pytest
from handing import hand_in

from autograder.authoring.build import build
from autograder.course.gradebook import Nbgrader

pytestmark = pytest.mark.long
STUDENTS = 200
KILLED_AT = (3, 70, 131)  # as soon as so many are reported
SECONDS = 300  # for any of the runs; far more than it takes
RIGHT = "def softmax(x):\n    return x.softmax(-1)"
WRONG = "def softmax(x):\n    return x.exp()"
FULL = 3.0
HOSTILE = (  # and what it earns
    ("import os\nos._exit(1)", 0.0),
    ("def softmax(x):\n    __import__('os')._exit(0)", 0.0),
    ("import os\nos.write(3, b'garbage' * 1000)\n" + RIGHT, 0.0),
    ("import os, signal\nos.kill(1, signal.SIGKILL)\nos.kill(-1, signal.SIGKILL)\n" + RIGHT, FULL),
    (
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "def softmax(x):\n    return [*map(softmax, [x])]",
        0.0,
    ),
    (
        "import subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True)\n" + RIGHT,
        FULL,
    ),
    ("get_ipython().run_cell = None\n" + RIGHT, FULL),
    ("import torch\ntorch.Tensor.std = torch.Tensor.mean = None\n" + RIGHT, FULL),
    (
        "from autograder.checks import probes, running\nprobes.answer = running.observe = None\n"
        + RIGHT,
        0.0,
    ),
)
UNREADABLE = ("", "not a notebook", '{"cells": 3}', '{"cells": [')


@pytest.fixture(scope="module")
def course(module_demo_course):
    course = module_demo_course
    build(course, "demo")
    Nbgrader(course).release("demo")
    for number in range(STUDENTS):
        hand_in(course, f"student_{number:03d}", work_of(number))
    return course


def work_of(number):
    """What a student hands in; no two are alike."""
    if number % 20 == 0:
        return UNREADABLE[number // 20 % len(UNREADABLE)]
    answer, _ = answer_of(number)
    return {"softmax": f"{answer}\n# {number}"}


def answer_of(number):
    """A student's solution and what it earns."""
    kind, turn = number % 20, number // 20
    if kind == 10:
        return HOSTILE[turn % len(HOSTILE)]
    return (RIGHT, FULL) if kind % 3 else (WRONG, 0.0)


@pytest.mark.slow
def test_killed_three_times_and_resumed(course):
    reports = course.build / "reports" / "demo"
    command = [sys.executable, "-m", "autograder", "grade", "demo", "--no-feedback"]
    for reported in KILLED_AT:
        run = subprocess.Popen(
            command, cwd=course.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + SECONDS
        while len(list(reports.glob("*.json"))) < reported and time.monotonic() < deadline:
            time.sleep(0.01)
        assert run.poll() is None, "it ended before it could be killed"
        run.send_signal(signal.SIGKILL)
        run.wait()
    resumed = subprocess.run(command, cwd=course.root, capture_output=True, timeout=SECONDS)
    assert resumed.returncode == 1, resumed.stderr  # some files are no notebooks
    readable = [number for number in range(STUDENTS) if number % 20]
    earned = {f"student_{number:03d}": answer_of(number)[1] for number in readable}
    rows = Nbgrader(course).rows("demo")
    assert {row.student: row.cells["check-softmax"] for row in rows} == earned
