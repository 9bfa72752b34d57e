"""nbgrader's exporter, which reads what it cannot read itself."""

from pathlib import Path
from typing import Any, TextIO

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from traitlets import Bool

from autograder.grading.links import refuse_links
from autograder.grading.repair.reading import read_notebook


class TolerantExporter(NotebookExporter):
    """nbgrader's exporter; where reading fails, our own reader has a try."""

    optimistic_validation = Bool(True)  # once, after the last step: after each it takes long

    def from_file(
        self, file_stream: TextIO, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """The notebook in a file, by nbgrader's reader or by ours. Raises SubmissionError."""
        path = Path(file_stream.name)
        refuse_links(path)
        try:
            notebook = nbformat.read(file_stream, as_version=4)
        except Exception:  # whatever a broken file provokes
            notebook = read_notebook(path)
        return self.from_notebook_node(notebook, resources=resources, **options)
