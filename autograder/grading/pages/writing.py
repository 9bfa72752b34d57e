"""Writing a student's page, in whatever process: it needs files, and what the gradebook says."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import reads_json

from autograder.files import write_whole
from autograder.grading.limits import at_most
from autograder.grading.pages.grades import Grades
from autograder.grading.pages.student_page import student_page
from autograder.grading.pages.tasks import Tasks, tasks_of

SECONDS = 120.0  # of processor time, for one page
OF_EXCHANGE = ("timestamp.txt", "submission_secret.txt")  # `nbgrader release_feedback` reads them


@dataclass(frozen=True)
class PageJob:
    """A page to be written, the notebooks that it is made of, and what it says of that."""

    autograded: Path
    released: Path
    grades: Grades
    digest: str
    page: Path


def write_page(job: PageJob) -> None:
    """Make a page and put it in its place. Raises TookTooLongError, OSError."""
    put(job, made(job))


def put(job: PageJob, html: str) -> None:
    """Put a page in its place, and what nbgrader reads beside it. Raises OSError."""
    for name in OF_EXCHANGE:
        beside = job.autograded.with_name(name)
        if beside.is_file():
            write_whole(job.page.with_name(name), beside.read_bytes())
    write_whole(job.page, html)


def made(job: PageJob) -> str:
    """The page of a job. Raises TookTooLongError."""
    with at_most(SECONDS):
        tasks = _tasks(job.released, job.released.stat().st_mtime_ns)
        return student_page(_read(job.autograded), tasks, job.grades, job.digest)


@lru_cache(1)
def _tasks(released: Path, changed: int) -> Tasks:
    """The sections of the released notebook, read once, unless it has `changed` since."""
    return tasks_of(_read(released))


def _read(path: Path) -> NotebookNode:
    """A notebook that nbgrader or the build wrote, which needs no other look."""
    return reads_json(path.read_text(encoding="utf-8"))
