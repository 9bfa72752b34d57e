"""nbgrader's Autograde on one submission after the other, without the gradebook.

It copies a submission's files, runs the steps of `nbgrader_config.py` and writes the autograded
notebook, all made once for a whole class. What its steps would enter in the gradebook comes back
as plain data, so that any process can do the work.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack, chdir
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from nbconvert.writers import FilesWriter
from nbformat import NotebookNode
from nbformat.validator import get_validator
from nbgrader import utils
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde, NbGraderException, autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import overwritekernelspec

from autograder.course import marks
from autograder.course.late_policy import AssignLatePenalties
from autograder.course.marks import Scores, scores_of
from autograder.course.trouble import NbgraderError, catching, reason
from autograder.grading.submission import Submission

Step = Callable[[NotebookNode, dict[str, Any]], tuple[NotebookNode, dict[str, Any]]]


@dataclass(frozen=True)
class Autograded:
    """What the gradebook is to be told of a submission whose notebook stands in its place."""

    timestamp: datetime | None
    scores: Scores


class AutogradeApart(Autograde):
    """nbgrader's converter, on submissions that are in memory."""

    def autograde(self, submission: Submission, kernelspec: str | None) -> Autograded:
        """Grade one; the course directory's settings say whose. Raises NbgraderError.

        `kernelspec` is the released notebook's, as JSON.
        """
        self._submission, gradebook = submission, _NoGradebook(kernelspec)
        with ExitStack() as inside:
            for module in (autograde, overwritekernelspec):
                inside.enter_context(patch.object(module, "Gradebook", lambda *_: gradebook))
            caught = inside.enter_context(catching(self.log))
            try:
                self.start()
            except NbGraderException as error:
                raise NbgraderError(reason(caught.error, str(error))) from caught.error
        return Autograded(gradebook.timestamp, self._scores)

    def start(self) -> None:
        """Convert what the course directory's settings name."""
        _check_timestamp(self.coursedir)
        self.init_notebooks()
        with chdir(self.coursedir.root):
            self.convert_notebooks()

    @cached_property
    def writer(self) -> FilesWriter:
        """What writes files."""
        return FilesWriter(parent=self, config=self.config)

    @cached_property
    def exporter(self) -> Any:
        """What holds the steps."""
        exporter = self.exporter_class(parent=self, config=self.config)
        exporter._preprocessors = []
        for step in (*self.sanitize_preprocessors, *self.autograde_preprocessors):
            exporter.register_preprocessor(step)
        return exporter

    @cached_property
    def steps(self) -> list[Step]:
        """All of them, but those that only the gradebook can answer."""
        found = self.exporter._preprocessors
        kept = [step for step in found if type(step) is not AssignLatePenalties]
        return [self._note if type(step) is marks.SaveAutoGrades else step for step in kept]

    def _note(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """What stands in for entering the scores."""
        self._scores = scores_of(nb)
        return nb, resources

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Run all steps on the notebook in memory, in one pass, and write what comes of it."""
        resources = self.init_single_notebook_resources(notebook_filename)
        resources["metadata"] = {"name": resources["unique_key"]}
        nb = self._submission.notebook
        with utils.setenv(NBGRADER_EXECUTION="autograde"):
            for step in self.steps:
                nb, resources = step(nb, resources)
        get_validator(nb.nbformat, nb.nbformat_minor, name="fastjsonschema").validate(nb)
        self.writer.build_directory = ""  # it makes a folder only when it is told of another one
        self.write_single_notebook(as_text(nb), {**resources, "output_extension": ".ipynb"})


def _check_timestamp(course: CourseDirectory) -> None:
    """Raise NbgraderError for one that nbgrader cannot read; its own message has a bug."""
    of = course.submitted_directory, course.student_id, course.assignment_id
    file = Path(course.format_path(*of)) / "timestamp.txt"
    try:
        if file.is_file() and (text := file.read_text(encoding="utf-8").strip()):
            utils.parse_utc(text)
    except (ValueError, OverflowError):
        example = "2026-10-01 12:00:00 UTC"
        raise NbgraderError(f"{file}: no date; write one like {example}, or delete it") from None


def as_text(nb: NotebookNode) -> str:
    """A notebook as JSON, a cell on each line: indenting takes ten times as long."""
    head = {key: value for key, value in nb.items() if key != "cells"}
    cells = ",\n".join(_line(cell) for cell in nb.cells)
    return f'{{"cells": [\n{cells}\n],\n{_line(head)[1:]}\n'


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


class _NoGradebook:
    """What Autograde asks of a gradebook besides its steps; it notes when work was handed in."""

    def __init__(self, kernelspec: str | None) -> None:
        self.timestamp: datetime | None = None
        self._kernelspec = kernelspec

    def __enter__(self) -> "_NoGradebook":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update_or_create_student(self, *_: str) -> None:
        """Entered later."""

    def find_assignment(self, name: str) -> Any:
        """It is there: its release was looked at before."""
        return SimpleNamespace(notebooks=[])

    def update_or_create_submission(
        self, *_: str, timestamp: datetime | None = None
    ) -> SimpleNamespace:
        """Entered later, and late or not."""
        self.timestamp = timestamp
        return SimpleNamespace(total_seconds_late=0)

    def find_notebook(self, name: str, assignment: str) -> SimpleNamespace:
        """The one that was released. Raises MissingEntry for all others."""
        if name != assignment:
            raise MissingEntry(f"no notebook {name}")
        return SimpleNamespace(kernelspec=self._kernelspec)
