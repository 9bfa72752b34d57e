"""nbgrader on hundreds of submissions: what it repeats for each of them is done once."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import nbgrader.apps.api
from nbgrader import utils
from nbgrader.api import BaseCell, Comment, Grade, Gradebook
from nbgrader.converters import Autograde, autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.preprocessors import latesubmissions, overwritekernelspec, saveautogrades

USERS = (autograde, latesubmissions, overwritekernelspec, saveautogrades)


class OnePass(Autograde):
    """Autograde with all of its steps in one pass: it reads, checks and writes everything twice."""

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Run all steps on a notebook, one after the other."""
        self.exporter._preprocessors = []
        for step in (*self.sanitize_preprocessors, *self.autograde_preprocessors):
            self.exporter.register_preprocessor(step)
        with utils.setenv(NBGRADER_EXECUTION="autograde"):
            BaseConverter.convert_single_notebook(self, notebook_filename)


class OpenGradebook(Gradebook):
    """A gradebook that stays open, and commits once: nbgrader opens ten for each submission.

    With every new one, all queries are compiled and all tables looked for again, and after every
    cell it waits for the disk.
    """

    def __init__(self, db_url: str, course_id: str) -> None:
        super().__init__(db_url, course_id)
        sessions: Any = self.db
        self.db: Any = sessions()  # one session instead of one for each thread
        self._commit, self.db.commit = self.db.commit, lambda: None
        self._by_name: dict[tuple[object, ...], dict[str, Any]] = {}
        self.afterwards: list[Callable[[], None]] = []

    def close(self) -> None:
        """Stay open."""

    def finish(self) -> None:
        """Commit, do what waits for it, and forget what others may change meanwhile."""
        self._commit()
        for action in self.afterwards:
            action()
        self.drop()

    def drop(self) -> None:
        """Forget all changes since the last commit, and let go of the database."""
        self._by_name.clear()
        self.afterwards.clear()
        self.db.close()
        self.engine.dispose()

    def find_grade(self, grade_cell: str, notebook: str, assignment: str, student: str) -> Grade:
        """As nbgrader's, with one query for all cells of a notebook."""
        return self._find(Grade, grade_cell, notebook, assignment, student) or super().find_grade(
            grade_cell, notebook, assignment, student
        )

    def find_comment(
        self, solution_cell: str, notebook: str, assignment: str, student: str
    ) -> Comment:
        """As nbgrader's, with one query for all cells of a notebook."""
        return self._find(
            Comment, solution_cell, notebook, assignment, student
        ) or super().find_comment(solution_cell, notebook, assignment, student)

    def _find(self, kind: Any, cell: str, *place: str) -> Grade | Comment | None:
        if (kind, place) not in self._by_name:
            submitted = self.find_submission_notebook(*place)
            rows = (
                self.db.query(BaseCell.name, kind)
                .join(kind, kind.cell_id == BaseCell.id)
                .filter(kind.notebook_id == submitted.id)
            )
            self._by_name[kind, place] = dict(rows.all())
        return self._by_name[kind, place].get(cell)


def after_commit(gradebook: Gradebook, action: Callable[[], None]) -> None:
    """Do something as soon as what a step entered is committed."""
    if isinstance(gradebook, OpenGradebook):
        gradebook.afterwards.append(action)
    else:
        action()


@contextlib.contextmanager
def in_batch(gradebook: OpenGradebook) -> Iterator[None]:
    """Inside, nbgrader works on this one gradebook, committed at the end or not at all."""
    with contextlib.ExitStack() as patches:
        patches.enter_context(patch.object(nbgrader.apps.api, "Autograde", OnePass))
        for module in USERS:
            patches.enter_context(patch.object(module, "Gradebook", lambda *_: gradebook))
        try:
            yield
            gradebook.finish()
        except BaseException:
            gradebook.drop()
            raise
