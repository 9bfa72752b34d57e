"""nbgrader copies what links lead to, and with the feedback it would reach the student."""

from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.grading.links import links_in
from autograder.grading.steps.by_kind import folder_of


class DropLinks(NbGraderPreprocessor):
    """Delete the copies that nbgrader made of what links lead to."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Delete copies of what links lead to."""
        copies = folder_of("autograded", self.config, resources)
        for link in links_in(folder_of("submitted", self.config, resources)):
            (copies / link).unlink(missing_ok=True)
        return nb, resources
