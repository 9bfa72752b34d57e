"""Exit statuses, one-line errors, and the JSON of `score`."""

import json

import nbformat
import pytest
from handing import GOLDEN, course_of, written

from autograder.__main__ import main
from autograder.authoring.build import build

NOTEBOOK = "notebooks/powers/powers.ipynb"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = course_of(tmp_path_factory.mktemp("course"), GOLDEN / "powers")
    build(course, "powers")
    return course


@pytest.fixture(autouse=True)
def in_course(course, monkeypatch):
    monkeypatch.chdir(course.root)


def test_score_prints_the_documented_json(capsys):
    assert main(["score", "powers", NOTEBOOK]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"assignment", "score", "max_score", "exercises", "repairs"}
    assert (result["assignment"], result["score"], result["repairs"]) == ("powers", 0, [])
    fields = {"name", "score", "max_score", "passed", "message", "mistake", "diagnosis"}
    assert all(set(exercise) == fields for exercise in result["exercises"])
    assert result["max_score"] == sum(e["max_score"] for e in result["exercises"])


def test_text_and_gradescope_formats(capsys):
    assert main(["score", "powers", NOTEBOOK, "--format", "text"]) == 0
    assert "powers: 0 of 4 points" in capsys.readouterr().out
    assert main(["score", "powers", NOTEBOOK, "--format", "gradescope"]) == 0
    tests = json.loads(capsys.readouterr().out)["tests"]
    assert {test["status"] for test in tests} == {"failed"}


def test_a_file_that_is_no_notebook_fails_in_one_line(tmp_path, capsys):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    assert main(["score", "powers", str(broken)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"autograder: {broken}: not a Jupyter notebook")
    assert error.count("\n") == 1


@pytest.mark.parametrize("path", ["nowhere.ipynb", "no/folder/nowhere.ipynb"])
def test_a_missing_notebook_fails_in_one_line(path, capsys):
    assert main(["score", "powers", path]) == 1
    assert capsys.readouterr().err == f"autograder: {path}: no such file\n"


def test_a_text_that_no_terminal_takes_is_no_error(course, tmp_path, capsys):
    """Such as half a character in what a student's code raises."""
    raises = "def square(x):\n    raise ValueError('\\ud800')"
    path = tmp_path / "odd.ipynb"
    path.write_text(nbformat.writes(written(course, {"square": raises}, "powers")))
    assert main(["score", "powers", str(path)]) == 0
    capsys.readouterr().out.encode()


def test_an_unknown_assignment_is_wrong_usage(capsys):
    assert main(["score", "pwoers", "x.ipynb"]) == 2
    assert "no assignment 'pwoers'" in capsys.readouterr().err


def test_outside_a_course_folder_the_error_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 2
    assert "run this inside the course folder" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["score"], ["grade"], ["collect"]])
def test_help_is_there(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    assert "usage: autograder" in capsys.readouterr().out


def test_wrong_usage_exits_with_2():
    with pytest.raises(SystemExit) as stop:
        main(["grade"])
    assert stop.value.code == 2
