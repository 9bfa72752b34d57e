"""Reading what a class wrote, several notebooks at a time, in processes beside this one."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from autograder.course.similarity import work
from autograder.course.similarity.work import Given, Work, work_of
from autograder.grading.links import refuse_links
from autograder.grading.repair.reading import SubmissionError, read_notebook
from autograder.settings import SettingsError

FEW = 8  # notebooks that are read sooner than a process starts
Progress = Callable[[str, Iterable[Any], int], Iterable[Any]]


@dataclass(frozen=True)
class Reading:
    """A notebook that is to be read, beside the one that was released."""

    student: str
    path: Path
    released: Path
    is_earlier: bool = False

    def read(self) -> Work:
        """What its student wrote. Raises SubmissionError."""
        if not self.is_earlier:
            refuse_links(self.path)
        return work_of(self.student, self.path, given(self.released), self.is_earlier)


@lru_cache(1)
def given(released: Path) -> Given:
    """What a released notebook gives, read once in each process."""
    translations = sorted(released.parent.glob(f"{released.stem}.*.ipynb"))
    return Given(read_notebook(released), map(read_notebook, translations))


def read_all(
    readings: Sequence[Reading], workers: int | None, progress: Progress
) -> tuple[list[Work], dict[str, str]]:
    """All works that can be read, by name; of the others, by student, why not."""
    works, problems = [], {}
    for reading, outcome in progress("reading", _outcomes(readings, workers), len(readings)):
        try:
            works.append(outcome.result())
        except SubmissionError as error:
            problems[reading.student] = str(error)
        except Exception as error:  # whatever a student's text provokes
            problems[reading.student] = f"{reading.path}: {type(error).__name__}: {error}"
    return sorted(works, key=lambda each: (each.is_earlier, each.student)), problems


def _outcomes(
    readings: Sequence[Reading], workers: int | None
) -> Iterator[tuple[Reading, "Future[Work]"]]:
    if len(readings) <= FEW:
        yield from ((reading, _here(reading)) for reading in readings)
        return
    context = get_context("forkserver")
    context.set_forkserver_preload([work.__name__])
    with ProcessPoolExecutor(workers or os.cpu_count() or 1, context) as pool:
        whose = {pool.submit(reading.read): reading for reading in readings}
        try:
            yield from ((whose[outcome], outcome) for outcome in as_completed(whose))
        finally:
            pool.shutdown(cancel_futures=True)


def _here(reading: Reading) -> "Future[Work]":
    outcome: Future[Work] = Future()
    try:
        outcome.set_result(reading.read())
    except Exception as error:  # as a process would tell it
        outcome.set_exception(error)
    return outcome


def earlier(folder: Path, assignment: str, released: Path) -> list[Reading]:
    """The notebooks of other years in a folder, at any depth. Raises SettingsError.

    Where folders are named by assignment, as nbgrader has them, those of this one.
    """
    if not folder.is_dir():
        raise SettingsError(f"{folder}: no such folder")
    inside = [f for f in sorted(folder.rglob("*.ipynb")) if f.is_file() and not f.is_symlink()]
    found = [f for f in inside if f.parent.name == assignment] or inside
    found = [f for f in found if f.parent.name != ".ipynb_checkpoints"]
    if not found:
        raise SettingsError(f"{folder}: no notebook in it")
    name = folder.resolve().name
    return [
        Reading(f"{name}/{f.relative_to(folder).with_suffix('')}", f, released, is_earlier=True)
        for f in found
    ]
