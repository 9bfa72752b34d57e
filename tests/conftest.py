"""Courses of their own, in temporary folders, so that no test touches the repository."""

import functools
import gc
import os
import re
import shutil
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[1]
NO_NOTEBOOKS = shutil.ignore_patterns("*.ipynb", "__pycache__")
ANYWHERE = ("test_hostile", "test_bundled", "test_execute", "test_watch")  # modules to spread out
FIRST = ("test_two_hundred", "test_browser", "test_doctored", "test_nbgrader", "test_corrupted")
ASSIGNMENT = re.compile(r"test_assignments\.py::\w+\[(\w+)")


class ByModule(LoadScopeScheduling):
    """Keep a module's tests on one worker, where they share a graded class or a grader."""

    def _split_scope(self, nodeid):
        module = super()._split_scope(nodeid)
        if of_one := ASSIGNMENT.search(nodeid):
            return f"{module}::{of_one[1]}"
        return nodeid if Path(module).stem in ANYWHERE else module


def pytest_xdist_make_scheduler(config, log):
    return ByModule(config, log)


def pytest_collection_modifyitems(items):
    """What takes longest comes first, so that no worker ends with it alone."""
    items.sort(key=lambda item: item.path.stem not in FIRST)


@pytest.fixture(scope="session", autouse=True)
def side_by_side():
    """What makes workers quick; imported here, as the process that hands out tests needs nothing
    of it."""
    import nbgrader.api
    import torch

    torch.set_num_threads(1)  # probes are small
    gc.freeze()  # libraries and tests stay
    # A new gradebook asks a process of its own, which starts for seconds, for nbgrader's revision.
    nbgrader.api.get_alembic_version = functools.cache(nbgrader.api.get_alembic_version)


@pytest.fixture(scope="module")
def module_demo_course(tmp_path_factory):
    """A course that holds the golden assignment, shared by the tests of one module."""
    return golden_course(tmp_path_factory, "demo")


@pytest.fixture(scope="module")
def module_parity_course(tmp_path_factory):
    """A course that holds the golden assignment with a model file."""
    return golden_course(tmp_path_factory, "parity")


@pytest.fixture(scope="session")
def parity_weights():
    """Weights of the golden model that give parity as a function of the sum of bits."""
    import torch

    weights = {
        "first.weight": torch.zeros(16, 3),
        "first.bias": torch.zeros(16),
        "second.weight": torch.zeros(2, 16),
        "second.bias": torch.tensor([0.0, -1.0]),
    }
    weights["first.weight"][:3] = 1.0
    weights["first.bias"][:3] = torch.tensor([0.0, -1.0, -2.0])
    weights["second.weight"][1, :3] = torch.tensor([2.0, -4.0, 4.0])
    return weights


def copy_config(root):
    """The repository's configuration; the golden assignments need not have many mistakes."""
    text = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    (root / "nbgrader_config.py").write_text(f"{text}\nc.Course.wanted_mistakes = 0\n")


def golden_course(tmp_path_factory, assignment):
    from autograder.settings import find_course

    root = tmp_path_factory.mktemp("course")
    copy_config(root)
    golden = ROOT / "tests/golden" / assignment
    shutil.copytree(golden, root / "solutions" / assignment, ignore=NO_NOTEBOOKS)
    return find_course(root)


@pytest.fixture(scope="session")
def demo_files():
    """The golden example of the source format, by file name."""
    files = [file for file in (ROOT / "tests/golden/demo").iterdir() if file.suffix != ".ipynb"]
    return {file.name: file.read_text(encoding="utf-8") for file in files}


@pytest.fixture
def make_course(tmp_path, monkeypatch):
    """A function from {assignment: {file name: text}} to a course that holds these solutions."""

    from autograder.settings import find_course

    def make(solutions):
        monkeypatch.setenv("PATH", os.environ["PATH"])  # the configuration prepends to it
        copy_config(tmp_path)
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
