"""Links in a submission lead to files that are not the student's, such as keys or others' work."""

import os
from itertools import chain
from pathlib import Path

from autograder.grading.repair.reading import SubmissionError


def links_in(folder: Path) -> list[Path]:
    """Symbolic links anywhere in a folder, to files and to folders, relative to it."""
    found = (Path(root, name) for root, *names in os.walk(folder) for name in chain(*names))
    return sorted(path.relative_to(folder) for path in found if path.is_symlink())


def refuse_links(path: Path) -> None:
    """Raise SubmissionError where a notebook lies in another folder than its student's."""
    if not path.resolve().is_relative_to(path.parents[1].resolve()):
        raise SubmissionError(f"{path}: a link to a file elsewhere")
