"""Forking a confined process, and saying what kept it from starting."""

import contextlib
import json
import os
import signal
import socket
from collections.abc import Callable
from typing import Any, NoReturn

from autograder.grading.sandbox import syscalls
from autograder.grading.sandbox.confinement import Confinement, enclose, separate, write_id_maps


def fork_confined(
    confinement: Confinement | None, run: Callable[[], None], only_theirs: tuple[int, ...] = ()
) -> dict[str, Any]:
    """`{"pid": …}` of a new process that runs `run`, or `{"error": …}`.

    Two processes are made: the outer one only waits, so that the inner one is the first in its
    process namespace and takes everything with it when it ends. Without a confinement there is
    one, which is not confined. `only_theirs` are descriptors that the outer one must not hold.
    """
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        _in_fork(confinement, run, theirs, only_theirs)
    theirs.close()
    with ours, ours.makefile("r") as said:
        answer: dict[str, Any] = {}
        for line in said:
            answer |= json.loads(line)
            if answer.keys() & {"ready", "error"}:
                return answer
            try:
                if "pid" not in answer:
                    write_id_maps(pid)
                ours.sendall(b"+")
            except OSError as error:
                return {"error": f"user namespace: {error}"}
    return {"error": "it ended before it began"}


def _in_fork(
    confinement: Confinement | None,
    run: Callable[[], None],
    channel: socket.socket,
    only_theirs: tuple[int, ...],
) -> NoReturn:
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        os.setsid()
        if confinement is None:
            _say(channel, pid=os.getpid(), ready=True)
            run()
        else:
            _confine(confinement, run, channel, only_theirs)
    except BaseException as error:
        _say(channel, error=f"{type(error).__name__}: {error}")
    os._exit(0)


def _confine(
    confinement: Confinement,
    run: Callable[[], None],
    channel: socket.socket,
    only_theirs: tuple[int, ...],
) -> None:
    def mapped() -> None:
        _say(channel, separated=True)
        channel.recv(1)

    descriptors = separate(confinement, mapped)
    pid = os.fork()
    if pid == 0:
        channel.recv(1)  # the outer process says the process id first
        enclose(confinement, descriptors)
        _say(channel, ready=True)
        channel.close()
        run()
        os._exit(0)
    _say(channel, pid=pid)
    channel.close()
    for descriptor in only_theirs:
        os.close(descriptor)
    os.waitpid(pid, 0)


def _say(channel: socket.socket, **answer: Any) -> None:
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps(answer).encode() + b"\n")
