"""Courses of their own, in temporary folders, so that no test touches the repository."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from xdist.scheduler import LoadScopeScheduling

from autograder.settings import find_course

torch.set_num_threads(1)  # probes are small; tests run side by side
ROOT = Path(__file__).parents[1]

ANYWHERE = ("test_hostile", "test_bundled", "test_execute", "test_watch")  # modules to spread out


class ByModule(LoadScopeScheduling):
    """Keep a module's tests on one worker, where they share a graded class or a grader."""

    def _split_scope(self, nodeid):
        module = super()._split_scope(nodeid)
        return nodeid if Path(module).stem in ANYWHERE else module


def pytest_xdist_make_scheduler(config, log):
    return ByModule(config, log)


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


@pytest.fixture(scope="session")
def demo_files():
    """The golden example of the source format, by file name."""
    names = ("demo.py", "mistakes.toml")
    return {name: (ROOT / "tests/golden" / name).read_text(encoding="utf-8") for name in names}


@pytest.fixture
def make_course(tmp_path, monkeypatch):
    """A function from {assignment: {file name: text}} to a course that holds these solutions."""

    def make(solutions):
        monkeypatch.setenv("PATH", os.environ["PATH"])  # the configuration prepends to it
        shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
        for name, files in solutions.items():
            folder = tmp_path / "solutions" / name
            folder.mkdir(parents=True)
            for file_name, text in files.items():
                (folder / file_name).write_text(text, encoding="utf-8")
        return find_course(tmp_path)

    return make


@pytest.fixture
def demo_course(make_course, demo_files):
    """A course of one test's own that holds the golden assignment."""
    return make_course({"demo": demo_files})
