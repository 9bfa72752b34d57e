"""Marks of machines, and those given by hand: settled for as long as what was marked is the same.

nbgrader wants every mark looked at again whenever a submission is graded again, as after a change
of a check that has nothing to do with it. Here what stood in each cell that is graded by hand is
remembered, in `build/marked/`, and only what changed is to be marked again.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Comment, Grade, Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.assignment.cells import CellName, Kind, name_of, named
from autograder.course.reports import read_report
from autograder.files import PRIVATE, write_whole
from autograder.grading.steps.by_kind import ForKit
from autograder.settings import Course

Texts = Mapping[str, str]  # by exercise or answer, a hash of what the student wrote


@dataclass(frozen=True)
class Scores:
    """What an autograded notebook says of its cells, by grade id, and what stood in them."""

    points: Mapping[str, float | None]  # none where a person gives them
    comments: Mapping[str, str | None]
    texts: Texts

    def enter(
        self, grades: Mapping[str, Grade], comments: Mapping[str, Comment], before: Texts
    ) -> None:
        """Put them into a submission's rows, by grade id; `before` is what stood in its cells.

        What is as it was stays marked, and what was blank stays blank.
        """
        for grade_id, points in self.points.items():
            self._enter_points(grades[grade_id], points, named(grade_id), before)
        for grade_id, comment in self.comments.items():
            comments[grade_id].auto_comment = comment

    def _enter_points(
        self, grade: Grade, points: float | None, name: CellName | None, before: Texts
    ) -> None:
        needed, score = grade.needs_manual_grade, grade.auto_score
        grade.auto_score = points
        grade.needs_manual_grade = grade.manual_score is not None or points is None
        if name is None or not before or before.get(name.name) != self.texts.get(name.name):
            return
        if name.kind is Kind.ANSWER and score is not None:
            grade.auto_score = score  # 0: it was blank; the text around it may have changed
        if grade.auto_score == score:
            grade.needs_manual_grade = needed


def scores_of(nb: NotebookNode) -> Scores:
    """As nbgrader reads them off an autograded notebook."""
    graded = [cell for cell in nb.cells if utils.is_grade(cell)]
    written = [cell for cell in nb.cells if utils.is_solution(cell) or utils.is_task(cell)]
    return Scores(
        {_grade_id(cell): utils.determine_grade(cell)[0] for cell in graded},
        {_grade_id(cell): _comment(cell) for cell in written},
        _texts(nb),
    )


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata["nbgrader"]["grade_id"])


def _comment(cell: NotebookNode) -> str | None:
    """nbgrader's own, where nothing was written."""
    is_blank = cell.metadata["nbgrader"].get("checksum") == utils.compute_checksum(cell)
    return "No response." if is_blank and not utils.is_task(cell) else None


class SaveAutoGrades(ForKit, NbGraderPreprocessor):
    """Enter what an autograded notebook says, as nbgrader's step of this name."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Enter all scores."""
        of, scores = resources["nbgrader"], scores_of(nb)
        marked = Marked(self.course, of["assignment"], of["student"])
        course_id = self.course.config.CourseDirectory.course_id
        with Gradebook(of["db_url"], course_id) as gradebook:
            found = gradebook.find_submission_notebook(
                of["notebook"], of["assignment"], of["student"]
            )
            grades = {grade.name: grade for grade in found.grades}
            comments = {comment.name: comment for comment in found.comments}
            scores.enter(grades, comments, marked.texts)
            gradebook.db.commit()
        marked.keep(scores.texts)
        return nb, resources


class Marked:
    """What stood in a student's cells when they were entered last; kept after the gradebook is."""

    def __init__(self, course: Course, assignment: str, student: str) -> None:
        self._path = course.build / "marked" / assignment / f"{student}.json"

    @property
    def texts(self) -> Texts:
        """Empty where nothing is known."""
        return read_report(self._path)

    def keep(self, texts: Texts) -> None:
        """Replace them."""
        write_whole(self._path, json.dumps(texts), PRIVATE)


def _texts(nb: NotebookNode) -> Texts:
    names = ((name_of(cell), cell.source) for cell in nb.cells)
    return {
        name.name: hashlib.sha256(source.encode(errors="surrogatepass")).hexdigest()
        for name, source in names
        if name is not None and name.kind in (Kind.SOLUTION, Kind.ANSWER)
    }
