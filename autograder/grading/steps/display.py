"""What people see of a graded notebook: harmless in a browser, and to students nothing secret."""

from typing import Any

from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from traitlets import Bool, List, Unicode

from autograder.assignment.cells import Kind, kind_of
from autograder.grading.steps.by_kind import ForKit
from autograder.grading.steps.preprocessors import SCHEME_TAG, KitPreprocessor

HARMLESS_TAGS = ("b", "br", "em", "i", "p", "strong", "sub", "sup", "details", "summary")
TABLES = ("table", "thead", "tbody", "tr", "th", "td", "caption")
TEXT = ("code", "pre", "span", "div", "blockquote", "ul", "ol", "li", "h1", "h2", "h3", "h4")


class Sanitize(ForKit, SanitizeHTML):
    """Take out of students' texts and outputs whatever a browser would execute or load.

    Graders and students open these pages in browsers that are logged in elsewhere.
    """

    enabled = Bool(True).tag(config=True)
    tags = List(Unicode(), [*HARMLESS_TAGS, *TABLES, *TEXT]).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Sanitize what is the student's."""
        ours = self.released_texts(resources)
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code" or cell.source not in ours:
                self.preprocess_cell(cell, resources, index)
        return nb, resources

    def released_texts(self, resources: dict[str, Any]) -> set[str]:
        """Texts that are the course's own, and may use what they like."""
        grader = KitPreprocessor(config=self.config).grader(resources)
        return {cell.source for cell in grader.released.cells}


class HideFromStudents(KitPreprocessor):
    """Before feedback: take out the marking schemes, and cells that tell students nothing."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Take out what is not for students."""
        nb.cells = [cell for cell in nb.cells if not _hidden(cell)]
        return nb, resources


def _hidden(cell: NotebookNode) -> bool:
    folded = kind_of(cell) in (Kind.COURSE, Kind.CASES)
    return folded or SCHEME_TAG in cell.metadata.get("tags", [])
