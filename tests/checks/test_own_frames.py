"""Tracebacks of the student's own lines: whose they are, and how they are told."""

import linecache
import sys
from types import SimpleNamespace

import pytest
import torch

from autograder.checks.own_frames import has_own_frames, is_own, own_traceback

CELL = """
def rows(x):
    return [
        row @ x
        for row in x
    ]

def calls(function):
    return function()

def recovers(function):
    try:
        return function()
    except Exception as error:
        raise ValueError("mine" * 1000) from error

def hides(function):
    try:
        return function()
    except Exception:
        raise KeyError("other") from None
"""


def run_as(file, text=CELL):
    """What a text defines that was compiled under a file's name, as IPython compiles cells."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace = {}
    exec(compile(text, file, "exec"), namespace)
    return SimpleNamespace(**namespace)


@pytest.fixture
def cell(monkeypatch):
    """A cell's definitions, in a notebook that knows the cell as its 33rd."""
    names = {"/tmp/ipykernel_7/1.py": ("Cell", "In[33]")}
    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name=names.get))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    yield run_as("/tmp/ipykernel_7/1.py")
    linecache.cache.pop("/tmp/ipykernel_7/1.py")


def raised(function, *arguments):
    with pytest.raises(Exception) as found:
        function(*arguments)
    return found.value


def told(function, *arguments, checks=(__file__,)):
    return own_traceback(raised(function, *arguments), checks)


def test_the_cell_stands_in_the_place_of_its_file_and_of_a_comprehension_its_function(cell):
    lines = told(cell.rows, torch.ones(2, 3)).splitlines()
    assert lines[:3] == [
        "Traceback (most recent call last):",
        "  In [33], line 4, in rows",
        "    row @ x",
    ]
    assert lines[3].startswith("RuntimeError: ") and len(lines) == 4


def test_frames_of_torch_and_of_the_cases_are_left_out(cell):
    layer = torch.nn.Linear(2, 3)
    lines = told(cell.calls, lambda: layer(torch.ones(5))).splitlines()
    assert lines[1:3] == ["  In [33], line 9, in calls", "    return function()"]
    assert len(lines) == 4 and lines[3].startswith("RuntimeError: ")


def test_outside_of_notebooks_the_file_is_told():
    module = run_as("/home/somebody/helpers.py")
    assert "  /home/somebody/helpers.py, line 9, in calls" in told(module.calls, lambda: 1 / 0)
    older = run_as("<ipython-input-12-0a1b2c>")
    assert "  In [12], line 9, in calls" in told(older.calls, lambda: 1 / 0)


def test_exceptions_before_it_come_first_and_long_texts_are_cut(cell):
    said = told(cell.recovers, lambda: cell.calls(lambda: 1 / 0))
    first, second = said.split("\nand then:\n\n")
    assert first.count("\n  In [33]") == 2 and first.endswith(
        "ZeroDivisionError: division by zero\n"
    )
    assert second.startswith("Traceback") and len(second) < 800 and second.endswith(" …")


def test_what_is_hidden_or_none_of_the_students_does_not_come_before_it(cell):
    assert "and then" not in told(cell.hides, lambda: cell.calls(lambda: 1 / 0))
    no_frame_of_theirs = told(cell.recovers, torch.ones(2).view, checks=())
    assert no_frame_of_theirs.count("In [33]") == 2  # `recovers` stands in both
    layer = torch.nn.Linear(2, 3)

    def in_the_check():
        try:
            layer(torch.ones(5))
        except RuntimeError:
            cell.calls(lambda: 1 / 0)

    assert "and then" not in told(in_the_check)


def test_where_no_frame_is_the_students_the_error_is_told(cell):
    error = raised(torch.nn.Linear(2, 3), torch.ones(5))
    assert not has_own_frames(error, [__file__])
    assert own_traceback(error, [__file__]).startswith("RuntimeError: ")
    assert has_own_frames(raised(cell.calls, lambda: 1 / 0), [__file__])


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("/tmp/ipykernel_7/1.py", True),
        ("<ipython-input-1-ab>", True),
        ("<stdin>", True),
        ("/home/somebody/helpers.py", True),
        (torch.__file__, False),
        (linecache.__file__, False),
        ("/opt/lib/python3/dist-packages/numpy/core.py", False),
        ("C:\\lib\\site-packages\\numpy\\core.py", False),
        ("<string>", False),
        ("<frozen importlib._bootstrap>", False),
        ("<__array_function__ internals>", False),
    ],
)
def test_files_of_students(file, own):
    assert is_own(file) == own and not is_own(file, [file])
