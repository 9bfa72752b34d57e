"""Assignments of two kinds in one configuration: the kit's own, and ordinary nbgrader ones.

An assignment with a source under solutions/ is the kit's. Every step that `nbgrader_config.py`
takes from here or from `preprocessors` is for one kind and lets the other pass; together, ordinary
assignments see exactly the steps, in the order, that nbgrader has by default.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import ValidationError
from nbgrader.nbgraderformat.common import SchemaMismatchError
from traitlets.config import Config

from autograder.settings import Course


def course_of(config: Config) -> Course:
    """The course whose configuration reached an nbgrader step."""
    return Course(Path(config.CourseDirectory.root), config)


def folder_of(kind: str, config: Config, resources: dict[str, Any]) -> Path:
    """The folder of a submission, "submitted" or "autograded"."""
    course, of = CourseDirectory(config=config), resources["nbgrader"]
    root = getattr(course, f"{kind}_directory")
    return Path(course.format_path(root, of["student"], of["assignment"]))


class _Selective(preprocessors.NbGraderPreprocessor):
    """A step for the assignments of one kind."""

    config: Config
    for_kit: bool

    @cached_property
    def course(self) -> Course:
        """The course of all submissions that come to this step."""
        return course_of(self.config)

    def __call__(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        is_kit = self.course.is_own(resources["nbgrader"]["assignment"])
        return super().__call__(nb, resources) if is_kit == self.for_kit else (nb, resources)


class ForKit(_Selective):
    """A step for the kit's own assignments."""

    for_kit = True


class ForOrdinary(_Selective):
    """A step for ordinary nbgrader assignments."""

    for_kit = False


class CheckCellMetadata(ForOrdinary, preprocessors.CheckCellMetadata):
    """The kit takes all metadata from the released notebook."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Refuse a notebook with wrong metadata, of another version of their format too.

        nbgrader takes such a version for the course's, and stops with the class half graded.
        """
        try:
            return super().preprocess(nb, resources)
        except SchemaMismatchError as error:
            raise ValidationError(f"the nbgrader metadata may be corrupted: {error}") from None


class ClearOutput(ForOrdinary, preprocessors.ClearOutput):
    """The kit keeps what students saw."""


class DeduplicateIds(ForOrdinary, preprocessors.DeduplicateIds):
    """The kit's repair does this."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave nothing of nbgrader's in a cell that was duplicated.

        nbgrader leaves an empty table, which it then takes for the format of an older version.
        """
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if not cell.metadata.get("nbgrader", True):
            del cell.metadata["nbgrader"]
        return cell, resources


class Execute(ForOrdinary, preprocessors.Execute):
    """The kit executes apart from the notebook."""


class OverwriteCells(ForOrdinary, preprocessors.OverwriteCells):
    """The kit's repair does this, from the released notebook."""


class SaveAutoGrades(ForOrdinary, preprocessors.SaveAutoGrades):
    """The kit's also knows what was marked by hand, and is the same."""


class InstantiateTests(ForOrdinary, preprocessors.InstantiateTests):
    """The kit makes its tests from the reference."""


class ClearHiddenTests(ForKit, preprocessors.ClearHiddenTests):
    """The kit's hidden tests go before anything is saved in the gradebook."""


class ClearMarkScheme(ForKit, preprocessors.ClearMarkScheme):
    """The kit's marking schemes go before anything is saved in the gradebook."""
