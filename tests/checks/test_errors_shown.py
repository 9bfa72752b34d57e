"""What cells raise: a line where an exercise is missing, which is no error, else own lines."""

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder.checks.key import Key
from autograder.checks.shown.errors import LEFT_OUT, Errors

COLOURS = re.compile(r"\x1b\[[\d;]*m")
STUB = """\
# exercise: lstm
class LSTM:
    def __init__(self):
        # TODO: your code here
        raise NotImplementedError
"""
OTHER = "# exercise: other\ndef other():\n    raise NotImplementedError"


@pytest.fixture(scope="module")
def shell():
    return InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))


@pytest.fixture
def run(shell, capsys):
    """Run cells in a watched shell; what the last one printed, and whether it ended well."""
    shell.reset()
    shell.set_custom_exc((), None)
    Errors().watch(shell, Key("demo", sections={"lstm": "3.3"}))

    def run_cells(*cells):
        for cell in cells:
            capsys.readouterr()
            result = shell.run_cell(cell)
        return COLOURS.sub("", capsys.readouterr().out), result.success

    return run_cells


def test_a_demonstration_says_what_it_needs_and_is_no_error(run):
    out, success = run(STUB, "model = LSTM()")
    assert out == "needs 3.3 (lstm), which is not written yet\n" and success


def test_without_a_numbered_heading_the_name_is_said(run):
    assert run(OTHER, "other()")[0] == "needs other, which is not written yet\n"


def test_so_do_cells_that_need_what_it_would_have_made(run):
    out, success = run(STUB, "model, n = LSTM(), 1\ndef f(): pass", "m = n + 1", "print(m)")
    assert out == "needs 3.3 (lstm), which is not written yet\n" and success


def test_a_name_that_is_made_after_all_is_used(run):
    assert run(STUB, "model = LSTM()", "model = 3", "print(model)") == ("3\n", True)


def test_another_name_is_an_error_as_ever(run):
    out, success = run(STUB, "model = LSTM()", "print(modle)")
    assert "NameError" in out and not success


@pytest.mark.parametrize(
    "cell",
    [
        "raise NotImplementedError",
        "# exercise: lstm\ndef f():\n    raise NotImplementedError('later')\nf()",
        "# exercise: lstm\nimport abc\ndef f(): return 1 / 0\nf()",
    ],
)
def test_what_no_stub_raised_is_an_error(run, cell):
    out, success = run(cell)
    assert "needs" not in out and "Error" in out and not success


def test_lines_of_libraries_are_left_out_of_tracebacks(run):
    cell = "import json\ndef mine():\n    return json.loads('{')\nmine()"
    out, success = run(cell)
    assert not success and "JSONDecodeError" in out and "in mine" in out
    assert "decoder.py" not in out and out.endswith(LEFT_OUT + "\n")


def test_and_can_be_had(run):
    out, _ = run("import json\njson.loads('{')", "%tb")
    assert "decoder.py" in out


def test_a_traceback_of_own_lines_is_as_ever(run):
    out, _ = run("def mine():\n    return 1 / 0\nmine()")
    assert out.count("ZeroDivisionError") == 2 and "in mine" in out and LEFT_OUT not in out


def test_what_somebody_else_shows_is_left_to_them(shell):
    shell.set_custom_exc((ValueError,), lambda *arguments, tb_offset=None: None)
    Errors().watch(shell, Key("demo"))
    assert shell.custom_exceptions == (ValueError,)


def test_watching_twice_tells_once(run, shell):
    errors = Errors()
    errors.watch(shell, Key("demo"))
    errors.watch(shell, Key("demo"))
    assert run(STUB, "LSTM()") == ("needs lstm, which is not written yet\n", True)
