"""Courses of their own, in temporary folders, so that no test touches the repository."""

import functools
import gc
import os
import sys

import pytest

MAIN = sys.modules["__main__"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """What takes long comes first, so that no worker ends with it alone.

    A module's tests stay on one worker, where they share a graded class or a grader; so do those
    of one assignment. Those of modules marked `spread` go to any.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if not config.pluginmanager.has_plugin("xdist"):
        return
    for item in items:
        if item.get_closest_marker("spread") is None:
            item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item):
    of_one = getattr(item, "callspec", None) and item.callspec.params.get("assignment")
    return f"{item.path.stem}-{of_one}" if of_one else item.path.stem


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


@pytest.fixture(autouse=True)
def no_figures_left():
    """A test's figures are closed after it: of twenty that stay open matplotlib warns."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True)
def main_stays():
    """A shell of IPython's puts its own module there, from which no process can be spawned."""
    yield
    sys.modules["__main__"] = MAIN


@pytest.fixture(scope="module")
def module_demo_course(tmp_path_factory):
    """A course that holds the golden assignment, shared by the tests of one module."""
    return golden_course(tmp_path_factory, "demo")


@pytest.fixture(scope="module")
def released(module_demo_course):
    """The golden assignment's notebook as students get it; tests change copies of it."""
    from autograder.authoring.build import make

    return make(module_demo_course, "demo")[0]


@pytest.fixture(scope="module")
def module_parity_course(tmp_path_factory):
    """A course that holds the golden assignment with a model file."""
    return golden_course(tmp_path_factory, "parity")


def golden_course(tmp_path_factory, assignment):
    from handing import GOLDEN, course_of

    return course_of(tmp_path_factory.mktemp("course"), GOLDEN / assignment)


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


@pytest.fixture(scope="session")
def demo_files():
    """The golden example of the source format, by file name."""
    return golden_files("demo")


@pytest.fixture(scope="session")
def parity_files():
    """The golden example of a model file, by file name."""
    return golden_files("parity")


def golden_files(assignment):
    from handing import GOLDEN

    files = [file for file in (GOLDEN / assignment).iterdir() if file.suffix in (".py", ".toml")]
    return {file.name: file.read_text(encoding="utf-8") for file in files}


@pytest.fixture
def make_course(tmp_path, monkeypatch):
    """A function from {assignment: {file name: text}} to a course that holds these solutions."""
    from handing import SECRET, make_root

    from autograder.settings import find_course

    def make(solutions, secret=SECRET):
        monkeypatch.setenv("PATH", os.environ["PATH"])  # the configuration prepends to it
        make_root(tmp_path, secret)
        for name, files in solutions.items():
            folder = tmp_path / "solutions" / name
            folder.mkdir(parents=True, exist_ok=True)
            for file_name, text in files.items():
                (folder / file_name).write_text(text, encoding="utf-8")
        return find_course(tmp_path)

    return make


@pytest.fixture
def demo_course(make_course, demo_files):
    """A course of one test's own that holds the golden assignment."""
    return make_course({"demo": demo_files})
