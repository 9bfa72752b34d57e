"""Executing many jobs at a time, in threads that each wait for a kernel or on a Dask cluster."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from autograder.grading.evidence_store import EvidenceStore
from autograder.grading.execute import execute
from autograder.grading.jobs import Execution, Job
from autograder.settings import SettingsError

AHEAD = 2  # jobs in hand for each worker, so that none waits for the next
Owner = TypeVar("Owner")


@dataclass
class Executions(Generic[Owner]):
    """Jobs on their way through an executor to the evidence store."""

    pool: Executor
    execute: Callable[[Job], Execution]
    at_once: int
    store: EvidenceStore
    running: dict[Future[Execution], tuple[Owner, Job]] = field(default_factory=dict)

    def run(self, jobs: Iterable[tuple[Owner, Job | None]]) -> Iterator[Owner]:
        """Whom each job belongs to, as soon as its evidence is kept; at once where it is already.

        Jobs are taken one by one, as there is room for them.
        """
        for owner, job in jobs:
            missing = self.store.missing(job) if job is not None else None
            if job is None or missing is None:
                yield owner
                continue
            self.running[self.pool.submit(self.execute, missing)] = owner, job
            while len(self.running) >= self.at_once:
                yield from self._finished()
        while self.running:
            yield from self._finished()

    def _finished(self) -> Iterator[Owner]:
        done, _ = wait(self.running, return_when=FIRST_COMPLETED)
        for future in done:
            owner, job = self.running.pop(future)
            self.store.keep(job, future.result())
            yield owner


@contextlib.contextmanager
def executions(
    workers: int | None, scheduler: str | None, store: EvidenceStore
) -> Iterator[Executions[Any]]:
    """An executor of so many workers here, or that of a Dask cluster. Raises SettingsError."""
    if scheduler is None:
        workers = workers or os.cpu_count() or 1
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
