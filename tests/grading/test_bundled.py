"""nbgrader's own tests, run under our configuration: ordinary assignments stay as they were."""

import os
import shutil
from pathlib import Path

import pytest
from nbgrader.tests import run_nbgrader
from nbgrader.tests.apps import (
    test_nbgrader_autograde,
    test_nbgrader_generate_assignment,
    test_nbgrader_generate_feedback,
)
from nbgrader.tests.apps.conftest import course_dir, db  # noqa: F401

ROOT = Path(__file__).parents[2]
# our configuration, in a course of nbgrader's own shape; stubs of solutions and what lateness costs
# are a matter of taste
CONFIG = """
load_subconfig("nbgrader_config.py", path={root!r})
c = get_config()
del c["CourseDirectory"], c["ClearSolutions"], c["AssignLatePenalties"]
c.CourseDirectory.root = {course!r}
"""
pytestmark = [pytest.mark.spread, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(autouse=True)
def temp_cwd(course_dir, tmp_path, monkeypatch):  # noqa: F811
    """Takes the place of nbgrader's fixture, which writes the configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.environ["PATH"])  # the configuration prepends to it
    (tmp_path / "nbgrader_config.py").write_text(CONFIG.format(root=str(ROOT), course=course_dir))
    return str(tmp_path)


# about files, dates and permissions, which no preprocessor touches; these pass too, in a minute
ABOUT_FILES = (
    *("help", "missing_assignment", "student_id_exclude", "skip_extra_notebooks", "missing_files"),
    *("force", "force_f", "filter_notebook", "grade_overwrite_files", "custom_permissions"),
    *("grade_overwrite_files_subdirs", "update_newer", "update_newer_single_notebook"),
    *("permissions", "grade_timestamp", "grade_empty_timestamp", "force_single_notebook"),
    *("incorrect_submitted_kernelspec", "missing_source_kernelspec", "handle_failure"),
    *("missing_student", "single_user", "deprecated", "no_assignment"),
)
# like others, with more kernels to start; these pass too, in another minute
LONGER = (
    *("hidden_tests_autotest", "grade_complex_autotest", "autotests", "autotests_fancy"),
    *("late_submission_penalty_none", "late_submission_penalty_zero", "grade_hashed_autotest"),
    *("late_submission_penalty_plugin", "generate_source_with_tests_flag", "grade_autotest"),
)
SKIPPED_BY_NBGRADER = ("infinite_loop_with_output", "many_students")


def about_preprocessors(theirs):
    """A test class of nbgrader's, less what would only take time."""
    left_out = {f"test_{name}": None for name in (*ABOUT_FILES, *LONGER, *SKIPPED_BY_NBGRADER)}
    return type(f"Test{theirs.__name__}", (theirs,), left_out)


TestAutograde = about_preprocessors(test_nbgrader_autograde.TestNbGraderAutograde)
TestGenerateAssignment = about_preprocessors(
    test_nbgrader_generate_assignment.TestNbGraderGenerateAssignment
)
TestFeedback = about_preprocessors(test_nbgrader_generate_feedback.TestNbGraderFeedback)


@pytest.mark.parametrize(
    ("name", "age"),
    [("test-v0", "old"), ("test-v1", "old"), ("test-v2", "old"), ("too-new", "newer")],
)
def test_notebooks_of_other_schemas_are_refused_as_ever(name, age, course_dir, db):  # noqa: F811
    theirs = Path(test_nbgrader_autograde.__file__).parent / "files" / f"{name}.ipynb"
    ours = Path(course_dir) / "source/ps1/p1.ipynb"
    ours.parent.mkdir(parents=True)
    shutil.copy(theirs, ours)
    said = run_nbgrader(["generate_assignment", "ps1", "--db", db], retcode=1)
    assert f"use an {age} version" in said
