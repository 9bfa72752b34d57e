"""The setup cell, as a student's machine runs it: which wheel it installs, or what it says."""

import subprocess
import sys
import zipfile
from types import SimpleNamespace

import pytest

import autograder
from autograder.authoring.header import setup_cell

URL = "https://example.org/coursework_kit-9.whl"
NOW = autograder.__version__
PIP = "-m pip install --quiet --disable-pip-version-check --retries=1"
# the machine's packages: none, or one of a version
MACHINE = """\
import importlib.metadata, importlib.util, sys
def version(name):
    if {version!r}:
        return {version!r}
    raise importlib.metadata.PackageNotFoundError(name)
importlib.metadata.version = version
importlib.util.find_spec = lambda name: object() if {is_there} else None
sys.executable = {pip!r}
"""
FAKE_PIP = "#!/bin/sh\necho \"$@\" > '{noted}'\n{then}\n"


@pytest.fixture
def run(tmp_path):
    """Run the cell in a folder; the interpreter that would run pip notes its arguments."""
    noted, pip = tmp_path / "noted", tmp_path / "python"
    (tmp_path / "work").mkdir()

    def run_cell(url="", version="", is_there=None, then="", before=""):
        pip.write_text(FAKE_PIP.format(noted=noted, then=then))
        pip.chmod(0o755)
        is_there = bool(version) if is_there is None else is_there
        code = before + MACHINE.format(version=version, is_there=is_there, pip=str(pip))
        code += setup_cell(SimpleNamespace(where_the_wheel_is=url))
        result = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path / "work", capture_output=True, text=True
        )
        asked = noted.read_text().strip() if noted.exists() else ""
        return asked.removeprefix(PIP).strip(), (result.stdout + result.stderr).strip()

    return run_cell


@pytest.fixture
def wheel(tmp_path):
    """Put a wheel of a version beside the notebook, under any name."""

    def put(version=NOW, name="", record=""):
        path = tmp_path / "work" / (name or f"coursework_kit-{version}-py3-none-any.whl")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("autograder/__init__.py", "")
            archive.writestr(f"coursework_kit-{version}.dist-info/METADATA", "")
            archive.writestr(f"coursework_kit-{version}.dist-info/RECORD", record)

    return put


def last_line(said):
    return said.splitlines()[-1]


def test_nothing_is_installed_where_this_version_is_there(run, wheel):
    wheel("9.9")
    assert run(URL, version=NOW) == ("", "")


def test_nor_where_the_package_is_importable_from_a_checkout(run):
    assert run(URL, is_there=True) == ("", "")


def test_a_package_of_which_only_the_record_is_left_is_installed(run):
    assert run(URL, version=NOW, is_there=False) == (URL, "")


def test_nor_while_grading_whatever_the_grader_has(run, wheel):
    wheel()
    silent = "from autograder.checks.checker import Silent, check; check.runner = Silent()\n"
    assert run(URL, version="0.0.1", before=silent) == ("", "")
    assert run(URL, version="0.0.1")[0] != ""


def test_a_wheel_of_this_version_beside_the_notebook_comes_first(run, wheel, tmp_path):
    (tmp_path / "work/other-1.whl").touch()
    wheel("0.0.1")
    wheel()
    asked, said = run(URL)
    assert asked.endswith(f"/coursework_kit-{NOW}-py3-none-any.whl") and said == ""


def test_an_old_version_is_replaced(run, wheel):
    wheel()
    assert run(version="0.0.1")[0].endswith(f"/coursework_kit-{NOW}-py3-none-any.whl")
    assert run(URL, version="0.0.1")[0] != ""


@pytest.fixture
def installed(tmp_path):
    """The package in a folder of its own, from a wheel whose file had this hash."""

    def put(digest):
        record = tmp_path / f"site/coursework_kit-{NOW}.dist-info/RECORD"
        record.parent.mkdir(parents=True)
        record.write_text(f"autograder/__init__.py,sha256={digest},1\n{record},,\n")
        record.with_name("METADATA").write_text(f"Name: coursework-kit\nVersion: {NOW}\n")
        return f"import sys\nsys.path.insert(0, {str(tmp_path / 'site')!r})\n"

    return put


def test_a_wheel_of_the_same_version_with_other_files_replaces_it(run, wheel, installed):
    wheel(record="autograder/__init__.py,sha256=new,1\n")
    before = installed("old")
    asked, said = run(version=NOW, before=before)
    assert asked.startswith("--force-reinstall --no-deps ") and asked.endswith(
        f"-{NOW}-py3-none-any.whl"
    )
    assert said == ""


def test_the_very_wheel_that_is_installed_is_left_alone(run, wheel, installed):
    wheel(record="autograder/__init__.py,sha256=same,1\ncoursework_kit.dist-info/METADATA,,\n")
    assert run(version=NOW, before=installed("same")) == ("", "")


def test_a_name_that_a_browser_changed_is_put_right(run, wheel):
    wheel(name=f"coursework_kit-{NOW}-py3-none-any (1).whl")
    asked, said = run()
    assert asked.endswith(f"/coursework_kit-{NOW}-py3-none-any.whl") and said == ""


def test_a_download_that_was_cut_off_is_passed_over(run, tmp_path):
    (tmp_path / f"work/coursework_kit-{NOW}-py3-none-any.whl").write_bytes(b"PK\x03\x04half")
    assert run(URL) == (URL, "")


def test_without_this_version_the_configured_address_is_used(run, wheel):
    wheel("0.0.1")
    assert run(URL) == (URL, "")


def test_any_wheel_is_better_than_none(run, wheel):
    wheel("0.0.1")
    assert run()[0].endswith("/coursework_kit-0.0.1-py3-none-any.whl")


def test_where_another_version_is_all_there_is_a_line_says_so(run):
    asked, said = run(version="0.0.1")
    assert asked == "" and said.startswith("The course's checks are those of version 0.0.1")
    assert len(said.splitlines()) == 1


def test_without_anything_one_sentence_says_what_to_do(run):
    asked, said = run()
    assert asked == "" and last_line(said).endswith(
        "Put the course's wheel, coursework_kit-….whl, beside this notebook and run this again."
    )


@pytest.mark.parametrize(
    "pip_says",
    [
        "NewConnectionError: Temporary failure in name resolution",
        "ERROR: No matching distribution found for safetensors>=0.4",
        "ReadTimeoutError: Read timed out.",
    ],
)
def test_no_internet_is_said_in_one_line(run, pip_says):
    _, said = run(URL, then=f"echo '{pip_says}' >&2; exit 1")
    assert last_line(said).split(": ", 1)[1].startswith("There is no internet connection.")


def test_what_else_pip_says_last_is_told(run, wheel):
    wheel()
    _, said = run(then="echo 'first' >&2; echo 'ERROR: needs Python 3.11' >&2; exit 1")
    assert last_line(said).endswith("cannot be installed: ERROR: needs Python 3.11")


def test_in_a_notebook_an_error_is_one_line():
    cell = {"__name__": "cell"}
    exec(setup_cell(SimpleNamespace(where_the_wheel_is="")), cell)
    assert cell["SetupError"]("such")._render_traceback_() == ["SetupError: such"]
