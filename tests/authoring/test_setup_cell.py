"""The setup cell on a machine without the package: which wheel it installs, or what it says."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from autograder.authoring.header import setup_cell

URL = "https://example.org/coursework_kit-9.whl"
HIDE = "import importlib.util\nimportlib.util.find_spec = lambda name: None\n"


@pytest.fixture
def run(tmp_path):
    """Run the cell in an empty folder; the interpreter that would run pip notes its arguments."""
    noted = tmp_path / "noted"
    pip = tmp_path / "python"
    pip.write_text(f"#!/bin/sh\necho \"$@\" > '{noted}'\n")
    pip.chmod(0o755)
    (tmp_path / "work").mkdir()

    def run_cell(url="", hide=True):
        code = (HIDE if hide else "") + f"import sys\nsys.executable = {str(pip)!r}\n"
        code += setup_cell(SimpleNamespace(wheel_url=url))
        result = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path / "work", capture_output=True, text=True
        )
        return noted.read_text() if noted.exists() else "", result.stderr

    return run_cell


def test_nothing_is_installed_where_the_package_is_there(run):
    assert run(URL, hide=False) == ("", "")


def test_a_wheel_beside_the_notebook_comes_first(run, tmp_path):
    (tmp_path / "work/other-1.whl").touch()
    (tmp_path / "work/coursework_kit-0.1.0-py3-none-any.whl").touch()
    assert run(URL) == ("-m pip install --quiet coursework_kit-0.1.0-py3-none-any.whl\n", "")


def test_without_one_the_configured_address_is_used(run):
    assert run(URL) == (f"-m pip install --quiet {URL}\n", "")


def test_without_either_one_sentence_says_what_to_do(run):
    noted, error = run()
    assert noted == ""
    assert error.strip().splitlines()[-1] == (
        "ImportError: Put the course's wheel, coursework_kit-….whl, beside this notebook "
        "and run this again."
    )
