"""Courses for tests, with a secret that is always the same, and what their students hand in."""

import copy
import json
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.assignment.validation import read_source
from autograder.course.gradebook import Nbgrader
from autograder.course.sample import filled_in, references
from autograder.course.trouble import without_noise
from autograder.grading.repair.reading import read_notebook
from autograder.grading.submission import Grader, Submission
from autograder.settings import Course, find_course

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests/golden"
SECRET = "of all tests, so that none of them depends on luck"
NOT_SOURCE = shutil.ignore_patterns("*.ipynb", "__pycache__")
FILE_TIME = "%Y-%m-%d %H:%M:%S UTC"

Work = NotebookNode | Mapping[str, str] | str | bytes


def make_root(root: Path, secret: str = SECRET) -> None:
    """The configuration of a course, and its secret; none is written where it is empty.

    The golden assignments need not have many mistakes.
    """
    text = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    (root / "nbgrader_config.py").write_text(f"{text}\nc.Course.wanted_mistakes = 0\n")
    if secret:
        put_secret(root, secret)


def put_secret(root: Path, secret: str) -> None:
    path = root / "build/keys/secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(secret)


def course_of(root: Path, *folders: Path) -> Course:
    """A course that holds copies of these folders of solutions."""
    make_root(root)
    for folder in folders:
        shutil.copytree(folder, root / "solutions" / folder.name, ignore=NOT_SOURCE)
    return find_course(root)


def right_answers(course: Course, assignment: str = "demo") -> dict[str, str]:
    """The reference's solution of every exercise, as a student would have written it."""
    return references(read_source(course.source_path(assignment)))


def written(course: Course, answers: Mapping[str, str], assignment: str = "demo") -> NotebookNode:
    """The released notebook with these solutions; blank where there are none."""
    return filled_in(read_notebook(course.released(assignment)), dict(answers))


def find(nb: NotebookNode, grade_id: str) -> NotebookNode:
    """The one cell of a notebook with this grade id."""
    (cell,) = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id]
    return cell


def submission_of(grader: Grader, notebook: NotebookNode, folder: Path | None = None) -> Submission:
    """A submission of a notebook that stands in no file."""
    content = json.dumps(notebook).encode()
    return Submission(grader, content, Path(f"{grader.assignment}.ipynb"), folder)


def autograde(nbgrader: Nbgrader, assignment: str, student: str) -> None:
    """As nbgrader's own command and the formgrader's button do it."""
    with without_noise():
        result = nbgrader.api.autograde(assignment, student)
    assert result["success"], result


def folder_of(course: Course, student: str, assignment: str = "demo") -> Path:
    return course.build / "submitted" / student / assignment


def hand_in(
    course: Course,
    student: str,
    work: Work,
    assignment: str = "demo",
    *,
    change: Callable[[NotebookNode], object] | None = None,
    time: datetime | None = None,
) -> Path:
    """Put a student's notebook where it is graded: solutions, a notebook, or a file's content.

    `change` does something to a copy of the notebook first; `time` is when it was handed in.
    """
    path = folder_of(course, student, assignment) / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_content(course, work, assignment, change))
    if time is not None:
        path.with_name("timestamp.txt").write_text(time.strftime(FILE_TIME))
    return path


def _content(
    course: Course,
    work: Work,
    assignment: str,
    change: Callable[[NotebookNode], object] | None,
) -> bytes:
    if isinstance(work, bytes):
        return work
    if isinstance(work, str):
        return work.encode()
    is_notebook = isinstance(work, NotebookNode)
    nb = copy.deepcopy(work) if is_notebook else written(course, work, assignment)
    if change is not None:
        change(nb)
    return nbformat.v4.nbjson.writes(nb).encode()  # as it is: platforms write no valid ones
