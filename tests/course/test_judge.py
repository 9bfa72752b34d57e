"""`autograder judge`: answers of known worth, under several secrets and in the notebook itself."""

import csv

import nbformat
import pytest
from handing import GOLDEN, course_of, written

from autograder.__main__ import main
from autograder.assignment import keyring
from autograder.assignment.mistakes import MistakesError
from autograder.authoring.build import build
from autograder.course import judge

RIGHT = """\
import numpy as np

def shifted(x):
    return x - x.max(-1, keepdim=True).values

def softmax(x):
    return shifted(x).exp() / shifted(x).exp().sum(dim=-1, keepdim=True)
"""
OVERFLOW = "def softmax(x):\n    return x.exp() / x.exp().sum(-1, keepdim=True)\n"
FORGED = "def softmax(x):\n    return torch.softmax(x, -1) * (1 + 1e-3)\n"
STEALS = """\
from pathlib import Path
found = [p.read_text() for p in Path({root!r}).rglob("*") if p.is_file()]
def softmax(x):
    return found[0]
"""
ENDLESS = "def softmax(x):\n    while True:\n        pass\n"
KILLS = "import os\n\ndef softmax(x):\n    os._exit(0)\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = course_of(tmp_path_factory.mktemp("course"), GOLDEN / "demo")
    with (course.root / "nbgrader_config.py").open("a") as file:
        file.write("c.Course.cell_seconds = 1.0\n")
    build(course, "demo")
    return course


@pytest.fixture
def folder(tmp_path, course, monkeypatch):
    """Writes files by their names; tests run inside the course."""
    monkeypatch.chdir(course.root)

    def write(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        return str(tmp_path)

    return write


@pytest.fixture
def judged(tmp_path, capsys):
    """Exit status, printed text, and the lines of the CSV by path."""

    def run(folder, *options):
        table = tmp_path / "table.csv"
        status = main(["judge", folder, "--secrets", "2", "--csv", str(table), *options])
        with table.open(newline="") as file:
            return (
                status,
                capsys.readouterr().out,
                {row["path"]: row for row in csv.DictReader(file)},
            )

    return run


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_table_tells_what_became_of_each_answer(folder, judged, course, tmp_path):
    answers = folder(softmax_right=RIGHT, wrong_softmax=OVERFLOW, softmax_3=FORGED, notes="1")
    nb = written(course, {"softmax": RIGHT})
    nbformat.write(nb, tmp_path / "4711_Lee_demo.ipynb")
    nbformat.write(written(course, {}), tmp_path / "4712_Roe_demo.ipynb")
    before = contents(course.build)
    status, text, rows = judged(answers)
    assert "skipped   notes.py: its path names no exercise\n" in text
    assert {path: (row["label"], row["score_1"], row["visible"]) for path, row in rows.items()} == {
        "softmax_right.py": ("right", "3.0", "✓"),
        "wrong_softmax.py": ("wrong", "1.5", "✓"),
        "softmax_3.py": ("unknown", "0.0", "✗"),
        "4711_Lee_demo.ipynb": ("unknown", "3.0", "✓"),
    }
    assert rows["wrong_softmax.py"]["mistake"] == "overflow"
    assert all(row["score_1"] == row["score_2"] for row in rows.values())
    assert "wrong_softmax.py  (demo/softmax): ✓ in the notebook\n" in text
    assert "overflows for large inputs" in text
    assert status == 0
    assert contents(course.build) == before


def test_hostile_answers_cost_only_themselves(folder, judged, course):
    steals = STEALS.format(root=str(course.root))
    files = {"steals": steals, "ends": ENDLESS, "kills": KILLS}
    hostile = {f"softmax_wrong_{name}": text for name, text in files.items()}
    status, _, rows = judged(folder(softmax_right=RIGHT, **hostile), "--secrets", "1")
    assert status == 0
    assert rows.pop("softmax_right.py")["score_1"] == "3.0"
    assert {row["score_1"] for row in rows.values()} == {"0.0"} and len(rows) == 3


def test_a_secret_without_a_key_is_told_and_left_out(folder, judged, monkeypatch):
    def kept_key(course, source):
        if course.build.name == "1":
            raise MistakesError("the hidden cases accept this mistake")
        return keyring.kept_key(course, source)

    monkeypatch.setattr(judge, "kept_key", kept_key)
    status, text, rows = judged(folder(softmax_right=RIGHT))
    assert "a secret, for demo: the hidden cases accept this mistake\n" in text
    assert status == 0 and "score_2" not in rows["softmax_right.py"]


@pytest.mark.parametrize(
    "name, text, status",
    [("right_softmax", OVERFLOW, 1), ("softmax_wrong", RIGHT, 1), ("a", "1", 2)],
)
def test_the_exit_status_says_whether_all_is_as_it_should_be(folder, capsys, name, text, status):
    assert main(["judge", folder(**{name: text}), "--secrets", "1"]) == status
    said = capsys.readouterr()
    assert {"right_softmax": "right, but rejected", "softmax_wrong": "wrong, but accepted"}.get(
        name, ""
    ) in said.out
    assert ("a.py: its path names no exercise" in said.err) == (status == 2)


def test_a_folder_that_is_not_there_is_wrong_usage(folder, capsys, tmp_path):
    folder()
    assert main(["judge", str(tmp_path / "nowhere")]) == 2
    assert "no answer to judge" in capsys.readouterr().err
