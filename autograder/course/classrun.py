"""Grading a class: evidence in parallel, the gradebook from this one process, nothing stops it."""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from autograder.authoring.build import build
from autograder.course.gradebook import Nbgrader, NbgraderError
from autograder.grading.cache import keep
from autograder.grading.execute import Job, execute
from autograder.grading.formats import as_json
from autograder.grading.submission import Grader, SubmissionError, read_notebook
from autograder.settings import Course, SettingsError

Progress = Callable[[str, Iterable, int], Iterable]


@dataclass
class ClassRun:
    """What became of a class: students graded, and what went wrong with whom."""

    graded: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def grade_class(
    course: Course,
    assignment: str,
    *,
    submitted: Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    force: bool = False,
    feedback: bool = True,
    progress: Progress = lambda _, items, __: items,
) -> ClassRun:
    """Grade every submission into the gradebook and write feedback.

    A submission that cannot be read or graded is reported and the others go on. What was graded
    before, with the same key, is not graded again; a run that was stopped goes on where it was.
    Raises SettingsError where there is nothing to grade.
    """
    nbgrader = Nbgrader(course, submitted)
    notebooks = nbgrader.submitted(assignment)
    if not notebooks:
        raise SettingsError(
            f"no submissions of {assignment!r} in {nbgrader.api.coursedir.submitted_directory}"
        )
    if not nbgrader.is_released(assignment):
        build(course, assignment)
        nbgrader.release(assignment)
    grader, run = Grader(course, assignment), ClassRun()
    for student, path in notebooks.items():
        _adopt_renamed(path, student, run)
    jobs = _jobs(grader, notebooks, run)
    store = course.build / "evidence" / assignment
    if force:
        for kept in (store, course.build / "reports" / assignment):
            shutil.rmtree(kept, ignore_errors=True)
    with _executor(workers, scheduler) as pool:
        collect_evidence(jobs.values(), store, pool, progress)
    readable = {student: path for student, path in notebooks.items() if student in jobs}
    for student in progress("grading", readable, len(readable)):
        _grade_one(nbgrader, grader, readable[student], student, run, feedback)
    return run


@contextlib.contextmanager
def _executor(workers: int | None, scheduler: str | None) -> Iterator[Executor]:
    """Threads here, each of which waits for its own kernel; or the workers of a Dask cluster."""
    if scheduler is None:
        with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
            yield pool
        return
    try:
        from distributed import Client
    except ImportError:
        raise SettingsError("--scheduler needs Dask: pip install 'coursework-kit[dask]'") from None
    with Client(scheduler) as client:
        yield client.get_executor()


def _adopt_renamed(path: Path, student: str, run: ClassRun) -> None:
    """Where the expected file is missing, copy the student's latest notebook to its name."""
    others = [] if path.exists() else sorted(path.parent.glob("*.ipynb"), key=_modified)
    if others:
        shutil.copyfile(others[-1], path)
        run.problems[student] = f"{others[-1].name} was taken for {path.name}"


def _modified(path: Path) -> float:
    return path.stat().st_mtime


def _jobs(grader: Grader, notebooks: dict[str, Path], run: ClassRun) -> dict[str, Job]:
    jobs = {}
    for student, path in notebooks.items():
        try:
            jobs[student] = grader.job(grader.repair(read_notebook(path)).notebook)
        except SubmissionError as error:
            run.problems[student] = str(error)
    return jobs


def collect_evidence(jobs: Iterable[Job], store: Path, pool: Executor, progress: Progress) -> None:
    """Execute, on any executor, the jobs whose evidence is not kept yet."""
    missing = {job.digest: job for job in jobs if not (store / job.digest).is_dir()}
    running = {pool.submit(execute, job): digest for digest, job in missing.items()}
    for done in progress("executing", as_completed(running), len(running)):
        keep(done.result(), store / running[done])


def _grade_one(
    nbgrader: Nbgrader,
    grader: Grader,
    notebook: Path,
    student: str,
    run: ClassRun,
    feedback: bool,
) -> None:
    graded = grader.grade(read_notebook(notebook))
    report = grader.course.build / "reports" / grader.assignment / f"{student}.json"
    text = as_json(graded)
    try:
        if not _is_graded(nbgrader, grader.assignment, student, notebook, report, text):
            nbgrader.autograde(grader.assignment, student)
            _replace(report, text)
        if feedback:
            nbgrader.feedback(grader.assignment, student)
    except NbgraderError as error:
        run.problems[student] = str(error)
        return
    run.graded.append(student)
    if graded.repairs:
        said = [run.problems[student]] if student in run.problems else []
        run.problems[student] = "; ".join([*said, *graded.repairs])


def _is_graded(
    nbgrader: Nbgrader, assignment: str, student: str, notebook: Path, report: Path, text: str
) -> bool:
    """Whether the gradebook holds this very result of this very file already.

    The report is written after the gradebook, so that a run that was stopped between them repeats.
    """
    autograded = nbgrader.autograded(assignment, student)
    if not (report.is_file() and autograded.is_file()):
        return False
    newer = report.stat().st_mtime >= notebook.stat().st_mtime
    return newer and report.read_text(encoding="utf-8") == text


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def mistake_counts(course: Course, assignment: str) -> dict[tuple[str, str], int]:
    """How many students made each known mistake, by exercise and name, most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for report in (course.build / "reports" / assignment).glob("*.json"):
        for exercise in json.loads(report.read_text(encoding="utf-8"))["exercises"]:
            if exercise["mistake"]:
                key = exercise["name"], exercise["mistake"]
                counts[key] = counts.get(key, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
