"""Marks given by hand: settled for as long as what was marked is the same.

nbgrader wants every mark looked at again whenever a submission is graded again, as after a change
of a check that has nothing to do with it. Here what stood in each cell that is graded by hand is
remembered, in `build/marked/`, and only what changed is to be marked again.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import saveautogrades

from autograder.assignment.cells import Kind, name_of
from autograder.course.batch import after_commit
from autograder.course.reports import read_report
from autograder.files import PRIVATE, write_whole
from autograder.grading.steps.by_kind import ForKit, course_of
from autograder.settings import Course

Texts = dict[str, str]  # by exercise or answer, a hash of what the student wrote


class SaveAutoGrades(ForKit, saveautogrades.SaveAutoGrades):
    """nbgrader's step, but that what is as it was stays marked, and what was blank stays blank."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Enter all scores."""
        of = resources["nbgrader"]
        course, place = course_of(self.config), (of["assignment"], of["student"])
        path = _path(course, *place)
        self._before, self._now = read_texts(course, *place), _texts(nb)
        nb, resources = super().preprocess(nb, resources)
        content = json.dumps(self._now)
        after_commit(self.gradebook, lambda: write_whole(path, content, PRIVATE))
        return nb, resources

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        place = (self.notebook_id, self.assignment_id, self.student_id)
        grade = self.gradebook.find_grade(cell.metadata["nbgrader"]["grade_id"], *place)
        needed, score = grade.needs_manual_grade, grade.auto_score
        super()._add_score(cell, resources)
        name = name_of(cell)
        if name is None or not self._is_as_before(name.name):
            return
        if name.kind is Kind.ANSWER and score is not None:
            grade.auto_score = score  # 0: it was blank; the text around it may have changed
        if grade.auto_score == score:
            grade.needs_manual_grade = needed
        self.gradebook.db.commit()

    def _is_as_before(self, name: str) -> bool:
        return bool(self._before) and self._before.get(name) == self._now.get(name)


def _texts(nb: NotebookNode) -> Texts:
    names = ((name_of(cell), cell.source) for cell in nb.cells)
    return {
        name.name: hashlib.sha256(source.encode(errors="surrogatepass")).hexdigest()
        for name, source in names
        if name is not None and name.kind in (Kind.SOLUTION, Kind.ANSWER)
    }


def read_texts(course: Course, assignment: str, student: str) -> Texts:
    """What stood in a student's cells when they were graded last; empty where none were."""
    return read_report(_path(course, assignment, student))


def _path(course: Course, assignment: str, student: str) -> Path:
    return course.build / "marked" / assignment / f"{student}.json"
