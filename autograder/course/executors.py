"""Many tasks at a time, in whatever executor; jobs in threads that each wait for a kernel."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from autograder.grading.evidence_store import EvidenceStore
from autograder.grading.execute import execute
from autograder.grading.jobs import Execution, Job

AHEAD = 2  # tasks in hand for each worker, so that none waits for the next
LOOKED_AT = 15  # seconds from one look at an executor to the next
Owner = TypeVar("Owner")
Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass
class Running(Generic[Owner, Task, Result]):
    """Tasks on their way through an executor.

    `works` says whether the executor will ever finish what it has in hand.
    """

    submit: Callable[[Task], Future[Result]]
    at_once: int
    works: Callable[[], int | bool] = lambda: True
    failed: int = 0
    running: dict[Future[Result], Owner] = field(default_factory=dict)

    def run(
        self, tasks: Iterable[tuple[Owner, Task | None]]
    ) -> Iterator[tuple[Owner, Result | None]]:
        """Whom each task belongs to, and what came of it, as soon as that is known.

        Tasks are taken one by one, as there is room for them. Nothing comes of no task, nor of what
        an executor fails to do.
        """
        for owner, task in tasks:
            if task is None:
                yield owner, None
                continue
            self.running[self._submitted(task)] = owner
            while len(self.running) >= self.at_once:
                yield from self._finished()
        while self.running:
            yield from self._finished()

    def _submitted(self, task: Task) -> Future[Result]:
        try:
            return self.submit(task)
        except Exception as error:  # whatever a cluster that is no more provokes
            failed: Future[Result] = Future()
            failed.set_exception(error)
            return failed

    def _finished(self) -> Iterator[tuple[Owner, Result | None]]:
        done, waiting = wait(self.running, LOOKED_AT, FIRST_COMPLETED)
        for future in done if done or self.works() else waiting:
            owner = self.running.pop(future)
            try:
                yield owner, future.result(0)
            except Exception:  # whoever needs it does it himself, meets the same, and tells it
                self.failed += 1
                yield owner, None


@dataclass(frozen=True)
class Executions(Generic[Owner]):
    """Jobs on their way to the evidence store."""

    executing: Running[tuple[Owner, Job | None], Job, Execution]
    store: EvidenceStore

    def run(self, jobs: Iterable[tuple[Owner, Job | None]]) -> Iterator[Owner]:
        """Whom each job belongs to, as soon as its evidence is kept; at once where it is already.

        What could not be executed, or kept, is left to those who need the evidence.
        """
        tasks = (((owner, job), self.store.missing(job) if job else None) for owner, job in jobs)
        for (owner, job), execution in self.executing.run(tasks):
            if job is not None and execution is not None:
                with contextlib.suppress(Exception):
                    self.store.keep(job, execution)
            yield owner


@contextlib.contextmanager
def executions(workers: int | None, store: EvidenceStore) -> Iterator[Executions[Any]]:
    """An executor of so many workers here; one for each core where none are said."""
    workers = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        yield Executions(Running(lambda job: pool.submit(execute, job), AHEAD * workers), store)
