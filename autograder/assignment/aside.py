"""Wrong answers are tried where they leave nothing behind."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from autograder.assignment.memory import memory_at_most


@contextlib.contextmanager
def aside(memory: int) -> Iterator[None]:
    """In an empty folder, with so many bytes more; what is printed or warned of is for nobody."""
    with TemporaryDirectory() as folder, contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.redirect_stdout(io.StringIO()), memory_at_most(memory):
            yield
