"""The zygote: a process that has imported everything once and forks confined ones on request.

It ends when its socket to the grader does; its forks end with it. Before a fork it has
one thread, has touched no accelerator, and has seen nothing of the course.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, BinaryIO

from autograder.checks.model_file import ModelError, contents, model_files, pack, read_model
from autograder.grading.forks.messages import (
    FileWritten,
    Message,
    ModelRead,
    ModelRefused,
    Noticed,
    encode,
)
from autograder.grading.forks.preloading import import_given
from autograder.grading.forks.requests import (
    CellsRequest,
    ReaderRequest,
    Request,
    from_bytes,
)
from autograder.grading.forks.watch import Watch
from autograder.grading.sandbox.fork import fork_confined
from autograder.lasting import lasting

PRELOADED = (  # what the first cells and the kernel's own start would load, each time
    *(
        "autograder",
        "autograder.grading.forks.recorder",
        "autograder.tools.saving",
        "autograder.tools.plots",
        "autograder.tools.training",
    ),
    *("IPython.core.completerlib", "stack_data"),
    *("IPython.core.magics.execution", "IPython.core.magics.pylab"),
    *("matplotlib_inline.backend_inline", "numpy.random"),
    *("matplotlib.pyplot", "matplotlib.backends.backend_agg"),
)
OWN = "autograder"
PIPE = 3  # the descriptor of the pipe to the grader in every fork


def preload() -> Watch:
    """Do what every kernel would, and note what the libraries look like."""
    os.environ.update(MPLBACKEND="Agg")
    import importlib

    import torch

    for name in PRELOADED:
        importlib.import_module(name)
    from matplotlib.backends.registry import backend_registry

    from autograder.grading.forks.cells import new_shell

    backend_registry.list_all()  # `%matplotlib` looks through all installed packages
    new_shell()
    torch.set_num_threads(1)
    torch.zeros(2) @ torch.zeros(2)
    return settled()


def settled() -> Watch:
    """A watch that knows the libraries as they are now; nothing is imported until the next fork."""
    gc.collect()
    gc.freeze()  # a kernel's collector would copy every page that it looks at
    return Watch(OWN)


def serve(channel: socket.socket, watch: Watch) -> None:
    """Fork for every request until the grader is gone, be it in the middle of one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for forks
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(ConnectionError):
        while True:
            size, descriptors, _, _ = socket.recv_fds(channel, 8, 2)
            if not size:
                return
            request = from_bytes(_receive(channel, int.from_bytes(size, "big")))
            if isinstance(request, CellsRequest) and import_given(request.given, OWN):
                watch = settled()
            answer = fork(request, watch, *descriptors)
            channel.sendall(json.dumps(answer).encode())
            for descriptor in descriptors:
                os.close(descriptor)


def _receive(channel: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = channel.recv(size - len(parts))
        if not part:
            raise ConnectionResetError
        parts += part
    return bytes(parts)


def fork(request: Request, watch: Watch, *descriptors: int) -> dict[str, Any]:
    """The process id of a new fork, or what kept it from starting."""

    def work() -> None:
        if isinstance(request, ReaderRequest):
            run_reader(*descriptors)
        else:
            run_cells(request, watch, *descriptors)

    return fork_confined(request.confinement, work, descriptors)


def run_reader(pipe: int, file: int) -> None:
    """Read one model file as data, send what is in it, and end."""
    with os.fdopen(file, "rb") as model:
        data = model.read()
    stream = _fresh_start(pipe, {})
    try:
        _send(stream, ModelRead(pack(read_model(data))))
    except ModelError as error:
        _send(stream, ModelRefused(str(error)))


def run_cells(request: CellsRequest, watch: Watch, pipe: int) -> None:
    """Run the cells, in this process, until they end or it is killed."""
    from autograder import check
    from autograder.checks.checker import Silent
    from autograder.grading.forks.cells import Shell, run_steps
    from autograder.grading.forks.recorder import Recorder

    stream = _fresh_start(pipe, request.environment)

    def send(message: Message) -> None:
        _send(stream, message)

    check.runner, shell = Silent(), Shell.instance()
    allowed = _allowed(request)
    sys.path[:] = [path for path in sys.path if not path or path.startswith(allowed)]
    watch.begin(allowed)
    recorder = Recorder(request.given, request.checks, send)
    run_steps(request.steps, shell, recorder, send)
    for exercise, ending in request.written.items():
        with contextlib.suppress(ModelError):  # no file that could be read
            for path in model_files(Path.cwd(), ending)[-1:]:
                send(FileWritten(exercise, contents(path)))
    send(Noticed(tuple(watch.report(shell))))


def _send(stream: BinaryIO, message: Message) -> None:
    stream.write(encode(message))


def _allowed(request: CellsRequest) -> tuple[str, ...]:
    """Paths whose opening is nothing to report."""
    bounds = request.confinement
    if bounds is None:
        return ("/",)
    about_the_machine = (f"/proc/{name}" for name in ("self", "sys", "stat", "meminfo", "cpuinfo"))
    return (*bounds.readable, bounds.work, "/usr", "/tmp", "/dev", *about_the_machine)


def _fresh_start(pipe: int, environment: dict[str, str]) -> BinaryIO:
    """Own random numbers, own environment, no terminal, no descriptor but the pipe to write to."""
    import random
    import tempfile

    import numpy as np
    import torch

    os.dup2(pipe, PIPE)
    os.closerange(PIPE + 1, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # the zygote's own, which it found in its own environment
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    random.seed()
    np.random.seed()
    torch.seed()
    return os.fdopen(PIPE, "wb", buffering=0)


def main() -> None:
    """Started by the grader with the number of its end of a socket."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    with lasting():
        watch = preload()
    channel.sendall(b"ready")
    serve(channel, watch)


if __name__ == "__main__":
    main()
