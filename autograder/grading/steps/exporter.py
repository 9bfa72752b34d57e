"""nbgrader's exporters: one reads what it cannot read itself, one writes feedback for many."""

from pathlib import Path
from types import CodeType
from typing import Any, TextIO

import nbformat
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from nbconvert.exporters import HTMLExporter, NotebookExporter
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


class FeedbackExporter(HTMLExporter):
    """nbgrader's exporter; it compiles its templates once, and not for every student."""

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.bytecode_cache = _TEMPLATES
        return environment


class _InMemory(BytecodeCache):
    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if found := self._compiled.get((bucket.key, bucket.checksum)):
            bucket.code = found

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._compiled[bucket.key, bucket.checksum] = bucket.code


_TEMPLATES = _InMemory()
