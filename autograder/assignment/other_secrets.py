"""The same course under other secrets, to see that no verdict rests on luck."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.settings import Course

WORD = "a secret of trials that grades nobody: {:06d}"  # the same ones everywhere


class OtherSecret(Course):
    """A course with a secret that grades nobody, and a build folder of its own."""

    def __init__(self, course: Course, number: int, folder: Path) -> None:
        super().__init__(course.root, course.config)
        self._number, self._folder = number, folder

    @property
    def build(self) -> Path:
        """Where its keys and its evidence are kept."""
        return self._folder

    def secret(self) -> bytes:
        """The secret of this number: it never stands in a file."""
        return WORD.format(self._number).encode()


@contextlib.contextmanager
def other_secrets(course: Course, count: int) -> Iterator[list[Course]]:
    """The course under so many other secrets; what is made under them is deleted at the end."""
    with TemporaryDirectory(prefix="autograder-") as folder:
        yield [OtherSecret(course, n, Path(folder) / str(n)) for n in range(count)]
