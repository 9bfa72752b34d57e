"""A process on a machine of a cluster that grades one submission after the other.

A worker's tasks run in threads, which no signal reaches: no limit would hold there. So each thread
asks a process of its own, in whose main thread the limits hold, and which has a zygote of its own.
Requests and answers are pickled: both ends are the kit's, and students' code is in neither.
"""

import atexit
import contextlib
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import Any

from autograder.course.parcels import Kit, Replica, Request

CLEARING_UP = 5.0  # seconds


class Station:
    """This end of such a process; it ends when this end is closed."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "autograder.course.station", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._connection = Connection(ours.detach())
        self._known = ""
        atexit.register(self.close)

    def ask(self, kit: Kit, request: Request) -> Any:
        """The answer to a request. Raises EOFError where the process has died."""
        if self._known != kit.digest:
            self._connection.send(kit)
            self._known = kit.digest
        self._connection.send(request)
        answer = self._connection.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End the process, which deletes its copy of the course, if it is still able to."""
        self._connection.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(CLEARING_UP)
        self._process.kill()
        self._process.wait()
        atexit.unregister(self.close)


_idle: SimpleQueue[Station] = SimpleQueue()


def asked(kit: Kit, request: Request) -> Any:
    """What one of this worker's stations answers; a new one is started where all are busy."""
    try:
        station = _idle.get_nowait()
    except Empty:
        station = Station()
    try:
        answer = station.ask(kit, request)
    except BaseException:  # it may be in the middle of anything
        station.close()
        raise
    _idle.put(station)
    return answer


def main() -> None:
    """Answer requests, one after the other, until the other end is closed."""
    import torch

    torch.set_num_threads(1)
    connection = Connection(int(sys.argv[1]))
    with contextlib.suppress(EOFError, ConnectionError), contextlib.ExitStack() as copies:
        while True:
            request = connection.recv()
            if isinstance(request, Kit):
                copies.close()
                replica = copies.enter_context(contextlib.closing(Replica(request)))
            else:
                connection.send(_answer(replica, request))


def _answer(replica: Replica, request: Request) -> object:
    """Whatever is asked, there is an answer."""
    try:
        return replica.answer(request)
    except Exception as error:
        return RuntimeError(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
