"""Exit statuses, one-line errors, and the JSON of `score`."""

import json
from pathlib import Path

import pytest

from autograder.__main__ import main

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def in_course(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_score_prints_the_documented_json(capsys):
    assert main(["score", "attention", "notebooks/attention/attention.ipynb"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"assignment", "score", "max_score", "exercises", "repairs"}
    assert (result["assignment"], result["score"], result["repairs"]) == ("attention", 0, [])
    fields = {"name", "score", "max_score", "passed", "message", "mistake"}
    assert all(set(exercise) == fields for exercise in result["exercises"])
    assert result["max_score"] == sum(e["max_score"] for e in result["exercises"])


def test_text_and_gradescope_formats(capsys):
    notebook = "notebooks/attention/attention.ipynb"
    assert main(["score", "attention", notebook, "--format", "text"]) == 0
    assert "attention: 0 of " in capsys.readouterr().out
    assert main(["score", "attention", notebook, "--format", "gradescope"]) == 0
    tests = json.loads(capsys.readouterr().out)["tests"]
    assert {test["status"] for test in tests} == {"failed"}


def test_a_file_that_is_no_notebook_fails_in_one_line(tmp_path, capsys):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    assert main(["score", "attention", str(broken)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"autograder: {broken}: not a Jupyter notebook")
    assert error.count("\n") == 1


def test_a_missing_notebook_fails_in_one_line(capsys):
    assert main(["score", "attention", "nowhere.ipynb"]) == 1
    assert capsys.readouterr().err == "autograder: nowhere.ipynb: no such file\n"


def test_an_unknown_assignment_is_wrong_usage(capsys):
    assert main(["score", "atention", "x.ipynb"]) == 2
    assert "no assignment 'atention'" in capsys.readouterr().err


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
