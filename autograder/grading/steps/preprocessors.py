"""The glue to nbgrader: preprocessors that `nbgrader_config.py` names.

nbgrader reads a check cell's score off its output, so Verify drops whatever stands there and
writes the verdict's line and number. Nothing that student code prints reaches a score. The same
words are kept for the student's page.
"""

from typing import Any

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_markdown_cell
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.assignment.cells import Kind, name_of
from autograder.assignment.source import Cell
from autograder.checks.evidence import printable
from autograder.checks.verdict import Verdict
from autograder.grading.record import Record, Said
from autograder.grading.repair.copies import copied
from autograder.grading.steps.by_kind import ForKit, folder_of
from autograder.grading.submission import Grader, Submission, handed_in, shared_grader
from autograder.tools.words import count_words

SCHEME_TAG = "marking-scheme"


class KitPreprocessor(ForKit, NbGraderPreprocessor):
    """A step of the kit's own way."""

    def grader(self, resources: dict[str, Any]) -> Grader:
        """The assignment's grader."""
        return shared_grader(self.course, resources["nbgrader"]["assignment"])

    def submission(self, resources: dict[str, Any]) -> Submission:
        """What the student handed in: files are read where they lie, and not nbgrader's copies."""
        folder = folder_of("submitted", self.config, resources)
        name = resources["nbgrader"]["notebook"]
        return handed_in(self.grader(resources), folder / f"{name}.ipynb")


class Repair(KitPreprocessor):
    """Rebuild the submission from the released notebook."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Put the repaired notebook in the place of the submitted one."""
        repaired = self.submission(resources).repaired
        for text in repaired.repairs:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], printable(text))
        return copied(repaired.notebook), resources


class Verify(KitPreprocessor):
    """Execute the student's cells apart, judge the evidence, and write verdicts into check cells.

    Other cells keep the outputs they were handed in with: what students saw, and nothing that ran
    beside a hidden test.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Write a verdict into every check cell, and below those that failed where they did."""
        submission = self.submission(resources)
        verdicts = {each.exercise: each for each in submission.verdicts}
        failed = submission.failed_cells
        for cell in nb.cells:
            if cell.get("id") in failed:
                cell.outputs.append(_stream("stderr", f"while grading: {failed[cell.id]}\n"))
            name = name_of(cell)
            if name is not None and name.kind is Kind.CHECK:
                cell.outputs = _outputs(verdicts[name.name])
        said = {name: self._said(verdict, resources) for name, verdict in verdicts.items()}
        Record(said, tuple(submission.graded.for_students)).keep(nb)
        return nb, resources

    def _said(self, verdict: Verdict, resources: dict[str, Any]) -> Said:
        name = ""
        if verdict.measures and not self.course.leaderboard_names:
            name = self.course.pseudonym(resources["nbgrader"]["student"])
        return Said(verdict.passed, verdict.feedback, verdict.diagnosis, name)


def _outputs(verdict: Verdict) -> list[NotebookNode]:
    """The verdict as people read it, and the number as nbgrader reads it."""
    number = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
    number["data"] = {"text/plain": repr(verdict.score)}
    return [_stream("stdout", f"{verdict.line}\n"), from_dict(number)]


def _stream(name: str, text: str) -> NotebookNode:
    return from_dict({"output_type": "stream", "name": name, "text": text})


class ShowMarkingSchemes(KitPreprocessor):
    """For graders only: after each written answer, how long it is and how to mark it."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Put a scheme behind every written answer."""
        answers = self.grader(resources).verifier.source.answers
        cells = []
        for cell in nb.cells:
            cells.append(cell)
            name = name_of(cell)
            if name is not None and name.kind is Kind.ANSWER:
                cells.append(_scheme(answers[name.name], cell.source))
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
