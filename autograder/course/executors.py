"""Executing many jobs at a time, in threads that each wait for a kernel or on a Dask cluster."""

import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from autograder.errors import StoppedError
from autograder.grading.evidence_store import EvidenceStore
from autograder.grading.execute import execute
from autograder.grading.jobs import Execution, Job
from autograder.settings import SettingsError

AHEAD = 2  # jobs in hand for each worker, so that none waits for the next
NO_SCHEDULER = "no Dask scheduler answers at {}: start one, or grade without --scheduler"
REACHED, LOOKED_AT = 10, 15  # seconds until a cluster must answer; from one look at it to the next
Owner = TypeVar("Owner")


@dataclass
class Executions(Generic[Owner]):
    """Jobs on their way through an executor to the evidence store.

    `works` says whether the executor will ever finish what it has in hand.
    """

    pool: Executor
    execute: Callable[[Job], Execution]
    at_once: int
    store: EvidenceStore
    works: Callable[[], int | bool] = lambda: True
    failed: int = 0
    running: dict[Future[Execution], tuple[Owner, Job]] = field(default_factory=dict)

    def run(self, jobs: Iterable[tuple[Owner, Job | None]]) -> Iterator[Owner]:
        """Whom each job belongs to, as soon as its evidence is kept; at once where it is already.

        Jobs are taken one by one, as there is room for them. What an executor fails to do is left
        to those who need the evidence.
        """
        for owner, job in jobs:
            missing = self.store.missing(job) if job is not None else None
            if job is None or missing is None:
                yield owner
                continue
            self.running[self._submitted(missing)] = owner, job
            while len(self.running) >= self.at_once:
                yield from self._finished()
        while self.running:
            yield from self._finished()

    def _submitted(self, job: Job) -> Future[Execution]:
        try:
            return self.pool.submit(self.execute, job)
        except Exception as error:  # whatever a cluster that is no more provokes
            failed: Future[Execution] = Future()
            failed.set_exception(error)
            return failed

    def _finished(self) -> Iterator[Owner]:
        done, waiting = wait(self.running, LOOKED_AT, FIRST_COMPLETED)
        for future in done if done or self.works() else waiting:
            owner, job = self.running.pop(future)
            try:
                self.store.keep(job, future.result(0))
            except Exception:  # whoever needs the evidence meets the same, and tells it
                self.failed += 1
            yield owner


@contextlib.contextmanager
def executions(
    workers: int | None, scheduler: str | None, store: EvidenceStore
) -> Iterator[Executions[Any]]:
    """An executor of so many workers here, or that of a Dask cluster.

    Raises SettingsError for what is no address, StoppedError for a cluster that does not answer.
    """
    if scheduler is None:
        workers = workers or os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            yield Executions(pool, execute, AHEAD * workers, store)
        return
    with _cluster(scheduler) as client:
        if not (threads := _threads(client)):
            raise StoppedError(f"the Dask cluster at {scheduler} has no workers: start some")
        works = partial(_threads, client)
        yield Executions(client.get_executor(), execute, AHEAD * threads, store, works)


def _threads(client: Any) -> int:
    """How many a cluster has; none where it does not answer."""
    with contextlib.suppress(Exception):
        found = client.sync(client.scheduler.ncores, callback_timeout=REACHED)
        return sum(found.values())
    return 0


@contextlib.contextmanager
def _cluster(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise SettingsError("--scheduler needs Dask: pip install 'coursework-kit[dask]'") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # tracebacks of what is told here
    _refuse_unreachable(address)
    try:
        client = Client(address, timeout=REACHED)
    except OSError:
        raise StoppedError(NO_SCHEDULER.format(address)) from None
    try:
        yield client
    finally:
        client.close(REACHED)


def _refuse_unreachable(address: str) -> None:
    """Raise SettingsError for what is no address, StoppedError where nothing answers.

    A client that cannot be made is left half made, and may stop the process when it is deleted.
    """
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.comm.registry import get_backend

    try:
        scheme, place = parse_address(address, strict=True)
        get_backend(scheme)
        host, port = parse_host_port(place)
    except (ValueError, TypeError) as error:
        raise SettingsError(
            f"--scheduler {address}: {error}; write one like tcp://host:8786"
        ) from None
    try:
        socket.create_connection((host, port), REACHED).close()
    except OSError:
        raise StoppedError(NO_SCHEDULER.format(address)) from None
