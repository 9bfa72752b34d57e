"""Runs that are cut short, repeated, or sent to a cluster: always the same grades."""

import shutil

import pytest

from autograder.authoring.build import build
from autograder.course.classrun import grade_class
from autograder.course.gradebook import Nbgrader
from autograder.course.sample import write_class


@pytest.fixture(scope="module")
def course(module_demo_course):
    build(module_demo_course, "demo")
    Nbgrader(module_demo_course).release("demo")
    write_class(module_demo_course, "demo")
    return module_demo_course


def grades(course):
    return [(row.student, row.cells) for row in Nbgrader(course).rows("demo")]


def forget(course):
    """Everything that grading wrote; the submissions stay."""
    for kept in ("evidence", "reports", "autograded", "feedback"):
        shutil.rmtree(course.build / kept, ignore_errors=True)
    (course.build / "gradebook.db").unlink()


@pytest.fixture(scope="module")
def undisturbed(course):
    grade_class(course, "demo", feedback=False)
    return grades(course)


def test_a_release_that_was_cut_short_is_made_good(course, undisturbed):
    forget(course)
    with Nbgrader(course).gradebook() as gradebook:
        gradebook.update_or_create_assignment("demo")
    course.released("demo").unlink()
    grade_class(course, "demo", feedback=False)
    assert grades(course) == undisturbed


def test_a_release_does_not_touch_the_released_notebook(course):
    before = course.released("demo").stat()
    Nbgrader(course).release("demo")
    assert course.released("demo").stat() == before


def test_a_second_run_touches_nothing_that_did_not_change(course, undisturbed):
    grade_class(course, "demo", feedback=False)
    autograded = course.build / "autograded"
    before = {p: p.stat().st_mtime_ns for p in autograded.rglob("*.ipynb")}
    changed = course.build / "submitted/blank/demo/demo.ipynb"
    reference = course.build / "submitted/reference/demo/demo.ipynb"
    shutil.copyfile(reference, changed)
    grade_class(course, "demo", feedback=False)
    after = {p: p.stat().st_mtime_ns for p in autograded.rglob("*.ipynb")}
    assert [path.parent.parent.name for path in after if after[path] != before[path]] == ["blank"]
    assert dict(grades(course))["blank"]["check-softmax"] == 3.0


@pytest.mark.slow  # it waits for processes of its own, and on a busy machine not long enough
def test_a_dask_cluster_gives_the_same_grades(course, undisturbed, monkeypatch):
    distributed = pytest.importorskip("distributed")
    forget(course)
    build(course, "demo")
    shutil.copyfile(course.released("demo"), course.build / "submitted/blank/demo/demo.ipynb")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as cluster:
        run = grade_class(course, "demo", scheduler=cluster.scheduler_address)
    assert len(run.graded) == len(undisturbed) and run.remark == ""
    assert grades(course) == undisturbed
    pages = {path.parts[-3] for path in (course.build / "feedback").glob("*/demo/demo.html")}
    assert pages == {*run.graded}
    files = {path: path.stat().st_mtime_ns for path in (course.build / "autograded").rglob("*")}
    grade_class(course, "demo", feedback=False)  # here, where all is known to be graded
    assert {path: path.stat().st_mtime_ns for path in files} == files
