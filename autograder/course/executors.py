"""Executing many jobs at a time, in threads that each wait for a kernel or on a Dask cluster."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from autograder.grading.cache import keep, path_of
from autograder.grading.execute import Execution, Job, execute
from autograder.settings import SettingsError

AHEAD = 2  # jobs in hand for each worker, so that none waits for the next
Owner = TypeVar("Owner")


@dataclass
class Executions:
    """Jobs on their way through an executor to the evidence store."""

    pool: Executor
    execute: Callable[[Job], Execution]
    at_once: int
    store: Path
    running: dict[Future, tuple[object, Path]] = field(default_factory=dict)

    def run(self, jobs: Iterable[tuple[Owner, Job | None]]) -> Iterator[Owner]:
        """Whom each job belongs to, as soon as its evidence is kept; at once where it is already.

        Jobs are taken one by one, as there is room for them.
        """
        for owner, job in jobs:
            if job is None or path_of(job, self.store).is_file():
                yield owner
                continue
            self.running[self.pool.submit(self.execute, job)] = owner, path_of(job, self.store)
            while len(self.running) >= self.at_once:
                yield from self._finished()
        while self.running:
            yield from self._finished()

    def _finished(self) -> Iterator[Owner]:
        done, _ = wait(self.running, return_when=FIRST_COMPLETED)
        for future in done:
            owner, kept = self.running.pop(future)
            keep(future.result(), kept)
            yield owner


@contextlib.contextmanager
def executions(workers: int | None, scheduler: str | None, store: Path) -> Iterator[Executions]:
    """An executor of so many workers here, or that of a Dask cluster. Raises SettingsError."""
    if scheduler is None:
        workers = workers or os.cpu_count()
        with ThreadPoolExecutor(workers) as pool:
            yield Executions(pool, execute, AHEAD * workers, store)
        return
    try:
        from distributed import Client
    except ImportError:
        raise SettingsError("--scheduler needs Dask: pip install 'coursework-kit[dask]'") from None
    with Client(scheduler) as client:
        workers = max(1, sum(client.nthreads().values()))
        yield Executions(client.get_executor(), execute, AHEAD * workers, store)
