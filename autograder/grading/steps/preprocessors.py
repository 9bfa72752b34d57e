"""The glue to nbgrader: preprocessors that `nbgrader_config.py` names.

nbgrader reads a check cell's score off its output, so Verify drops whatever stands there and
writes the verdict's line and number. Nothing that student code prints reaches a score.
"""

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_markdown_cell
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.assignment.source import Cell
from autograder.checks.verdict import Verdict
from autograder.grading.steps.ordinary import ForKit, course_of, folder_of
from autograder.grading.submission import Grader, shared_grader
from autograder.tools.words import count_words

SCHEME_TAG = "marking-scheme"


class KitPreprocessor(ForKit, NbGraderPreprocessor):
    """A step of the kit's own way."""

    def grader(self, resources: dict) -> Grader:
        return shared_grader(course_of(self.config), resources["nbgrader"]["assignment"])


class Repair(KitPreprocessor):
    """Rebuild the submission from the released notebook."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        repaired = self.grader(resources).repair(nb)
        for text in repaired.repairs:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], text)
        return repaired.notebook, resources


class Verify(KitPreprocessor):
    """Execute the student's cells apart, judge the evidence, and write verdicts into check cells.

    Other cells keep the outputs they were handed in with: what students saw, and nothing that ran
    beside a hidden test.
    """

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        # files of the submission are read where they were handed in
        folder = folder_of("submitted", self.config, resources)
        found = self.grader(resources).verdicts(nb, folder)
        verdicts = {verdict.exercise: verdict for verdict in found}
        for cell in nb.cells:
            role = cell.metadata.get("nbgrader", {})
            if role.get("grade") and not role.get("solution"):
                verdict = verdicts[role.grade_id.removeprefix("check-")]
                cell.outputs = _outputs(verdict, self._name_on_leaderboard(verdict, resources))
        return nb, resources

    def _name_on_leaderboard(self, verdict: Verdict, resources: dict) -> str:
        course = course_of(self.config)
        if not verdict.measures or course.leaderboard_names:
            return ""
        return f"  on the leaderboard: {course.pseudonym(resources['nbgrader']['student'])}\n"


def _outputs(verdict: Verdict, more: str) -> list[NotebookNode]:
    """The verdict as people read it, and the number as nbgrader reads it."""
    said = {"output_type": "stream", "name": "stdout", "text": f"{verdict.line}\n{more}"}
    number = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
    number["data"] = {"text/plain": repr(verdict.score)}
    return [from_dict(said), from_dict(number)]


class ShowMarkingSchemes(KitPreprocessor):
    """For graders only: after each written answer, how long it is and how to mark it."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        answers = self.grader(resources).verifier.source.answers
        cells = []
        for cell in nb.cells:
            cells.append(cell)
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("answer-")
            if name in answers:
                cells.append(_scheme(answers[name], cell.source))
        nb.cells = cells
        return nb, resources


def _scheme(answer: Cell, given: str) -> NotebookNode:
    """The author's text for an answer, below the count of words where they are limited."""
    title = f"**Model answer and marking scheme for {answer.name}** (never shown to students)"
    lines = [title, "", *answer.source.split("\n")]
    if answer.words:
        lines = [f"**{count_words(given)} of at most {answer.words} words**", "", *lines]
    source = "\n".join(f"> {line}" for line in lines)
    return new_markdown_cell(source, id=f"scheme-{answer.name}", metadata={"tags": [SCHEME_TAG]})
