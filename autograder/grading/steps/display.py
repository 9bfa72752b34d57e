"""What students see of a graded notebook: nothing that is secret, nothing that tells nothing."""

from typing import Any

from nbformat import NotebookNode

from autograder.assignment.cells import Kind, kind_of
from autograder.grading.steps.preprocessors import SCHEME_TAG, KitPreprocessor


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
