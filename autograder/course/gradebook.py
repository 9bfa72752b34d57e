"""nbgrader as a library: release, autograde, feedback, and what the gradebook then says."""

import contextlib
import copy
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import nbformat
import nbgrader.api
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import temp_attrs

from autograder.settings import Course


class NbgraderError(Exception):
    """nbgrader could not do something; the message is its own last word."""


@dataclass(frozen=True)
class Row:
    """One student's line in the class table; scores in points, lateness in seconds."""

    student: str
    score: float
    max_score: float
    to_grade_by_hand: int
    seconds_late: float
    cells: dict[str, float | None]


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
        with _without_noise():
            self.api = NbGraderAPI(config=config)
        self.api.log_level = logging.ERROR

    @property
    def database(self) -> str:
        return self.api.coursedir.db_url

    def release(self, assignment: str, due: datetime | None = None) -> None:
        """Enter a built assignment in the gradebook.

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
        self._call(self.api.autograde, assignment, student)

    def feedback(self, assignment: str, student: str) -> None:
        self._call(self.api.generate_feedback, assignment, student)

    def _call(self, action: Callable[..., dict], *arguments: str) -> None:
        with _without_noise(), _one_engine():
            result = action(*arguments)
        if not result["success"]:
            said = (result.get("log") or result.get("error") or "no reason given").strip()
            raise NbgraderError(said.splitlines()[-1])

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
        course_id = self.course.config.CourseDirectory.course_id
        with _without_noise(), Gradebook(self.database, course_id) as gradebook:
            yield gradebook

    def rows(self, assignment: str) -> list[Row]:
        """The class table, by student name."""
        with self.gradebook() as gradebook:
            submissions = gradebook.assignment_submissions(assignment)
            return sorted((_row(each) for each in submissions), key=lambda row: row.student)


def _row(submission) -> Row:
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return Row(
        submission.student_id,
        submission.score,
        submission.max_score,
        sum(grade.needs_manual_grade for grade in grades),
        submission.total_seconds_late,
        {
            g.name: None if g.needs_manual_grade and g.manual_score is None else g.score
            for g in grades
        },
    )


def _one_engine() -> AbstractContextManager:
    """One database engine for all that nbgrader does: it makes ten for each submission otherwise.

    With every new engine, the same queries are compiled again.
    """
    return patch.object(nbgrader.api, "create_engine", _engine)


_engine = cache(nbgrader.api.create_engine)


@contextlib.contextmanager
def _without_noise() -> Iterator[None]:
    """Silence the warnings that nbgrader provokes in its own dependencies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
