"""What `make` says before it makes `.venv`, on machines that lack something."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OTHERWISE = """#!/bin/sh
case "$1" in
-c) exec {python} -c "import sys; {first}; $2" ;;
-V) echo Python of this test ;;
-m) echo "now it would run: $*"; exit 1 ;;
esac
"""


@pytest.fixture
def make(tmp_path):
    """A function that runs `make demo` in an empty checkout, with a Python that does `first` first,
    and returns what it printed."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()

    def run(first, *arguments):
        python = tmp_path / "bin/python3"
        python.parent.mkdir()
        python.write_text(OTHERWISE.format(python=sys.executable, first=first))
        python.chmod(0o755)
        environment = {
            "PATH": f"{python.parent}:{os.environ['PATH']}"
        }  # and nothing of a make above
        command = ["make", "demo", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode
        return done.stdout + done.stderr

    return run


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 10, 13), (3, 15, 0)])
def test_a_python_that_we_do_not_support_is_named_in_one_line(make, version):
    first, second = make(f"sys.version_info = {version}").splitlines()
    assert first.startswith('Python 3.11 to 3.14 is needed; python3 says "Python of this test".')
    assert "Error 1" in second


def test_no_python_at_all_is_the_same_line(make):
    first, _ = make("pass", "PYTHON=python-of-nobody").splitlines()
    assert first.startswith("Python 3.11 to 3.14 is needed; python-of-nobody says")


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 9)])
def test_a_python_that_we_support_makes_the_environment(make, version):
    assert "run: -m venv --clear .venv" in make(f"sys.version_info = {version}")


def test_a_missing_venv_module_is_one_line_that_says_what_to_install(make):
    """Debian's Python without python3-venv."""
    first, _ = make("sys.modules['ensurepip'] = None").splitlines()
    assert "apt install python3-venv" in first


def test_what_is_half_made_is_made_anew_and_not_used(make, tmp_path):
    left_behind = tmp_path / ".venv/bin/python3"
    left_behind.parent.mkdir(parents=True)
    left_behind.write_text("#!/bin/sh\nexit 1\n")
    left_behind.chmod(0o755)
    assert "run: -m venv --clear .venv" in make("pass")
