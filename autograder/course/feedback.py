"""The students' pages in `build/feedback/`: each written when what it shows has changed.

A few are made here; those of a large class in processes beside this one, which goes on grading.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Self

from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder.course.gradebook import Nbgrader
from autograder.course.standing import standings
from autograder.course.trouble import stopping
from autograder.errors import StoppedError
from autograder.grading.pages import writing
from autograder.grading.pages.grades import Grades
from autograder.grading.pages.student_page import digest_in, own_code
from autograder.grading.pages.writing import PageJob, made, put, write_page
from autograder.grading.steps.by_kind import course_of, folder_of
from autograder.settings import Course

TOGETHER = 32  # students whom the gradebook is asked about at a time

Elsewhere = Callable[[Iterable[PageJob]], Iterable[tuple[PageJob, str | None]]]


class Pages:
    """An assignment's pages on their way to students; inside, workers may be busy with them."""

    def __init__(
        self,
        nbgrader: Nbgrader,
        assignment: str,
        workers: int | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.nbgrader, self.assignment, self._elsewhere = nbgrader, assignment, elsewhere
        self.workers = workers or os.cpu_count() or 1
        self.written: dict[str, Future[None]] = {}  # by student, where something had changed
        self._left: dict[str, PageJob] = {}  # to other machines, by student
        self._waiting: list[str] = []
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=kind is not None)

    def add(self, student: str) -> None:
        """Write a student's page, together with others'."""
        self._waiting.append(student)
        if len(self._waiting) == TOGETHER:
            if self._elsewhere is None:
                self._pool = self._pool or _processes(self.workers)
            self._write()

    def failed(self) -> dict[str, Exception]:
        """Write what is left; by student, what kept a page from being. Raises StoppedError."""
        self._write()
        if self._elsewhere is not None:
            for job, html in self._elsewhere(self._left.values()):
                work = partial(write_page, job) if html is None else partial(put, job, html)
                self.written[job.grades.student] = _here(work)
        errors = {}
        for student, written in self.written.items():
            try:
                with stopping():
                    written.result()
            except StoppedError:
                raise
            except Exception as error:  # whatever a student's text provokes
                errors[student] = error
        return errors

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        for student, grades in self.nbgrader.standings(self.assignment, waiting).items():
            job = page_job(self.nbgrader.course, self.assignment, grades)
            if digest_in(job.page) == job.digest:
                continue
            if self._elsewhere is not None:
                self._left[student] = job
                continue
            pool, work = self._pool, partial(write_page, job)
            self.written[student] = pool.submit(work) if pool else _here(work)


def _processes(count: int) -> ProcessPoolExecutor:
    """Processes that have imported what pages need: once, and then forked."""
    context = get_context("forkserver")
    context.set_forkserver_preload([writing.__name__])
    return ProcessPoolExecutor(count, context)


def _here(work: Callable[[], None]) -> Future[None]:
    written: Future[None] = Future()
    try:
        work()
        written.set_result(None)
    except Exception as error:  # as a process would tell it
        written.set_exception(error)
    return written


def page_job(course: Course, assignment: str, grades: Grades) -> PageJob:
    """What a student's page is made of, where it stands, and what it says that it is made of."""
    of = {"nbgrader": {"student": grades.student, "assignment": assignment}}
    autograded = folder_of("autograded", course.config, of) / f"{assignment}.ipynb"
    page = folder_of("feedback", course.config, of) / f"{assignment}.html"
    released = course.released(assignment)
    parts = (
        own_code(),
        _digest(released, released.stat().st_mtime_ns),
        autograded.read_bytes(),
        json.dumps(asdict(grades), sort_keys=True).encode(),
    )
    # with the secret, as marking schemes are among the parts: nobody shall try what they might be
    digest = hmac.digest(course.secret(), b"\0".join(parts), hashlib.sha256).hex()
    return PageJob(autograded, released, grades, digest, page)


@lru_cache(8)
def _digest(path: Path, changed: int) -> bytes:
    """Of a file, read once, unless it has `changed` since."""
    return hashlib.sha256(path.read_bytes()).digest()


class FeedbackExporter(HTMLExporter):
    """nbgrader's exporter; of the kit's own assignments it makes the page of a class run."""

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[Any, Any]:
        """The page of an autograded notebook."""
        of, course = (resources or {}).get("nbgrader", {}), course_of(self.config)
        assignment = of.get("assignment")
        if assignment not in course.assignments():
            return super().from_notebook_node(nb, resources=resources, **options)
        with Gradebook(of["db_url"], course.config.CourseDirectory.course_id) as gradebook:
            found = standings(gradebook, assignment, [of["student"]], course.config)
        job = page_job(course, assignment, found[of["student"]])
        return made(job), self._init_resources(resources)
