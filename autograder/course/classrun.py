"""Grading a class: evidence in parallel, the gradebook from this one process, nothing stops it."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.authoring.build import build
from autograder.course.executors import executions
from autograder.course.gradebook import Nbgrader, NbgraderError
from autograder.grading.execute import Job
from autograder.grading.formats import as_json
from autograder.grading.links import refuse_links
from autograder.grading.submission import Grader, SubmissionError, read_notebook, shared_grader
from autograder.settings import Course, SettingsError

Progress = Callable[[str, Iterable, int], Iterable]


@dataclass
class ClassRun:
    """What became of a class: students graded, and what went wrong with whom."""

    graded: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """One student's submission on its way into the gradebook."""

    student: str
    path: Path
    grader: Grader
    nbgrader: Nbgrader

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def report_path(self) -> Path:
        reports = self.grader.course.build / "reports" / self.grader.assignment
        return reports / f"{self.student}.json"

    @property
    def report(self) -> dict[str, Any]:
        """What was said of it when it was graded last; empty where it never was."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return json.loads(self.report_path.read_text(encoding="utf-8"))
        return {}

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that its grade depends on."""
        files = self.path, self.path.with_name("timestamp.txt")
        parts = [file.read_bytes() if file.is_file() else b"" for file in files]
        models = [file.digest for file in self.grader.models(self.folder).values()]
        said = "".join([self.grader.digest, *models]).encode()
        return hashlib.sha256(b"\0".join([said, *parts])).hexdigest()

    @property
    def is_graded(self) -> bool:
        """Whether the gradebook holds what this very file earns.

        The report is written after the gradebook, so that a run that was stopped between them
        repeats.
        """
        autograded = self.nbgrader.autograded(self.grader.assignment, self.student)
        return autograded.is_file() and self.report.get("fingerprint") == self.fingerprint

    def job(self) -> Job | None:
        """What has to be executed for it; nothing where it is graded, or `grade` will complain."""
        if not self.is_graded:
            with contextlib.suppress(Exception):
                return self.grader.job_of(self._read(), self.folder)
        return None

    def _read(self) -> NotebookNode:
        refuse_links(self.path)
        return read_notebook(self.path)

    def grade(self) -> None:
        """Enter it in the gradebook, then report. Raises SubmissionError, NbgraderError."""
        graded = self.grader.grade(self._read(), self.folder)
        self.nbgrader.autograde(self.grader.assignment, self.student)
        report = {"fingerprint": self.fingerprint, **json.loads(as_json(graded))}
        _replace(self.report_path, json.dumps(report, indent=2, ensure_ascii=False))


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
    nbgrader.settle_late_penalties(assignment)
    store = course.build / "evidence" / assignment
    for kept in (store, course.build / "reports" / assignment) if force else ():
        shutil.rmtree(kept, ignore_errors=True)
    grader, run = shared_grader(course, assignment), ClassRun()
    for student, path in notebooks.items():
        _adopt_renamed(path, student, run)
    todo = [Submission(student, path, grader, nbgrader) for student, path in notebooks.items()]
    with executions(workers, scheduler, store) as executing:
        ready = executing.run((submission, submission.job()) for submission in todo)
        for submission in progress("grading", ready, len(todo)):
            _grade_one(submission, run, feedback)
    return run


def _adopt_renamed(path: Path, student: str, run: ClassRun) -> None:
    """Where the expected file is missing, copy the student's latest notebook to its name."""
    files = [file for file in path.parent.glob("*.ipynb") if file.is_file()]
    others = sorted((file for file in files if not file.is_symlink()), key=_modified)
    if others and not os.path.lexists(path):
        shutil.copyfile(others[-1], path)
        run.problems[student] = f"{others[-1].name} was taken for {path.name}"


def _modified(path: Path) -> float:
    return path.stat().st_mtime


def _grade_one(submission: Submission, run: ClassRun, feedback: bool) -> None:
    student, nbgrader = submission.student, submission.nbgrader
    try:
        if not submission.is_graded:
            submission.grade()
        if feedback:
            nbgrader.feedback(submission.grader.assignment, student)
    except (SubmissionError, NbgraderError) as error:
        run.problems[student] = str(error)
        return
    except Exception as error:  # whatever a submission provokes, the others are graded
        run.problems[student] = f"cannot be graded: {type(error).__name__}: {error}"
        return
    run.graded.append(student)
    if repairs := submission.report["repairs"]:
        said = [run.problems[student]] if student in run.problems else []
        run.problems[student] = "; ".join([*said, *repairs])


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def reports(course: Course, assignment: str) -> dict[str, dict[str, Any]]:
    """What was said of each student's submission when it was graded last."""
    files = sorted((course.build / "reports" / assignment).glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def mistake_counts(course: Course, assignment: str) -> dict[tuple[str, str], int]:
    """How many students made each known mistake, by exercise and name, most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for report in reports(course, assignment).values():
        for exercise in report["exercises"]:
            if exercise["mistake"]:
                key = exercise["name"], exercise["mistake"]
                counts[key] = counts.get(key, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
