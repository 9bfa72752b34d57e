"""nbgrader as a library: release, autograde, feedback, and what the gradebook then says."""

import contextlib
import copy
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import parse_utc, temp_attrs

from autograder.course import late_policy
from autograder.course.batch import OpenGradebook, in_batch
from autograder.errors import ToldError
from autograder.settings import Course


class NbgraderError(ToldError):
    """nbgrader could not do something; the message is its own last word."""


@dataclass(frozen=True)
class Row:
    """One student's line in the class table; scores in points, lateness in seconds."""

    student: str
    raw_score: float  # before the late penalty
    late_penalty: float
    max_score: float
    to_grade_by_hand: int
    seconds_late: float
    cells: dict[str, float | None]

    @property
    def score(self) -> float:
        """What is left after the late penalty, never below 0."""
        return max(0.0, self.raw_score - self.late_penalty)


class Nbgrader:
    """The course's nbgrader, configured by the same file as its own commands."""

    def __init__(self, course: Course, submitted: Path | None = None) -> None:
        config = copy.deepcopy(course.config)
        if submitted is not None:
            config.CourseDirectory.submitted_directory = str(submitted.resolve())
        # no copies of model files, whoever calls nbgrader
        config.CourseDirectory.ignore = config.GenerateFeedbackApp.CourseDirectory.ignore
        course.build.mkdir(exist_ok=True)
        self.course = course
        with without_noise():
            self.api = NbGraderAPI(config=config)
        self.api.log_level = logging.ERROR

    @property
    def database(self) -> str:
        """The address of the gradebook."""
        return self.api.coursedir.db_url

    @property
    def course_id(self) -> str:
        """The course's name in the gradebook."""
        return self.course.config.CourseDirectory.course_id

    def release(self, assignment: str, due: datetime | None = None) -> None:
        """Enter a built assignment in the gradebook. Raises NbgraderError.

        nbgrader deletes the released folder before it writes the same notebook again; a run killed
        between the two would lose it, so that here it works on a folder of its own.
        """
        if due is not None:
            with self.gradebook() as gradebook:
                gradebook.update_or_create_assignment(assignment, duedate=due)
        course = self.api.coursedir
        with TemporaryDirectory() as scratch, temp_attrs(course, release_directory=scratch):
            self._call(self.api.generate_assignment, assignment)

    def is_released(self, assignment: str) -> bool:
        """Whether the gradebook holds every cell of the released notebook that it should."""
        released = self.course.released(assignment)
        if not released.is_file():
            return False
        with self.gradebook() as gradebook:
            try:
                entered = gradebook.find_notebook(assignment, assignment).source_cells
            except MissingEntry:
                return False
            names = {cell.name for cell in entered}  # nbgrader enters these last
        cells = nbformat.read(released, as_version=4).cells
        return all(c.metadata.nbgrader.grade_id in names for c in cells if "nbgrader" in c.metadata)

    def autograde(self, assignment: str, student: str) -> None:
        """Grade a student's submission into the gradebook. Raises NbgraderError."""
        course = self.api.coursedir
        folder = course.format_path(course.submitted_directory, student, assignment)
        _check_timestamp(Path(folder) / "timestamp.txt")
        self._call(self.api.autograde, assignment, student)

    def feedback(self, assignment: str, student: str) -> None:
        """Write a student's feedback. Raises NbgraderError."""
        self._call(self.api.generate_feedback, assignment, student)

    @cached_property
    def _open_gradebook(self) -> OpenGradebook:
        return OpenGradebook(self.database, self.course_id)

    def _call(self, action: Callable[..., dict[str, Any]], *arguments: str) -> None:
        with without_noise(), in_batch(self._open_gradebook):
            result = action(*arguments)
            if not result["success"]:
                raise NbgraderError(_reason(result.get("log") or result.get("error") or ""))

    def submitted(self, assignment: str) -> dict[str, Path]:
        """By student, where the notebook is or should be that nbgrader will look for."""
        course = self.api.coursedir
        root = Path(course.format_path(course.submitted_directory, "+", "+")).parent.parent
        folders = sorted(root.glob(f"*/{assignment}"))
        return {folder.parent.name: folder / f"{assignment}.ipynb" for folder in folders}

    def autograded(self, assignment: str, student: str) -> Path:
        """Where nbgrader puts a student's autograded notebook."""
        course = self.api.coursedir
        folder = course.format_path(course.autograded_directory, student, assignment)
        return Path(folder) / f"{assignment}.ipynb"

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """The gradebook, open for as long as it is needed."""
        with without_noise(), Gradebook(self.database, self.course_id) as gradebook:
            yield gradebook

    def settle_late_penalties(self, assignment: str) -> None:
        """Bring penalties into line with due dates, extensions and policy as they are now."""
        with self.gradebook() as gradebook:
            late_policy.settle(gradebook, assignment, self.course.config)

    def rows(self, assignment: str) -> list[Row]:
        """The class table, by student name."""
        with self.gradebook() as gradebook:
            submissions = gradebook.assignment_submissions(assignment)
            return sorted((_row(each) for each in submissions), key=lambda row: row.student)


def _check_timestamp(file: Path) -> None:
    """Raise NbgraderError for one that nbgrader cannot read; its own message has a bug."""
    try:
        if file.is_file() and (text := file.read_text(encoding="utf-8").strip()):
            parse_utc(text)
    except (ValueError, OverflowError):
        example = "2026-10-01 12:00:00 UTC"
        raise NbgraderError(f"{file}: no date; write one like {example}, or delete it") from None


def _reason(log: str) -> str:
    """The exception that nbgrader stumbled over; failing that, its first word."""
    exceptions = re.findall(r"^ {4}(?:\w+\.)*(\w+(?:Error|Exception): .+)", log, re.M)
    return (exceptions[-1:] or log.strip().splitlines()[:1] or ["no reason given"])[0]


def _row(submission: SubmittedAssignment) -> Row:
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return Row(
        submission.student_id,
        submission.score,
        submission.late_submission_penalty,
        submission.max_score,
        sum(grade.needs_manual_grade for grade in grades),
        submission.total_seconds_late,
        {
            g.name: None if g.needs_manual_grade and g.manual_score is None else g.score
            for g in grades
        },
    )


@contextlib.contextmanager
def without_noise() -> Iterator[None]:
    """Silence the warnings that nbgrader provokes in its own dependencies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
