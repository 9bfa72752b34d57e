"""A class of two hundred, one in ten hostile, killed three times: the grades of a run in peace."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest

from autograder.authoring.build import build
from autograder.course.classrun import grade_class
from autograder.course.gradebook import Nbgrader
from autograder.course.sample import submission
from autograder.grading.submission import read_notebook

STUDENTS = 200
SECONDS = 300  # for any of the runs; far more than it takes
RIGHT = "def softmax(x):\n    return x.softmax(-1)"
WRONG = "def softmax(x):\n    return x.exp()"
HOSTILE = (
    "import os\nos._exit(1)",
    "def softmax(x):\n    __import__('os')._exit(0)",
    "import os\nos.write(3, b'garbage' * 1000)\n" + RIGHT,
    "import os, signal\nos.kill(1, signal.SIGKILL)\nos.kill(-1, signal.SIGKILL)\n" + RIGHT,
    "import sys\nsys.setrecursionlimit(10**9)\ndef softmax(x):\n    return [*map(softmax, [x])]",
    "import subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True)\n" + RIGHT,
    "get_ipython().run_cell = None\n" + RIGHT,
    "import torch\ntorch.Tensor.sum = torch.Tensor.mean = None\n" + RIGHT,
    "from autograder.checks import probes, recorder\nprobes.observe = recorder.observe = None",
)
UNREADABLE = ("", "not a notebook", '{"cells": 3}', '{"cells": [')


@pytest.fixture(scope="module")
def course(module_demo_course):
    course = module_demo_course
    build(course, "demo")
    Nbgrader(course).release("demo")
    released = read_notebook(course.released("demo"))
    for number in range(STUDENTS):
        folder = course.build / "submitted" / f"student_{number:03d}" / "demo"
        folder.mkdir(parents=True)
        (folder / "demo.ipynb").write_text(handed_in(number, released), encoding="utf-8")
    return course


def handed_in(number, released):
    """The text of a submission; no two are alike."""
    kind, turn = number % 20, number // 20
    if kind == 0:
        return UNREADABLE[turn % len(UNREADABLE)]
    answer = HOSTILE[turn % len(HOSTILE)] if kind == 10 else RIGHT if kind % 3 else WRONG
    return json.dumps(submission(released, {"softmax": f"{answer}\n# {number}"}))


def grades(course):
    return {row.student: row.cells for row in Nbgrader(course).rows("demo")}


def test_killed_at_three_random_points_and_resumed(course, tmp_path):
    seed = random.randrange(10**6)
    points = sorted(random.Random(seed).sample(range(1, STUDENTS - 20), 3))
    reports = course.build / "reports" / "demo"
    command = [sys.executable, "-m", "autograder", "grade", "demo", "--no-feedback"]
    for point in points:
        run = subprocess.Popen(
            command, cwd=course.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + SECONDS
        while len(list(reports.glob("*.json"))) < point and time.monotonic() < deadline:
            time.sleep(0.01)
        assert run.poll() is None, (seed, "it ended before it could be killed")
        run.send_signal(signal.SIGKILL)
        run.wait()
    resumed = subprocess.run(command, cwd=course.root, capture_output=True, timeout=SECONDS)
    assert resumed.returncode == 0, (seed, resumed.stderr)
    disturbed = grades(course)
    assert len(disturbed) == STUDENTS - STUDENTS // 20

    for kept in ("evidence", "reports", "autograded"):
        (course.build / kept).rename(tmp_path / kept)
    (course.build / "gradebook.db").unlink()
    grade_class(course, "demo", feedback=False)
    assert disturbed == grades(course), seed
