"""`check` and `summary`: whatever runs checks gets the notebook's calls."""

import pytest

import autograder
from autograder.checks.checker import Check, Silent, check, summary
from autograder.checks.visible import VisibleChecks


class Noting:
    """A runner that keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def load(self, key):
        self.asked.append(("load", key))

    def check(self, exercise, subject, namespace):
        self.asked.append(("check", exercise, subject, namespace["__name__"]))

    def summary(self):
        self.asked.append(("summary",))


def test_a_runner_gets_exercise_subject_and_where_they_stand():
    found = Check(Noting())
    exec("check('f', abs)", {"check": found, "abs": abs, "__name__": "notebook"})
    found.load("key")
    assert found.runner.asked == [("check", "f", abs, "notebook"), ("load", "key")]


def test_the_namespace_is_that_of_the_calling_cell_even_inside_a_function():
    found = Check(Noting())
    cell = "def inner():\n    check('f', abs)\ninner()"
    exec(cell, {"check": found, "__name__": "notebook"})
    assert found.runner.asked[0][3] == "notebook"


def test_summary_is_that_of_the_runner(monkeypatch):
    monkeypatch.setattr(check, "runner", Noting())
    summary()
    assert check.runner.asked == [("summary",)]


def test_notebooks_run_visible_checks():
    assert isinstance(autograder.check.runner, VisibleChecks)


@pytest.mark.parametrize("call", [lambda: check("f", abs), summary, lambda: check.load("x")])
def test_while_grading_calls_do_nothing(monkeypatch, capsys, call):
    monkeypatch.setattr(check, "runner", Silent())
    assert call() is None
    assert capsys.readouterr() == ("", "")
