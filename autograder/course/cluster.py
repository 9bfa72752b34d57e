"""A Dask cluster: submissions are repaired, executed and judged there, and pages made."""

import contextlib
import logging
import socket
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from autograder.course.entry import Entry, Outcome
from autograder.course.executors import AHEAD, Running
from autograder.course.parcels import Done, Kit, PageRequest, Parcel, packed
from autograder.course.station import asked
from autograder.errors import StoppedError
from autograder.grading.pages.writing import PageJob
from autograder.settings import SettingsError

NO_SCHEDULER = "no Dask scheduler answers at {}: start one, or grade without --scheduler"
REACHED = 10  # seconds until a cluster must answer


class Cluster:
    """A cluster that has what grading an assignment needs."""

    def __init__(self, client: Any, kit: Kit, threads: int) -> None:
        pool, here = client.get_executor(), client.scatter(kit, broadcast=True)
        ask = partial(pool.submit, asked, here)
        bounds = AHEAD * threads, partial(_threads, client)
        self._grading: Running[Entry, Parcel, Done] = Running(ask, *bounds)
        self._paging: Running[PageJob, PageRequest, str] = Running(ask, *bounds)

    @property
    def failed(self) -> int:
        """Submissions and pages that were left to this machine."""
        return self._grading.failed + self._paging.failed

    def outcomes(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, Outcome]]:
        """What became of each submission; what the cluster cannot grade is graded here."""
        for entry, done in self._grading.run((entry, packed(entry)) for entry in entries):
            yield entry, (done and done.unpacked(entry)) or entry.outcome()

    def pages(self, jobs: Iterable[PageJob]) -> Iterator[tuple[PageJob, str | None]]:
        """The page of each job; none where the cluster cannot make it."""
        return self._paging.run((job, PageRequest.of(job)) for job in jobs)


@contextlib.contextmanager
def cluster(address: str, kit: Callable[[], Kit]) -> Iterator[Cluster]:
    """The cluster at an address.

    Raises SettingsError for what is no address, StoppedError for a cluster that does not answer.
    """
    with _client(address) as client:
        if not (threads := _threads(client)):
            raise StoppedError(f"the Dask cluster at {address} has no workers: start some")
        yield Cluster(client, kit(), threads)


def _threads(client: Any) -> int:
    """How many a cluster has; none where it does not answer."""
    with contextlib.suppress(Exception):
        found = client.sync(client.scheduler.ncores, callback_timeout=REACHED)
        return sum(found.values())
    return 0


@contextlib.contextmanager
def _client(address: str) -> Iterator[Any]:
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
