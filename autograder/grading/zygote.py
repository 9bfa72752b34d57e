"""The zygote: a process that has imported everything once and forks a confined kernel on request.

It holds one socket to the grader and ends with it; its kernels end with it. Before a fork it has
one thread, has touched no accelerator, and has seen nothing of the course.
"""

import contextlib
import json
import os
import signal
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.grading.sandbox import syscalls
from autograder.grading.sandbox.confinement import (
    Confinement,
    enclose,
    separate,
    write_id_maps,
)

MAX_REQUEST = 8 * 2**20


@dataclass(frozen=True)
class Request:
    """What a kernel needs: where to meet the grader, its environment, its bounds, the plan."""

    connection: dict[str, Any]
    environment: dict[str, str]
    confinement: dict[str, Any] | None
    plan: dict[str, Any]

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def preload() -> None:
    """Import what every kernel would, and start nothing."""
    os.environ.update(OMP_NUM_THREADS="1", MPLBACKEND="Agg")
    import importlib

    import torch

    for name in ("autograder", "ipykernel.kernelapp", "ipykernel.zmqshell", "matplotlib.pyplot"):
        importlib.import_module(name)
    torch.set_num_threads(1)
    torch.zeros(2) @ torch.zeros(2)


def serve(channel: socket.socket) -> None:
    """Fork a kernel for every request until the grader is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for kernels
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        size, descriptors, _, _ = socket.recv_fds(channel, 8, 1)
        if not size:
            return
        message = _receive(channel, int.from_bytes(size, "big"))
        channel.sendall(
            json.dumps(fork_kernel(Request(**json.loads(message)), *descriptors)).encode()
        )
        for descriptor in descriptors:
            os.close(descriptor)


def _receive(channel: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < min(size, MAX_REQUEST):
        parts += channel.recv(size - len(parts))
    return bytes(parts)


def fork_kernel(request: Request, evidence: int) -> dict[str, Any]:
    """The process id of a new kernel, or what kept it from starting."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        _become_kernel(request, evidence, theirs)
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
                return {"error": f"no user namespace: {error}"}
    return {"error": "the kernel ended before it began"}


def _become_kernel(request: Request, evidence: int, channel: socket.socket) -> None:
    """In the fork: confine, fork the kernel proper, and stay until it ends. Never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        os.setsid()
        if request.confinement is None:
            _say(channel, pid=os.getpid(), ready=True)
            run_kernel(request, evidence)
        confinement = Confinement(**request.confinement)

        def mapped() -> None:
            _say(channel, separated=True)
            channel.recv(1)

        descriptors = separate(confinement, mapped)
        pid = os.fork()
        if pid == 0:
            channel.recv(1)  # the process id is to be said first
            enclose(confinement, descriptors)
            _say(channel, ready=True)
            channel.close()
            run_kernel(request, evidence)
        _say(channel, pid=pid)
        os.close(evidence)
        os.waitpid(pid, 0)
    except BaseException as error:
        _say(channel, error=f"{type(error).__name__}: {error}")
    os._exit(0)


def _say(channel: socket.socket, **answer: Any) -> None:
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps(answer).encode() + b"\n")


def run_kernel(request: Request, evidence: int) -> None:
    """Serve Jupyter messages in this process until it is killed."""
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    _fresh_start(request)
    _record(request.plan, evidence)
    config = Config()
    config.HistoryManager.enabled = False
    config.IPKernelApp.capture_fd_output = False
    config.InteractiveShell.cache_size = 0
    connection = Path("/tmp/connection.json") if request.confinement else None
    path = connection or Path(request.connection["ip"] + "-connection.json")
    path.write_text(json.dumps(request.connection))
    app = IPKernelApp.instance(config=config)
    app.initialize(["-f", str(path)])
    app.start()
    os._exit(0)


def _fresh_start(request: Request) -> None:
    """Own random numbers, own environment, no terminal."""
    import random

    import numpy as np
    import torch

    os.environ.clear()
    os.environ.update(request.environment)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    random.seed()
    np.random.seed()
    torch.seed()


def _record(plan: dict[str, Any], evidence: int) -> None:
    """Put the recorder where student notebooks import `check` from."""
    import autograder
    from autograder.checks.recorder import Plan, Recorder

    recorder = Recorder(Plan(**plan), os.fdopen(evidence, "wb", buffering=0))
    autograder.check = autograder.checks.check = recorder


def main() -> None:
    """Started by the grader with the number of its end of a socket."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    preload()
    channel.sendall(b"ready")
    serve(channel)


if __name__ == "__main__":
    main()
