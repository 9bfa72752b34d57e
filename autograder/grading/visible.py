"""What students' own checks say of a submission, found as grading finds its verdicts."""

import re
from dataclasses import replace

from nbformat import NotebookNode

from autograder.assignment.cells import VISIBLE_KEY, name_of
from autograder.assignment.checks_text import ChecksText
from autograder.assignment.current import StaleError
from autograder.checks.key import VISIBLE_SEEDS, Key, decode
from autograder.grading.repair.reading import read_notebook
from autograder.grading.verify import Verifier
from autograder.settings import Course

UNREADABLE = "a released notebook has no visible key of this version: run `autograder build`"


class VisibleVerifier(Verifier):
    """Judges by the visible cases, their public seeds and the key in the released notebook."""

    def _key(self, course: Course) -> Key:
        return _with_seeds(key_in(read_notebook(course.released(self.source.assignment))))

    def _text(self, exercise: str) -> str:
        return ChecksText(self.source).visible(exercise)


def key_in(released: NotebookNode) -> Key:
    """The visible key that a released notebook holds. Raises StaleError where none can be read."""
    texts = [cell.source for cell in released.cells if name_of(cell) == VISIBLE_KEY]
    keys = re.findall(r'check\.load\("(.*)"\)', "".join(texts))
    try:
        return decode("".join(keys))
    except ValueError:
        raise StaleError(UNREADABLE) from None


def _with_seeds(key: Key) -> Key:
    """The key with the seeds that its cases were drawn with; notebooks need not say them."""
    named = {name: replace(it, seeds=VISIBLE_SEEDS) for name, it in key.exercises.items()}
    return replace(key, exercises=named)
