"""The grader's end of the zygote: one for each grading process, started when first needed."""

import atexit
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from typing import Any

from autograder.errors import ToldError
from autograder.grading.forks.requests import Request, to_bytes

START_SECONDS = 120
# A process can always read the environment that it was started with, and so can its forks.
ENVIRONMENT = re.compile(r"PATH|HOME|TMPDIR|LANG|LC_\w+|PYTHON\w+|LD_LIBRARY_PATH|VIRTUAL_ENV")


class ForkError(ToldError):
    """The zygote could not fork a kernel; the message says which layer failed."""


class ZygoteClient:
    """A zygote, which may still be starting; safe to use from several threads.

    Where the grader is root, it may be a process of another user.
    """

    def __init__(self, user: int | None = None) -> None:
        self._lock = threading.Lock()
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._zygote = subprocess.Popen(
                [sys.executable, "-m", "autograder.grading.forks.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_environment(),
                **_as(user),
            )
        self._channel.settimeout(START_SECONDS)
        self._is_ready = False
        atexit.register(self.close)

    def fork(self, request: Request, *descriptors: int) -> int:
        """The process id of a new fork, which gets the descriptors, the pipe's first.

        Raises ForkError.
        """
        message = to_bytes(request)
        with self._lock:
            self._wait_until_ready()
            socket.send_fds(self._channel, [len(message).to_bytes(8, "big")], [*descriptors])
            self._channel.sendall(message)
            reply = json.loads(self._channel.recv(4096))
        if "error" in reply:
            raise ForkError(
                f"student code cannot be confined ({reply['error']}): see `autograder doctor`"
            )
        return reply["pid"]

    def _wait_until_ready(self) -> None:
        if not self._is_ready and self._channel.recv(5) != b"ready":
            raise ForkError("the zygote did not start")
        self._is_ready = True

    def close(self) -> None:
        """End the zygote and every kernel it forked."""
        self._channel.close()
        self._zygote.kill()
        self._zygote.wait()


def _environment() -> dict[str, str]:
    """What Python needs to start as here, and nothing that could be a secret."""
    kept = {name: value for name, value in os.environ.items() if ENVIRONMENT.fullmatch(name)}
    return {**kept, "OMP_NUM_THREADS": "1"}  # before anything is imported


def _as(user: int | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user, "group": user, "extra_groups": [], "cwd": tempfile.gettempdir()}


_clients: list[ZygoteClient] = []


def zygote(user: int | None = None) -> ZygoteClient:
    """This process's zygote; the first call may say whose it is to be."""
    if not _clients:
        _clients.append(ZygoteClient(user))
    return _clients[0]
