"""What nbgrader copies and must not: what links lead to, and pages that a browser would run.

With the feedback, the first would reach the student; the formgrader serves the second beside its
own pages, to a browser that is logged in.
"""

import mimetypes
from pathlib import Path
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


class DropPages(NbGraderPreprocessor):
    """Delete the copies that nbgrader made of HTML, SVG and other XML, when nothing reads them."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Delete copies of pages."""
        for copy in folder_of("autograded", self.config, resources).rglob("*"):
            if copy.is_file() and _is_page(copy):
                copy.unlink()
        return nb, resources


def _is_page(file: Path) -> bool:
    kind, _ = mimetypes.guess_type(file.name)
    return kind is not None and kind.endswith(("html", "xml"))
