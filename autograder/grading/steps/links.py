"""Links in a submission lead to files that are not the student's, such as keys or others' work.

nbgrader copies what they lead to, and with the feedback it would reach the student.
"""

import os
from itertools import chain
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor


def links_in(folder: Path) -> list[Path]:
    """Symbolic links anywhere in a folder, to files and to folders, relative to it."""
    found = (Path(root, name) for root, *names in os.walk(folder) for name in chain(*names))
    return sorted(path.relative_to(folder) for path in found if path.is_symlink())


class DropLinks(NbGraderPreprocessor):
    """Delete the copies that nbgrader made of what links lead to."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        course, of = CourseDirectory(config=self.config), resources["nbgrader"]
        submitted, autograded = (
            Path(course.format_path(folder, of["student"], of["assignment"]))
            for folder in (course.submitted_directory, course.autograded_directory)
        )
        for link in links_in(submitted):
            (autograded / link).unlink(missing_ok=True)
        return nb, resources
