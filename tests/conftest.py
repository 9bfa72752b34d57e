"""Courses of their own, in temporary folders, so that no test touches the repository."""

import shutil
from pathlib import Path

import pytest

from autograder.settings import find_course

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def module_demo_course(tmp_path_factory):
    """A course that holds the golden assignment, shared by the tests of one module."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    folder = root / "solutions" / "demo"
    folder.mkdir(parents=True)
    for name in ("demo.py", "mistakes.toml"):
        shutil.copy(ROOT / "tests/golden" / name, folder)
    return find_course(root)
