"""One run at a time on a course: two would enter the same students, and grade the same files."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from autograder.errors import StoppedError
from autograder.settings import Course


@contextlib.contextmanager
def alone(course: Course, what: str) -> Iterator[None]:
    """Work on a course that no other run works on; the lock ends with the process, however it ends.

    Raises StoppedError, which names the other run.
    """
    course.build.mkdir(exist_ok=True)
    with (course.build / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            running = file.read().strip() or "another run"
            raise StoppedError(f"{running} is at work on this course: wait for its end") from None
        file.truncate(0)
        file.write(f"`{what}`, process {os.getpid()},")
        file.flush()
        yield
