"""What keeps a whole run from going on, the gradebook or the disk, and what to do about it."""

import contextlib
import errno
import logging
import re
import sys
import warnings
from collections.abc import Iterator

from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
)

from autograder.errors import DISK_FULL, FULL, StoppedError, ToldError, told
from autograder.settings import SettingsError

PATIENCE = 30  # seconds, for another program that writes to the gradebook
STOPPING = (*FULL, errno.EROFS)  # errors of the operating system that all submissions meet
OF_ONE = (IntegrityError, DataError, ProgrammingError)  # errors of the gradebook that one may cause
ADVICE = {
    "disk is full": DISK_FULL,
    "locked": "another program, the formgrader perhaps, keeps the gradebook locked: end what it "
    "does, then run the same command again",
    "readonly|unable to open": "the gradebook cannot be written: see to it that you may write to "
    "its file and its folder",
    "not a database|malformed": "the gradebook is damaged: put a copy of it back, or move it away "
    "and grade with --force; marks given by hand are only in it",
    "no such (table|column)": "another version of nbgrader made the gradebook: keep a copy of it, "
    "then run `nbgrader db upgrade`",
}


class NbgraderError(ToldError):
    """nbgrader could not do something; the message is its own last word."""


def patient(url: str) -> str:
    """A gradebook's address at which SQLite waits for others. Raises SettingsError."""
    try:
        address = make_url(url)
        address.get_dialect().import_dbapi()
    except (ArgumentError, ValueError):
        example = "sqlite:////home/me/course/build/gradebook.db"
        raise SettingsError(
            f"c.CourseDirectory.db_url is no address of a database: write one like {example}"
        ) from None
    except ImportError as error:
        raise SettingsError(
            f"c.CourseDirectory.db_url: {error}; for PostgreSQL: pip install "
            "'coursework-kit[postgres]'"
        ) from None
    if address.get_backend_name() != "sqlite":
        return url
    waiting = address.update_query_dict({"timeout": str(PATIENCE)})
    return waiting.render_as_string(hide_password=False)


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """Inside, what the machine is to blame for raises StoppedError."""
    try:
        yield
    except Exception as error:
        if said := _said(error):
            raise StoppedError(said) from error
        raise


def _said(error: Exception) -> str | None:
    for each in chain(error):
        if isinstance(each, OSError) and each.errno in STOPPING:
            return told(each)
        if isinstance(each, DatabaseError) and not isinstance(each, OF_ONE):
            return _of_gradebook(each)
    return None


def _of_gradebook(error: DBAPIError) -> str:
    said = str(error.orig).strip().partition("\n")[0]
    return next(
        (advice for words, advice in ADVICE.items() if re.search(words, said)),
        f"the gradebook cannot be used: {said}",
    )


def reason(error: BaseException | None, log: str) -> str:
    """The exception that nbgrader stumbled over; failing that, its first word."""
    said = f"{type(error).__name__}: {error}" if error else log
    return (said.strip().splitlines() or ["no reason given"])[0]


@contextlib.contextmanager
def without_noise() -> Iterator[None]:
    """Silence the warnings that nbgrader provokes in its own dependencies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those that it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class Caught(logging.Handler):
    """The exception whose traceback nbgrader writes to its log, where it keeps only the text."""

    error: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is being handled."""
        self.error = sys.exc_info()[1] or self.error


@contextlib.contextmanager
def catching(log: logging.Logger) -> Iterator[Caught]:
    """Inside, exceptions that are only logged are kept."""
    caught = Caught()
    log.addHandler(caught)
    try:
        yield caught
    finally:
        log.removeHandler(caught)
