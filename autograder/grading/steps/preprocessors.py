"""The glue to nbgrader: preprocessors that `nbgrader_config.py` names.

nbgrader reads a check cell's score off its output, so Verify drops whatever stands there and
writes the verdict's line and number. Nothing that student code prints reaches a score.
"""

from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.checks.verdict import Verdict
from autograder.grading.steps.ordinary import ForKit, course_of
from autograder.grading.submission import Grader, shared_grader

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
        found = self.grader(resources).verdicts(nb, self._submitted(resources))
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

    def _submitted(self, resources: dict) -> Path:
        """The folder of the submission: what stands there is read where it was handed in."""
        course, of = CourseDirectory(config=self.config), resources["nbgrader"]
        return Path(course.format_path(course.submitted_directory, of["student"], of["assignment"]))


def _outputs(verdict: Verdict, more: str) -> list[NotebookNode]:
    """The verdict as people read it, and the number as nbgrader reads it."""
    said = new_output("stream", name="stdout", text=f"{verdict.line}\n{more}")
    number = new_output(
        "execute_result", data={"text/plain": repr(verdict.score)}, execution_count=1
    )
    return [said, number]


class ShowMarkingSchemes(KitPreprocessor):
    """For graders only: after each written answer, its model answer and marking scheme."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        answers = self.grader(resources).verifier.source.answers
        cells = []
        for cell in nb.cells:
            cells.append(cell)
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("answer-")
            if name in answers:
                cells.append(_scheme(name, answers[name].source))
        nb.cells = cells
        return nb, resources


def _scheme(name: str, text: str) -> NotebookNode:
    quoted = "\n".join(f"> {line}" for line in text.split("\n"))
    source = (
        f"> **Model answer and marking scheme for {name}** (never shown to students)\n>\n{quoted}"
    )
    return new_markdown_cell(source, id=f"scheme-{name}", metadata={"tags": [SCHEME_TAG]})
