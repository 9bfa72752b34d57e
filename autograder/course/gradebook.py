"""nbgrader as a library: release, autograde, and what the gradebook then says."""

import contextlib
import copy
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import temp_attrs
from sqlalchemy.exc import IntegrityError

from autograder.course import late_policy
from autograder.course.apart import AutogradeApart, Autograded
from autograder.course.batch import OpenGradebook
from autograder.course.entering import enter
from autograder.course.group_marks import share_marks
from autograder.course.marks import Marked
from autograder.course.migration import Migration
from autograder.course.rows import Row, row_of
from autograder.course.standing import standings
from autograder.course.trouble import (
    NbgraderError,
    catching,
    patient,
    reason,
    stopping,
    without_noise,
)
from autograder.grading.pages.grades import Grades
from autograder.grading.repair.reading import SubmissionError, read_notebook
from autograder.grading.submission import Submission
from autograder.settings import Course


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
        self.api.coursedir.db_url = patient(self.api.coursedir.db_url)

    @property
    def database(self) -> str:
        """The address of the gradebook."""
        return self.api.coursedir.db_url

    @property
    def course_id(self) -> str:
        """The course's name in the gradebook."""
        return self.course.config.CourseDirectory.course_id

    def release(
        self, assignment: str, due: datetime | None = None, *, discard_marks: bool = False
    ) -> None:
        """Enter a built assignment in the gradebook. Raises NbgraderError, MarksError.

        nbgrader deletes the released folder before it writes the same notebook again; a run killed
        between the two would lose it, so that here it works on a folder of its own.
        """
        self._migrate(assignment, discard_marks)
        if due is not None:
            with self.gradebook() as gradebook:
                gradebook.update_or_create_assignment(assignment, duedate=due)
        course = self.api.coursedir
        with TemporaryDirectory() as scratch, temp_attrs(course, release_directory=scratch):
            self._call(self.api.generate_assignment, assignment)

    def _migrate(self, assignment: str, discard_marks: bool) -> None:
        """Make room for the released notebook where submissions were graded, or change nothing."""
        with self._at_work():
            migration = Migration(self._open_gradebook, assignment, self._released(assignment))
            if not discard_marks:
                migration.refuse_loss()
            migration.apply()

    def changes(
        self, assignment: str, released: NotebookNode, *, discard_marks: bool = False
    ) -> list[str]:
        """What a release would change for those who were graded. Raises MarksError."""
        with self.gradebook() as gradebook:
            migration = Migration(gradebook, assignment, released)
            if not discard_marks:
                migration.refuse_loss()
            return list(migration.told())

    def is_released(self, assignment: str) -> bool:
        """Whether the gradebook holds the cells and points of the released notebook.

        Raises NbgraderError where it does not, and submissions were graded.
        """
        if not self.course.released(assignment).is_file():
            return False
        with self.gradebook() as gradebook:
            migration = Migration(gradebook, assignment, self._released(assignment))
            if migration.is_needed and migration.has_grades:
                raise NbgraderError(
                    f"notebooks/{assignment} has other cells or points than the gradebook: run "
                    f"`autograder release {assignment}`, which says what that changes"
                )
            return not migration.is_needed

    def _released(self, assignment: str) -> NotebookNode:
        try:
            return read_notebook(self.course.released(assignment))
        except SubmissionError as error:
            raise NbgraderError(f"{error}: run `autograder release {assignment}`") from None

    def auto_scores(self, assignment: str) -> dict[str, dict[str, float | None]]:
        """What a machine gave, by student and cell."""
        with self.gradebook() as gradebook:
            query = gradebook.db.query(
                SubmittedAssignment.student_id, BaseCell.name, Grade.auto_score
            )
            for joined, on in (
                (Assignment, Assignment.id == SubmittedAssignment.assignment_id),
                (SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id),
                (Grade, Grade.notebook_id == SubmittedNotebook.id),
                (BaseCell, BaseCell.id == Grade.cell_id),
            ):
                query = query.join(joined, on)
            found: dict[str, dict[str, float | None]] = {}
            for student, cell, score in query.filter(Assignment.name == assignment):
                found.setdefault(student, {})[cell] = score
        return found

    def kernelspec(self, assignment: str) -> str | None:
        """The released notebook's, as JSON."""
        with self.gradebook() as gradebook:
            return cast(str | None, gradebook.find_notebook(assignment, assignment).kernelspec)

    def autograde(
        self, assignment: str, student: str, submission: Submission, kernelspec: str | None
    ) -> Autograded:
        """Write a student's autograded notebook; what the gradebook is to be told.

        Raises NbgraderError, StoppedError.
        """
        whose = temp_attrs(self.api.coursedir, assignment_id=assignment, student_id=student)
        with without_noise(), stopping(), whose:
            return self._apart.autograde(submission, kernelspec)

    @cached_property
    def _apart(self) -> AutogradeApart:
        return AutogradeApart(coursedir=self.api.coursedir, parent=self.api, force=True)

    def enter(self, assignment: str, found: Mapping[str, Autograded]) -> None:
        """Enter what was found of some students' submissions. Raises StoppedError."""
        try:
            self._enter(assignment, found)
        except IntegrityError:
            self._enter(assignment, found)  # another program entered the same meanwhile

    def _enter(self, assignment: str, found: Mapping[str, Autograded]) -> None:
        with self._at_work():
            submissions = enter(self._open_gradebook, self.course, assignment, found)
            late_policy.settle_each(submissions, assignment, self.course.config)
        with without_noise(), stopping():
            late_policy.ask_plugin(self.database, assignment, found, self.course.config)
        for student, autograded in found.items():
            Marked(self.course, assignment, student).keep(autograded.scores.texts)

    def standings(self, assignment: str, students: list[str]) -> dict[str, Grades]:
        """What some students' pages show of their grades, by student.

        Raises StoppedError, SettingsError.
        """
        with self._at_work():
            return standings(self._open_gradebook, assignment, students, self.api.config)

    @cached_property
    def _open_gradebook(self) -> OpenGradebook:
        return OpenGradebook(self.database, self.course_id)

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        """Inside, the gradebook that stays open is changed, whole or not at all."""
        with without_noise(), stopping(), self._open_gradebook.at_work():
            yield

    def _call(self, action: Callable[..., dict[str, Any]], *arguments: str) -> None:
        """Raises NbgraderError, StoppedError."""
        with without_noise(), stopping(), catching(self.api.log) as caught:
            result = action(*arguments)
            if not result["success"]:
                said = result.get("log") or result.get("error") or ""
                raise NbgraderError(reason(caught.error, said)) from caught.error

    def submitted(self, assignment: str) -> dict[str, Path]:
        """By student, where the notebook is or should be that nbgrader will look for."""
        root = self.folder("+", "+").parent.parent
        folders = [s / assignment for s in sorted(root.glob("*")) if _is_there(s / assignment)]
        return {folder.parent.name: folder / f"{assignment}.ipynb" for folder in folders}

    def folder(self, assignment: str, student: str) -> Path:
        """Where a student's submission is, or would be."""
        course = self.api.coursedir
        return Path(course.format_path(course.submitted_directory, student, assignment))

    def autograded(self, assignment: str, student: str) -> Path:
        """Where nbgrader puts a student's autograded notebook."""
        course = self.api.coursedir
        folder = course.format_path(course.autograded_directory, student, assignment)
        return Path(folder) / f"{assignment}.ipynb"

    def feedback_pages(self, assignment: str) -> dict[str, list[Path]]:
        """By student, the pages of feedback that there are."""
        course = self.api.coursedir
        folder = Path(course.format_path(course.feedback_directory, "+", assignment))
        found = folder.parent.parent.glob(f"*/{assignment}")
        return {each.parent.name: pages for each in found if (pages := sorted(each.glob("*.html")))}

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """The gradebook, open for as long as it is needed. Raises StoppedError."""
        with without_noise(), stopping(), Gradebook(self.database, self.course_id) as gradebook:
            yield gradebook

    def settle_late_penalties(self, assignment: str) -> None:
        """Bring penalties, extensions and groups' marks into line with what is said now."""
        with self.gradebook() as gradebook:
            share_marks(gradebook, self.course, assignment)
            late_policy.settle(gradebook, assignment, self.course.config)

    def graded(self) -> list[str]:
        """Assignments that somebody has handed in, by name."""
        with self.gradebook() as gradebook:
            return sorted(each.name for each in gradebook.assignments if each.num_submissions)

    def rows(self, assignment: str) -> list[Row]:
        """The class table, by student name. Raises SettingsError."""
        with self.gradebook() as gradebook:
            found = standings(gradebook, assignment, None, self.api.config)
        return [row_of(found[student]) for student in sorted(found)]


def _is_there(folder: Path) -> bool:
    """Whether there is a folder, even one that may not be looked at: reading it says so."""
    try:
        folder.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True
